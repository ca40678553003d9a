// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/measured"
	"github.com/d204ef64/fob/conform/mutant"
	"github.com/d204ef64/fob/conform/report"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/internal/errclass"
)

// presetPrefix begins the name of a preset, instead of a file.
const presetPrefix = "preset:"

// conformOptions are the flags of fob conform.
type conformOptions struct {
	target  targetFlags
	only    []string
	levels  []string
	profile string
	list    bool
	explain string
	maxWait time.Duration
	seed    uint64
	junit   string
	sarif   string
	html    string
	expect  string
	db      databaseFlags // of preset:fob
	imports bool          // run the cases of seed files
	given   func(string) bool
}

func newConformCmd(a *app) *cobra.Command {
	var o conformOptions
	cmd := &cobra.Command{
		Use:   "conform",
		Short: "Find the mistakes of a server that checks codes",
		Long: `Run the conformance cases against a server that checks the codes of 60-second
tokens: RFC 4226, RFC 6238, NIST SP 800-63B-4 and a bank's rules. The target
file describes the server's verbs, such as import and check, as HTTP requests
or programs (docs/conform.md). A case whose verbs it lacks is N/A.

Use a test system: the cases create users and tokens, lock tokens, and move the
clock if the target has that verb.

Without the verb clock, some cases wait for up to three minutes, all at the same
time. --max-wait 0 leaves them out.

Failed cases are printed first, with the harm and the actions that led to it.
The exit code is 1 if a MUST fails, or also a BANK with --profile bank. With
--expect, it is 1 if the failures differ from those in the file, both ways. A
target that cannot be reached is one error, with exit code 3; if it was lost in
the middle, the cases so far are printed. Exit code 5: no case could be tested.

` + wrapWith(strings.Fields("Presets: "+strings.Join(target.Presets(), ", ")+"."), " ", 78),
		Example: `  fob conform --target bank.yaml
  fob conform --target preset:libpam-oath --max-wait 0 --junit report.xml
  fob conform --target bank.yaml --only C11,C15 --seed 7
  fob conform --list --profile nist
  fob conform --explain C18`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.given = cmd.Flags().Changed
			switch {
			case o.list:
				return a.listConform(&o)
			case o.explain != "":
				return a.explainCase(&o)
			}
			return a.conform(cmd.Context(), &o)
		},
	}
	o.addFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.profile, "profile", "", "`NAME` of the cases: "+strings.Join(conform.Profiles(), ", ")+"; default: all")
	f.DurationVar(&o.maxWait, "max-wait", 0, "leave out cases that wait longer than this; default: no limit")
	f.Lookup("max-wait").DefValue = ""
	cmd.MarkFlagsOneRequired("target", "list", "explain")
	cmd.MarkFlagsMutuallyExclusive("target", "list", "explain")
	cmd.MarkFlagsMutuallyExclusive("list", "max-wait")
	cmd.MarkFlagsMutuallyExclusive("explain", "max-wait")
	cmd.AddCommand(newConformProbeCmd(a), newConformReportCmd(a), newConformImportCmd(a))
	return cmd
}

// addFlags adds the flags of all commands that run cases.
func (o *conformOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	o.target.add(f)
	f.StringSliceVar(&o.only, "only", nil, "run only the cases `IDS`, such as C11,C15")
	f.StringSliceVar(&o.levels, "level", nil, "run only cases of the `LEVELS`: MUST, SHOULD, BANK")
	f.StringVar(&o.explain, "explain", "", "explain the case `ID`")
	f.BoolVar(&o.list, "list", false, "list the cases without running them")
	f.Uint64Var(&o.seed, "seed", 0, "seed `N` of all random choices, to repeat a run; default: random")
	f.Lookup("seed").DefValue = ""
	f.StringVar(&o.junit, "junit", "", "write the results as JUnit XML to the new `FILE`")
	f.StringVar(&o.sarif, "sarif", "", "write the results as SARIF 2.1.0, for code scanners, to the new `FILE`")
	f.StringVar(&o.html, "html", "", "write the results as a page to the new `FILE`")
	o.db.add(f, "`DATABASE` for preset:fob, a new SQLite file or postgres://USER@HOST/NAME without a bank; default: a temporary file")
	f.StringVar(&o.expect, "expect", "", "compare the failures with those in the YAML `FILE`, and mark these in the reports")
	for _, run := range []string{"junit", "sarif", "html", "expect", "url", "db", "db-file"} { // they are only for a run
		for _, other := range []string{"list", "explain"} {
			cmd.MarkFlagsMutuallyExclusive(other, run)
		}
	}
}

// targetFlags are the flags of a target.
type targetFlags struct{ name, url string }

