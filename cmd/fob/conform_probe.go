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
)

func newConformProbeCmd(a *app) *cobra.Command {
	var flags targetFlags
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "Try a target, and tell which cases it lacks verbs for",
		Long: `Import a token into the target, submit a wrong code, and print the verbs that
the target has and lacks, each with the cases that need it. No case runs.`,
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

func (a *app) probe(ctx context.Context, flags targetFlags) (err error) {
	t, err := a.openTarget(ctx, flags, &databaseFlags{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if err := conform.Try(ctx, t.Target); err != nil {
		return err
	}
	for _, v := range conform.Verbs() {
		p := probeResult{Verb: v, Has: t.Target.Has(v), Cases: []string{}}
		for _, c := range conform.All() {
			if slices.Contains(c.Needs, v) {
				p.Cases = append(p.Cases, c.ID)
			}
		}
		text := fmt.Sprintf("%-4s %s", map[bool]string{true: "has", false: "no"}[p.Has], v)
		if len(p.Cases) > 0 {
			text += ": needed by " + strings.Join(p.Cases, ", ")
		}
		if err := a.print(p, text+"\n"); err != nil {
			return err
		}
	}
	return nil
}
