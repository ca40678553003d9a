// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/errclass"
)

func newConformProbeCmd(a *app) *cobra.Command {
	var flags targetFlags
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "Try a target, and list the cases that it lacks verbs for",
		Long: `Import tokens into the target, submit a wrong and a correct code, and print the
verbs that the target has and lacks, each with the cases that need it. No case
runs. If the correct code is refused, probe looks for the reason, such as a
clock that is wrong or a period of 30 s. Otherwise it also tries to lock a
token, does status, unlock and remove, and prints what is wrong with their
answers.`,
		Example: `  fob conform probe --target bank.yaml`,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.probe(cmd.Context(), flags) },
	}
	flags.add(cmd.Flags())
	cmd.MarkFlagRequired("target")
	return cmd
}

// probeResult is a verb in the output of fob conform probe.
type probeResult struct {
	Verb  conform.Verb `json:"verb"`
	Has   bool         `json:"has"`
	Cases []string     `json:"cases"` // that need it
}

// probeTotals is the last line of the output of fob conform probe.
type probeTotals struct {
	Server   string   `json:"server"`
	Version  string   `json:"version,omitempty"`
	Wrong    string   `json:"wrong_code"`
	Current  string   `json:"current_code"`
	Hint     string   `json:"hint"`
	Problems []string `json:"problems"`
	Testable int      `json:"cases_testable"`
	Waiting  int      `json:"cases_waiting"`
}

func (a *app) probe(ctx context.Context, flags targetFlags) (err error) {
	t, err := a.openTarget(ctx, flags, &databaseFlags{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	answers, err := conform.Probe(ctx, t.Target)
	if err != nil {
		return err
	}
	for _, has := range []bool{true, false} {
		for _, v := range conform.Verbs() {
			if t.Target.Has(v) == has {
				if err := a.printVerb(v, has); err != nil {
					return err
				}
			}
		}
	}
	p := probeTotals{Server: t.Target.Name, Version: t.Target.Version, Wrong: answers.Wrong.String(), Current: answers.Current.String(), Hint: answers.Hint, Problems: append([]string{}, answers.Problems...)}
	all := conform.All()
	for i := range all {
		c := &all[i]
		if c.Unable(t.Target) != "" {
			continue
		}
		p.Testable++
		if c.Wait > 0 && !t.Target.Has(conform.VerbClock) {
			p.Waiting++
		}
	}
	text := fmt.Sprintf("a wrong code: %s; the current code: %s\n%d of %d cases can be tested", p.Wrong, p.Current, p.Testable, len(all))
	if p.Waiting > 0 {
		text += fmt.Sprintf("; %d of them wait, because there is no clock (--max-wait)", p.Waiting)
	}
	if p.Hint != "" {
		text += "\n" + p.Hint
	}
	for _, problem := range p.Problems {
		text += "\n" + problem
	}
	if err := a.print(p, text+"\n"); err != nil {
		return err
	}
	if p.Hint != "" || len(p.Problems) > 0 {
		return errclass.With(errclass.Failed, errors.New("the target file or the server is not ready for the cases"))
	}
	return nil
}

// printVerb prints a verb and the cases that need it.
func (a *app) printVerb(v conform.Verb, has bool) error {
	p := probeResult{Verb: v, Has: has, Cases: []string{}}
	for _, c := range conform.All() {
		if slices.Contains(c.Needs, v) {
			p.Cases = append(p.Cases, c.ID)
		}
	}
	text := fmt.Sprintf("%-4s %s", map[bool]string{true: "has", false: "no"}[has], v)
	if len(p.Cases) > 0 {
		text += map[bool]string{true: ": for ", false: ": costs "}[has] + strings.Join(p.Cases, ", ")
	}
	return a.print(p, text+"\n")
}