func (t *targetFlags) add(f *pflag.FlagSet) {
	f.StringVar(&t.name, "target", "", "YAML `FILE` that describes the server (docs/conform.md), or preset:NAME")
	f.StringVar(&t.url, "url", "", "address `URL` of the server, instead of the one in the target")
}

func (o *conformOptions) cases() ([]conform.Case, error) {
	s := conform.Selection{IDs: o.only, Profile: o.profile, Import: o.imports}
	for _, l := range o.levels {
		s.Levels = append(s.Levels, conform.Level(strings.ToUpper(l)))
	}
	return conform.Select(s)
}

// caseResult is a case in the output of --list and --explain.
type caseResult struct {
	ID          string         `json:"id"`
	Level       conform.Level  `json:"level"`
	Requirement string         `json:"requirement"`
	Source      string         `json:"source"`
	Why         string         `json:"why"`
	How         []string       `json:"how"`
	Theme       string         `json:"theme"`
	Needs       []conform.Verb `json:"needs"`
	Or          []conform.Verb `json:"needs_or,omitempty"`
	Wait        int64          `json:"wait_seconds"` // on a target without a clock that can be moved
}

func caseOf(c *conform.Case) caseResult {
	return caseResult{c.ID, c.Level, c.Requirement, c.Source, c.Why, c.Steps, c.Theme, needs(c), c.Or, int64(c.Wait / time.Second)}
}

// needs returns the verbs of a case.
func needs(c *conform.Case) []conform.Verb {
	return append([]conform.Verb{conform.VerbImport, conform.VerbCheck}, c.Needs...)
}

// listConform prints cases without running them.
func (a *app) listConform(o *conformOptions) error {
	list, err := o.cases()
	if err != nil {
		return err
	}
	for i := range list {
		c := &list[i]
		if err := a.print(caseOf(c), fmt.Sprintf("%s %-6s %s (%s)\n", c.ID, c.Level, c.Requirement, c.Source)); err != nil {
			return err
		}
	}
	return nil
}

// explainCase prints all that is known of a case.
func (a *app) explainCase(o *conformOptions) error {
	which := conform.Selection{IDs: []string{o.explain}, Import: o.imports}
	list, err := conform.Select(which)
	if err != nil {
		var other error
		which.Import = !which.Import // both commands explain all cases
		if list, other = conform.Select(which); other != nil {
			return err
		}
	}
	known, err := measured.Reports()
	if err != nil {
		return err
	}
	about := report.About{Case: list[0], Mistake: mutant.Mistake(list[0].ID), Measured: known}
	var b bytes.Buffer
	if err := about.Text(&b); err != nil {
		return err
	}
	c := explainedCase{caseOf(&list[0]), about.Mistake, about.Failing()}
	if c.FailedBy == nil {
		c.FailedBy = []string{}
	}
	return a.print(c, b.String())
}

// explainedCase is the output of --explain.
type explainedCase struct {
	caseResult
	Mistake  string   `json:"mistake"`
	FailedBy []string `json:"failed_by"`
}

// openTarget opens the target of a flag. A database is only for preset:fob.
func (a *app) openTarget(ctx context.Context, flags targetFlags, db *databaseFlags) (openedTarget, error) {
	name := flags.name
	if name == presetPrefix+ownPreset {
		if flags.url != "" {
			return openedTarget{}, usagef("--url is not for --target %s, which is started for the run", name)
		}
		return a.openOwn(ctx, db)
	}
	if db.given() {
		return openedTarget{}, usagef("--db and --db-file are only for --target %s%s", presetPrefix, ownPreset)
	}
	var text []byte
	var err error
	options := target.Options{URL: flags.url}
	folder := "." // of the files that the target names
	if preset, ok := strings.CutPrefix(name, presetPrefix); ok {
		text, err = target.Preset(preset)
		options.Read = target.PresetFile
	} else {
		folder = filepath.Dir(name)
		text, err = a.readPublic(ctx, "target", name)
	}
	if err != nil {
		return openedTarget{}, err
	}
	beside := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(folder, path)
	}
	options.Secret = func(path string) ([]byte, error) { return a.readSecret(ctx, "secret", beside(path)) }
	if options.Read == nil {
		options.Read = func(path string) ([]byte, error) { return a.readPublic(ctx, "file", beside(path)) }
	}
	f, err := target.Parse(text, options)
	if err != nil {
		return openedTarget{}, fmt.Errorf("reading the target in %s: %w", source(name), err)
	}
	t, err := f.Open(ctx)
	if err != nil {
		return openedTarget{}, err
	}
	return openedTarget{t.Target, t.Close}, nil
}

