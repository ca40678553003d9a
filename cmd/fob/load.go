// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/load"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// loadOptions are the flags of fob load.
type loadOptions struct {
	tokens      runOptions // only its flags for tokens
	url, target string
	apiKey, ca  string
	scenario    string
	thresholds  []string
	load        load.Options
}

func newLoadCmd(a *app) *cobra.Command {
	var o loadOptions
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Send the codes of many tokens to a server, as a load test",
		Long: `Send codes to a server and measure its answers. Every virtual user has a token
of the fleet key. Generators on several machines share the key and use ranges of
numbers that do not overlap. The server needs the seeds of all of them: fob
seeds make --fleet-key-file writes its seed file.

Scenarios:
  steady  users send fresh codes in turn, at a constant rate
  storm   all users send a fresh code when a step begins
  replay  every code that the server accepted is sent once more
  guess   users send random digits, never the right code

The server is fob's validation server (--url), or any server with HTTP
(--target, docs/load.md). A response time counts from when its request was due.
The load ends with --duration. Requests that were due and could not be sent,
because the server was too slow for the rate, count as unsent. Ctrl-C gives up
the requests in work, reports on the ones before, and never passes.

The exit code is 1 if a threshold is missed. A threshold is a name, a sign and a
value, such as p99<200ms, refused<=0 or failed<1%. The names are:
` + wrapWords(load.ThresholdNames(), 78) + `
Steady and storm require accepted>=100%, or accepted>=1 if a threshold is about
accepted, refused, next_codes, limited or failed. Replay requires sent_again>=1
and failed<=0, and guess failed<=0. All of them require unsent<=0. A threshold
with the same name replaces one of these. Every load requires
accepted_wrongly<=0: no code is accepted twice, and no guess.`,
		Example: `  fob load --fleet-key-file fleet.key --count 1000 --url http://127.0.0.1:8080 --api-key-file check.key
  fob load --fleet-key-file fleet.key --first 5001 --count 5000 --target login.yaml --scenario storm --duration 3m
  fob load --fleet-key-file fleet.key --count 600 --target login.yaml --threshold p99<200ms --threshold failed<1%`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.tokens.given = cmd.Flags().Changed
			return a.load(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	o.tokens.key.add(f)
	cmd.MarkFlagRequired("fleet-key-file")
	f.IntVar(&o.tokens.count, "count", 1, "`N` virtual users, each with a token")
	f.StringVar(&o.tokens.profile, "profile", token.Profiles()[0].Name, "hardware profile `NAME` of the tokens: "+profileNames())
	f.StringVar(&o.tokens.lotFile, "lot", "", "make the tokens that the YAML `FILE` describes, such as old ones (docs/fleet.md)")
	f.StringVar(&o.url, "url", "", "`URL` of fob's validation server")
	f.StringVar(&o.target, "target", "", "YAML `FILE` that describes the request and the answers of another server (docs/load.md)")
	f.StringVar(&o.apiKey, "api-key-file", "", "`FILE` with the API key: of fob's server, one with the role check; of another, the {{key}} of its target")
	f.StringVar(&o.ca, "cacert", "", "PEM `FILE` with the certificate authorities to trust; default: FOB_CACERT, or the system's")
	f.StringVar(&o.scenario, "scenario", string(load.Steady), "`NAME`: "+strings.Join(load.Scenarios(), ", "))
	numberVar(f, &o.load.Rate, "rate", 0, 0, 1e6, "`N` requests per second; default: each token once per step, or once in a shorter duration; in a storm all at once")
	f.DurationVar(&o.load.Duration, "duration", time.Minute, "how long requests are sent")
	f.IntVar(&o.load.Connections, "connections", 512, "send at most `N` requests at the same time")
	f.DurationVar(&o.load.Timeout, "timeout", 30*time.Second, "longest time for an answer")
	f.StringArrayVar(&o.thresholds, "threshold", nil, "`CONDITION` on the result; may be repeated")
	cmd.MarkFlagsOneRequired("url", "target")
	cmd.MarkFlagsMutuallyExclusive("url", "target")
	return cmd
}

// wrapWords joins words with commas, in lines of at most width.
func wrapWords(words []string, width int) string { return wrapWith(words, ", ", width) }

// wrapWith joins words with a separator that ends with a space, in lines of at most width.
func wrapWith(words []string, separator string, width int) string {
	mark := strings.TrimSuffix(separator, " ")
	var b strings.Builder
	line := 0
	for i, word := range words {
		if i < len(words)-1 {
			word += mark
		}
		switch {
		case i == 0:
		case line+1+len(word) > width:
			b.WriteByte('\n')
			line = 0
		default:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += len(word)
	}
	return b.String()
}

func (a *app) load(ctx context.Context, o *loadOptions) error {
	if o.load.Connections < 1 || o.load.Timeout <= 0 || o.load.Duration <= 0 {
		return usagef("--connections, --timeout and --duration: want more than 0")
	}
	o.load.Scenario = load.Scenario(o.scenario)
	thresholds, err := load.Thresholds(o.load.Scenario, o.thresholds)
	if err != nil {
		return fmt.Errorf("--threshold: %w", err)
	}
	if o.load.Target, err = a.loadTarget(ctx, o); err != nil {
		return err
	}
	if o.load.Roots, err = (&fleetFlags{caFile: o.ca}).roots(o.load.Target.URL); err != nil {
		return err
	}
	if o.load.Users, err = a.loadUsers(ctx, &o.tokens); err != nil {
		return err
	}
	show, done := a.counter("sending")
	o.load.Progress = func(n int) { show(int64(n)) }
	report, err := load.Run(ctx, o.load)
	done()
	if report == nil {
		return err
	}
	if errors.Is(err, load.ErrKey) {
		err = fmt.Errorf("%w: check --api-key-file", err)
	}
	passed := report.Judge(thresholds)
	if err := errors.Join(a.print(report, loadText(report)), err); err != nil {
		return err
	}
	if report.Interrupted {
		return context.Cause(ctx)
	}
	if !passed {
		return errclass.With(errclass.Failed, errors.New(loadFailure(report)))
	}
	return nil
}

// loadTarget returns the target of the flags.
func (a *app) loadTarget(ctx context.Context, o *loadOptions) (*load.Target, error) {
	key := ""
	if o.apiKey != "" {
		text, err := a.readSecret(ctx, "API key", o.apiKey)
		if err != nil {
			return nil, err
		}
		if key = string(bytes.TrimSpace(text)); key == "" || strings.ContainsAny(key, "\r\n") {
			return nil, usagef("reading the API key: %s: want one line", source(o.apiKey))
		}
	}
	if o.url != "" {
		if key == "" {
			return nil, usagef("--url: the server needs an API key: name its file with --api-key-file")
		}
		t, err := load.Bank(o.url, key)
		if err != nil {
			return nil, fmt.Errorf("--url: %w", err)
		}
		return t, nil
	}
	text, err := a.readPublic(ctx, "target", o.target)
	if err != nil {
		return nil, err
	}
	t, err := load.ParseTarget(text, key)
	if err != nil {
		return nil, fmt.Errorf("reading the target in %s: %w", source(o.target), err)
	}
	return t, nil
}

// loadUsers makes the tokens of the flags and their users. The tokens are not needed
// afterwards.
func (a *app) loadUsers(ctx context.Context, o *runOptions) ([]*load.User, error) {
	if o.count < 1 || o.count > fleet.MaxCount {
		return nil, usagef("--count %d: want 1 to %d", o.count, fleet.MaxCount)
	}
	for _, flag := range []string{"count", "profile"} {
		if o.lotFile != "" && o.given(flag) {
			return nil, usagef("--%s cannot be combined with --lot: the file describes all tokens", flag)
		}
	}
	o.readyTokens = o.lotFile == ""
	keyed, err := o.key.read(ctx, a)
	if err != nil {
		return nil, err
	}
	lots, err := a.lots(ctx, o)
	if err != nil {
		return nil, err
	}
	world, err := virtual.NewWorld(virtual.Config{Mode: virtual.Real})
	if err != nil {
		return nil, err
	}
	f, err := fleet.New(world, fleet.Config{Lots: lots, Keyed: keyed})
	if err != nil {
		return nil, err
	}
	users, err := load.Users(f.All(0), keyed.First)
	return users, errors.Join(err, f.Close())
}

// loadText returns a report for people.
func loadText(r *load.Report) string {
	var t strings.Builder
	fmt.Fprintf(&t, "%s: %d users, %.1f s: %d requests, %.1f per second\n", r.Scenario, r.Tokens, r.Seconds, r.Requests, r.PerSecond)
	fmt.Fprintf(&t, "  accepted %d, refused %d, next code %d, limited %d, failed %d\n", r.Accepted, r.Refused, r.NextCodes, r.Limited, r.Failed)
	if r.Unsent > 0 {
		fmt.Fprintf(&t, "  %d requests were due but not sent: the server is too slow for this rate and --connections\n", r.Unsent)
	}
	if r.Interrupted {
		fmt.Fprintf(&t, "  interrupted: the load is not complete; %d requests had no answer yet\n", r.Abandoned)
	}
	if r.SentAgain > 0 {
		fmt.Fprintf(&t, "  %d codes sent again\n", r.SentAgain)
	}
	fmt.Fprintf(&t, "  response time p50 %.1f ms, p90 %.1f ms, p95 %.1f ms, p99 %.1f ms, max %.1f ms\n", r.P50, r.P90, r.P95, r.P99, r.Max)
	for _, b := range r.Buckets {
		fmt.Fprintf(&t, "  from %5.0f ms: %d\n", b.From, b.Count)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&t, "  %s\n", p)
	}
	for _, l := range r.Thresholds {
		verdict := "fulfilled"
		if !l.Passed {
			verdict = "missed: " + l.Measured()
		}
		fmt.Fprintf(&t, "  %s: %s\n", l.Text, verdict)
	}
	return t.String()
}

// loadFailure names the thresholds that were missed.
func loadFailure(r *load.Report) string {
	if r.Requests == 0 {
		return "no request was sent"
	}
	var missed []string
	for _, l := range r.Thresholds {
		if !l.Passed {
			missed = append(missed, fmt.Sprintf("%s (%s)", l.Text, l.Measured()))
		}
	}
	return "thresholds missed: " + strings.Join(missed, ", ")
}
