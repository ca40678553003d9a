// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

func newValidatorAuditCmd(a *app, b *bankFlags) *cobra.Command {
	return group("audit", "The audit log: every decision, in hash chains that show any edit",
		newAuditListCmd(a, b), newAuditExportCmd(a, b), newAuditVerifyCmd(a, b))
}

func newAuditListCmd(a *app, b *bankFlags) *cobra.Command {
	var f bank.AuditFilter
	var from, to string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List records, the newest first",
		Example: `  fob validator audit list --serial 2600124800001 --limit 20`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if f.From, err = timeFlag(from); err != nil {
				return err
			}
			if f.To, err = timeFlag(to); err != nil {
				return err
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				return list(a, limit, recordHead, func(p bank.Page) ([]bank.Record, string, error) {
					f.Page = p
					return o.Audit(cmd.Context(), o.by, f)
				}, func(r bank.Record) (any, string) { return recordResultOf(r), recordLine(r) })
			})
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.User, "user", "", "only of the user with this `ID`")
	fl.StringVar(&f.Clerk, "by-clerk", "", "only of the clerk with this `ID`")
	fl.StringVar(&f.Contract, "contract", "", "only of the contract with this `ID`")
	fl.StringVar(&f.Serial, "serial", "", "only of the token with this `SERIAL` number")
	fl.StringVar(&f.Act, "act", "", "only of this `ACT`, such as transfer or ship")
	fl.StringVar(&f.Rule, "rule", "", "only by this `RULE`, such as BK-05")
	fl.StringVar(&from, "from", "", "only from this `TIME` on: RFC 3339 or @UNIXSECONDS")
	fl.StringVar(&to, "to", "", "only before this `TIME`")
	limitFlag(fl, &limit)
	return cmd
}

// timeFlag parses an optional time.
func timeFlag(text string) (token.UnixSeconds, error) {
	if text == "" {
		return 0, nil
	}
	t, err := parseTime(text, time.Now())
	return token.UnixSeconds(t.Unix()), err
}

func newAuditExportCmd(a *app, b *bankFlags) *cobra.Command {
	var file string
	var force bool
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Write all records, one JSON object a line",
		Example: `  fob validator audit export --out audit.jsonl`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.lists = true
			return b.with(cmd.Context(), a, func(o *openBank) error {
				out, err := a.create(file, force)
				if err != nil {
					return err
				}
				return out.finish(o.ExportAudit(cmd.Context(), o.by, out))
			})
		},
	}
	cmd.Flags().StringVar(&file, "out", "", "new `FILE`, readable by you alone; default: standard output")
	cmd.Flags().BoolVar(&force, "force", false, "replace a file that exists")
	return cmd
}

func newAuditVerifyCmd(a *app, b *bankFlags) *cobra.Command {
	var since, keep string
	var force bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Recompute the hash chains and find any edit",
		Long: `Recomputes the audit log's hash chains. A record that was edited, taken out or
put in shows, with exit code 1.

That records were cut off at the end shows only to who knows where the log once
ended: --keep writes the ends of the chains into a file, to be kept elsewhere,
and --since wants the log to go on from there.`,
		Example: `  fob validator audit verify --keep ends.txt
  fob validator audit verify --since ends.txt`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			ends := ""
			if since != "" {
				text, err := a.readPublic(ctx, "ends of the log", since)
				if err != nil {
					return err
				}
				if ends = string(bytes.TrimSpace(text)); ends == "" {
					return usagef("reading the ends of the log: %s is empty", source(since))
				}
			}
			return b.with(ctx, a, func(o *openBank) error {
				show, done := a.counter("verifying")
				report, err := o.VerifyAudit(ctx, ends, show)
				done()
				if err != nil {
					return err
				}
				if len(report.Faults) == 0 && keep != "" {
					a.inputs = nil // the new checkpoints may replace the verified ones
					out, err := a.create(keep, force)
					if err != nil {
						return err
					}
					fmt.Fprintln(out, report.Checkpoint)
					if err := out.finish(nil); err != nil {
						return err
					}
				}
				return a.auditReport(report)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&since, "since", "", "`FILE` that --keep wrote earlier")
	f.StringVar(&keep, "keep", "", "new `FILE` for the ends of the chains, where the log is whole")
	f.BoolVar(&force, "force", false, "replace that file if it exists")
	return cmd
}

// auditReport prints the report of a verification. Every fault is a failed check.
func (a *app) auditReport(r bank.AuditReport) error {
	result := struct {
		Records int64    `json:"records"`
		Heads   string   `json:"heads"`
		Faults  []string `json:"faults"`
	}{r.Records, r.Checkpoint, append([]string{}, r.Faults...)}
	text := ""
	if len(r.Faults) == 0 {
		text = fmt.Sprintf("%d records: the log is whole\n", r.Records)
	}
	err := a.print(result, text)
	for _, fault := range r.Faults {
		err = errors.Join(err, errclass.With(errclass.Failed, fmt.Errorf("audit log: %s", fault)))
	}
	return err
}
