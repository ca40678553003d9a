// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/demo"
	"github.com/d204ef64/fob/token"
)

func newDemoCmd(a *app) *cobra.Command {
	var once, line bool
	var tokens, ports int
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a live demo of three tokens and a bank",
		Long: `Create three virtual tokens of different profiles, provision and lock each of
them over a pseudo-terminal, and show their displays live. Each code is checked
against pquerna/otp.

The demo also starts a bank in test mode and imports one token from a PSKC
file. A customer registers the token on the bank's pages and makes a transfer
with its code; the bank refuses the same code the second time.

Until Ctrl-C you can do the same in a browser: the demo prints a link to the
wall, a page with the live tokens, and the address of the bank. Press the
customer's token on the wall, and type its code at the bank.

With --once, or if stdout is not a terminal, print one round and exit.

With --line, show a provisioning line instead: virtual operators program the
tokens of a signed order, and the customer imports their encrypted PSKC file
into a bank. Each token's user logs in with the codes on its display. pskctool
checks the file if it is installed.`,
		Example: `  fob demo
  fob demo --once
  fob demo --line`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := cmd.Flags()
			switch {
			case line && once:
				return usagef("--line and --once: use only one: --line ends by itself")
			case line:
				return a.demoLine(cmd.Context(), tokens, ports)
			case f.Changed("tokens"), f.Changed("ports"):
				return usagef("--tokens and --ports need --line")
			}
			return a.demo(cmd.Context(), once || a.json || !isTerminal(a.stdout))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&once, "once", false, "print one round and exit")
	f.BoolVar(&line, "line", false, "show a provisioning line")
	f.IntVar(&tokens, "tokens", 100, "with --line, number `N` of tokens")
	f.IntVar(&ports, "ports", 8, "with --line, number `N` of ports")
	return cmd
}

func (a *app) demo(ctx context.Context, once bool) (err error) {
	d, err := demo.New()
	if err != nil {
		return err
	}
	defer d.Close()
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- d.Serve(serving) }()
	defer func() {
		stop()
		if e := <-served; err == nil {
			err = e
		}
	}()
	if err := d.Provision(ctx); err != nil {
		if ctx.Err() != nil { // Ctrl-C
			return nil
		}
		return err
	}
	b, err := d.OpenBank(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if once {
		text, err := a.demoRound(ctx, d, 80, false)
		if !a.json { // with --json, demoRound has printed
			err = errors.Join(a.print(nil, text), err)
		}
		if err != nil {
			return err
		}
		return a.demoStory(ctx, d, b)
	}
	return a.demoLive(ctx, d, b)
}

// demoLive serves the demo's pages until Ctrl-C, and shows the displays.
func (a *app) demoLive(ctx context.Context, d *demo.Demo, b *demo.Bank) (err error) {
	interrupted := func() bool { return ctx.Err() != nil } // Ctrl-C is not an error, also during a step
	steps, err := b.Story(ctx, d.Customer())
	if err == nil {
		err = checkSteps(steps)
	}
	for _, t := range d.Tokens { // lights up every display
		if err == nil {
			_, err = t.Look(ctx)
		}
	}
	if err != nil {
		if interrupted() {
			return nil
		}
		return err
	}
	wall, err := a.listenHTTP(ctx, d.Fleet(), &httpFlags{addr: "127.0.0.1:0", allowSeeds: true})
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- wall.serve() }()
	defer func() {
		wall.close()
		err = errors.Join(err, <-served)
	}()
	fmt.Fprint(a.stdout, hideCursor)
	defer fmt.Fprint(a.stdout, "\n"+showCursor)
	show := screen{w: a.stdout}
	link := ""
	for {
		link = wall.pages.RenewLink(link)
		columns, _ := terminalSize(a.stdout)
		text := watchDemo(d, columns, painter(colours(a.stdout)))
		for _, sentences := range [][]string{
			{"The wall:", wall.url() + link},
			{"The bank:", b.URL},
			{"Log in at the bank as " + b.User + ", password " + b.Password + ".",
				"Press " + d.Customer().Serial.String() + " (" + d.Customer().Profile.Name + ") on the wall,", "and type its code at the bank."},
			{"Ctrl-C ends the demo."},
		} {
			for _, line := range wrap(sentences, " ", columns) {
				text += line + "\n"
			}
		}
		if err := show.draw(text); err != nil {
			return err
		}
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
			return nil
		}
	}
}

