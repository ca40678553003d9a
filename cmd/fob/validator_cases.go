// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/validator/cases"
	"github.com/d204ef64/fob/validator/cases/reference"
)

// casesOptions are the flags of fob validator cases.
type casesOptions struct {
	only  []string
	list  bool
	junit string
}

func newValidatorCasesCmd(a *app, b *bankFlags) *cobra.Command {
	var o casesOptions
	cmd := &cobra.Command{
		Use:   "cases",
		Short: "Run the conformance cases",
		Long: `Start a bank in test mode on loopback, with HTTP and RADIUS, and run the
conformance cases C01 to C70 against it: RFC 6238, RFC 4226, RFC 6030, NIST SP
800-63B-4 and the bank's own rules. Print one line per case: ID, result (PASS,
FAIL, N/A), level (MUST, SHOULD, BANK), requirement, and measurement. The exit
code is 1 if a case fails.

The bank is in a temporary SQLite file, or with --db in a database without a
bank. The cases leave contracts and tokens there, and the bank's key is
discarded: the bank cannot be used afterwards.`,
		Example: `  fob validator cases
  fob validator cases --only C11,C15 --json
  fob validator cases --list`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.list {
				return a.listCases(o.only)
			}
			return a.runCases(cmd.Context(), b, &o)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.only, "only", nil, "run only the cases `IDS`, such as C11,C15")
	f.BoolVar(&o.list, "list", false, "list the cases without running them")
	f.StringVar(&o.junit, "junit", "", "write the results as JUnit XML to the new `FILE`")
	return cmd
}

// listCases prints the cases without running them.
func (a *app) listCases(only []string) error {
	list, err := cases.Select(only)
	if err != nil {
		return errclass.With(errclass.Usage, err)
	}
	for _, c := range list {
		v := struct {
			ID          string      `json:"id"`
			Level       cases.Level `json:"level"`
			Requirement string      `json:"requirement"`
			Source      string      `json:"source"`
		}{c.ID, c.Level, c.Requirement, c.Source}
		if err := a.print(v, fmt.Sprintf("%s %-6s %s (%s)\n", c.ID, c.Level, c.Requirement, c.Source)); err != nil {
			return err
		}
	}
	return nil
}

// runCases starts a bank and runs cases against it. It prints each result immediately.
func (a *app) runCases(ctx context.Context, b *bankFlags, o *casesOptions) (err error) {
	if _, err := cases.Select(o.only); err != nil {
		return errclass.With(errclass.Usage, err)
	}
	var database string
	if b.given() {
		if database, err = b.name(ctx, a); err != nil {
			return err
		}
	} else {
		dir, err := os.MkdirTemp("", "fob-cases-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		database = filepath.Join(dir, "bank.db")
	}
	if o.junit != "" { // before the cases, because they take a while
		if err := writeNew(o.junit, nil, 0o644); err != nil {
			return err
		}
		if err := writing(o.junit, os.Remove(o.junit)); err != nil {
			return err
		}
	}
	s, err := reference.Start(ctx, reference.Options{Database: database})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var printed error
	results, err := cases.Run(ctx, s.Target(), cases.Options{Only: o.only, Progress: func(r cases.Result) {
		if a.json {
			printed = errors.Join(printed, jsonLine(a.stdout, r))
		} else {
			printed = errors.Join(printed, a.print(nil, plain(r.Line())+"\n"))
		}
	}})
	if err = errors.Join(err, printed, ctx.Err()); err != nil {
		return err
	}
	if o.junit != "" {
		var report bytes.Buffer
		if err := errors.Join(cases.WriteJUnit(&report, results), writeNew(o.junit, report.Bytes(), 0o644)); err != nil {
			return err
		}
	}
	if !a.json {
		if err := a.print(nil, cases.Summary(results)+"\n"); err != nil {
			return err
		}
	}
	if n := cases.Count(results, cases.Fail); n > 0 {
		return errclass.With(errclass.Failed, fmt.Errorf("%d of %d cases failed", n, len(results)))
	}
	return nil
}