// runSeed returns the seed of a run, which is random unless it is given.
func (o *conformOptions) runSeed() uint64 {
	if o.given("seed") {
		return o.seed
	}
	return uint64(rand.Uint32()) //nolint:gosec // to repeat a run, not a secret
}

// conform runs cases against a target.
func (a *app) conform(ctx context.Context, o *conformOptions) (err error) {
	options := conform.Options{Seed: o.runSeed()}
	if options.Cases, err = o.cases(); err != nil {
		return err
	}
	if o.maxWait < 0 {
		return usagef("--max-wait %s: want 0 or more", o.maxWait)
	}
	if o.given("max-wait") {
		options.MaxWait = &o.maxWait
	}
	var expected *report.Expected
	if o.expect != "" {
		text, err := a.readPublic(ctx, "expected failures", o.expect)
		if err != nil {
			return err
		}
		if expected, err = report.ParseExpected(text); err != nil {
			return fmt.Errorf("reading %s: %w", source(o.expect), err)
		}
	}
	files := []reportFile{
		{"junit", o.junit, report.JUnit},
		{"html", o.html, func(w io.Writer, r *conform.Report) error { return report.HTML(w, []*conform.Report{r}) }},
		{"sarif", o.sarif, func(w io.Writer, r *conform.Report) error { return report.SARIF(w, r, o.scanned(), moduleVersion()) }},
	}
	if err := checkNew(files); err != nil { // before the cases, because they take a while
		return err
	}
	t, err := a.openTarget(ctx, o.target, &o.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if expected != nil {
		if err := expected.For(t.Target.Name); err != nil {
			return fmt.Errorf("reading %s: %w", source(o.expect), err)
		}
	}
	show, done := a.counter("cases")
	ran := int64(0)
	options.Progress = func(conform.Result) { ran++; show(ran) }
	r, err := conform.Run(ctx, t.Target, options)
	done()
	if r == nil {
		return err
	}
	expected.Mark(r)
	if e := a.printConform(r); e != nil {
		return errors.Join(e, err)
	}
	if r.Incomplete { // no reports that look complete
		none := ""
		if slices.ContainsFunc(files, func(f reportFile) bool { return f.path != "" }) {
			none = ", and no report files are written"
		}
		a.warnf("the run is incomplete: some cases did not run to their end%s", none)
		return errors.Join(err, ctx.Err())
	}
	if err := writeReports(files, r); err != nil {
		return err
	}
	return verdict(r, expected, o.profile)
}

// scanned returns the file in which code scanners show the results: the target file, or
// with a preset the expected failures. Their path must be below the folder of the code.
func (o *conformOptions) scanned() string {
	path := o.target.name
	if strings.HasPrefix(path, presetPrefix) {
		path = o.expect
	}
	if folder, err := os.Getwd(); err == nil && filepath.IsAbs(path) {
		if below, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(below) {
			return below
		}
	}
	return path
}

// printConform prints the results of a run.
func (a *app) printConform(r *conform.Report) error {
	if a.json {
		return report.JSON(a.stdout, r)
	}
	var b bytes.Buffer
	if err := report.Text(&b, r); err != nil {
		return err
	}
	return a.print(nil, plainLines(b.String()))
}

// plainLines makes the lines of a text safe for a terminal. They may quote answers of the
// server.
func plainLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(plain(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return b.String()
}

// verdict returns an error if a run has not passed, or has tested nothing.
func verdict(r *conform.Report, expected *report.Expected, profile string) error {
	if report.Count(r, conform.NotApplicable) == len(r.Results) {
		return errclass.With(errclass.Unsupported, errors.New("no case could be tested: "+reasons(r)))
	}
	if expected != nil {
		if d := expected.Differences(r); len(d) > 0 {
			return errclass.With(errclass.Failed, fmt.Errorf("%s from the expected failures of %s:\n%s", report.Counted(len(d), "difference"), expected.Target, strings.Join(d, "\n")))
		}
		return nil
	}
	failed := 0
	for i := range r.Results {
		l := r.Results[i].Level
		if r.Results[i].Outcome == conform.Fail && (l == conform.Must || l == conform.Bank && profile == "bank") {
			failed++
		}
	}
	if failed > 0 {
		return errclass.With(errclass.Failed, fmt.Errorf("%d of %s failed that must not", failed, report.Counted(len(r.Results), "case")))
	}
	return nil
}

// reasons returns the reasons why cases were not tested, each once.
func reasons(r *conform.Report) string {
	const most = 5
	var texts []string
	for i := range r.Results {
		if d := r.Results[i].Detail; !slices.Contains(texts, d) {
			texts = append(texts, d)
		}
	}
	if len(texts) > most {
		texts = append(texts[:most], fmt.Sprintf("and %d more reasons", len(texts)-most))
	}
	return strings.Join(texts, "; ")
}