// demoResult is a token in the output of fob demo --json.
type demoResult struct {
	Profile string       `json:"model"`
	Serial  string       `json:"serial"`
	Expiry  token.Expiry `json:"expiry"`
	Back    string       `json:"back"`
	Port    string       `json:"port"`
	Shown   string       `json:"shown"`
	Want    string       `json:"want"`
	Agree   bool         `json:"agree"`
	LeftMS  int64        `json:"left_ms"`
}

// demoRound reads every token once, and returns the result as text with at most the
// given number of columns, which must be 60 or more. With --json it prints the result
// instead. It fails if any display is wrong.
func (a *app) demoRound(ctx context.Context, d *demo.Demo, columns int, p painter) (string, error) {
	var b strings.Builder
	failed := 0
	for _, t := range d.Tokens {
		look, err := t.Look(ctx)
		if err != nil {
			return "", fmt.Errorf("%s on %s: %w", t.Profile.Name, t.Port, err)
		}
		if !look.Agree {
			failed++
		}
		if a.json {
			if err := a.print(demoResult{
				t.Profile.Name, t.Serial.String(), t.Expiry, t.Expiry.BackLabel(), t.Port,
				look.Shown, look.Want, look.Agree, look.Left.Milliseconds(),
			}, ""); err != nil {
				return "", err
			}
			continue
		}
		b.WriteString(demoToken(t, look, "", columns, p))
	}
	if failed > 0 {
		return b.String(), fmt.Errorf("%w: %d of %d", demo.ErrDisagree, failed, len(d.Tokens))
	}
	return b.String(), nil
}

// watchDemo shows the tokens as a person left them, which is never an error.
func watchDemo(d *demo.Demo, columns int, p painter) string {
	var b strings.Builder
	for _, t := range d.Tokens {
		look, err := d.Watch(t)
		instead := ""
		switch {
		case err != nil:
			instead = err.Error()
		case look.Shown == "":
			instead = "dark: press it on the wall"
		}
		b.WriteString(demoToken(t, look, instead, columns, p))
	}
	return b.String()
}

// demoToken draws a token with at most the given number of columns, which must be 60 or
// more. Instead replaces the code and its check.
func demoToken(t *demo.Token, look demo.Look, instead string, columns int, p painter) string {
	var b strings.Builder
	narrow := columns < 80
	left := fmt.Sprintf("%s, %2d s left", look.Shown, int(look.Left.Seconds()))
	head := t.Profile.Name + " on " + t.Port
	back, expires := "S/N "+t.Serial.String(), ", EXP "+t.Expiry.BackLabel()
	agrees, wrong := "agrees with pquerna/otp", "WRONG: pquerna/otp says "
	frame := "  │ %s │  %s\n"
	if narrow { // 60 columns leave 19 beside eight digits
		frame = "│ %s │ %s\n"
		head, expires = head+expires, ""
		left = strings.TrimSuffix(left, " left")
		agrees, wrong = "agrees", "WRONG: "
	}
	verdict := p.paint(green, agrees)
	if !look.Agree {
		verdict = p.paint(red, wrong+look.Want)
	}
	if instead != "" {
		left, verdict = instead, ""
		if narrow {
			left, verdict, _ = strings.Cut(instead, ": ")
		}
	}
	b.WriteString(p.paint(bold, head) + "\n")
	beside := []string{back + expires, left, verdict}
	for i, row := range strings.Split(strings.TrimRight(look.View.Art(), "\n"), "\n") {
		fmt.Fprintf(&b, frame, row, beside[i])
	}
	b.WriteString("\n")
	return b.String()
}

// demoStory prints the steps of the bank and its customer with the first token.
func (a *app) demoStory(ctx context.Context, d *demo.Demo, b *demo.Bank) error {
	steps, err := b.Story(ctx, d.Customer())
	if err != nil {
		return err
	}
	text := "The bank, on " + b.URL + "\n"
	for _, s := range steps {
		if a.json {
			if err := a.print(s, ""); err != nil {
				return err
			}
			continue
		}
		mark := "ok"
		if !s.Passed {
			mark = "FAILED"
		}
		text += fmt.Sprintf("  %s\n    %s (%s)\n", s.Name, firstSentence(s.Detail), mark)
	}
	if !a.json {
		if err := a.print(nil, text); err != nil {
			return err
		}
	}
	return checkSteps(steps)
}

// checkSteps returns an error if a step of the story had the wrong result.
func checkSteps(steps []demo.Step) error {
	for _, s := range steps {
		if !s.Passed {
			return fmt.Errorf("%w: %s", demo.ErrStory, s.Name)
		}
	}
	return nil
}

// firstSentence returns the first sentence, which fits on a line.
func firstSentence(s string) string {
	first, _, _ := strings.Cut(s, ". ")
	return strings.TrimSuffix(first, ".")
}
