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
	return group("audit", "List, export and verify the audit log",
		newAuditListCmd(a, b), newAuditExportCmd(a, b), newAuditVerifyCmd(a, b))
}

func newAuditListCmd(a *app, b *bankFlags) *cobra.Command {
	var f bank.AuditFilter
	var from, to string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List audit records, newest first",
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
	fl.StringVar(&f.User, "user", "", "only records of the user `ID`")
	fl.StringVar(&f.Clerk, "by-clerk", "", "only records of the clerk `ID`")
	fl.StringVar(&f.Contract, "contract", "", "only records of the contract `ID`")
	fl.StringVar(&f.Serial, "serial", "", "only records of the token with the `SERIAL` number")
	fl.StringVar(&f.Act, "act", "", "only records of the operation `ACT`, such as transfer or ship")
	fl.StringVar(&f.Rule, "rule", "", "only records of the rule `RULE`, such as BK-05")
	fl.StringVar(&from, "from", "", "only records from `TIME` on: RFC 3339 or @UNIXSECONDS")
	fl.StringVar(&to, "to", "", "only records before `TIME`")
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
		Short:   "Export all audit records as JSON, one object per line",
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
	cmd.Flags().StringVar(&file, "out", "", "write to the new `FILE`, readable only by you; default: standard output")
	cmd.Flags().BoolVar(&force, "force", false, "replace an existing file")
	return cmd
}

func newAuditVerifyCmd(a *app, b *bankFlags) *cobra.Command {
	var since, keep string
	var force bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Verify the hash chains of the audit log",
		Long: `Recompute the hash chains of the audit log. The exit code is 1 if a record was
edited, removed or inserted.

Records removed from the end are detected only with a checkpoint. --keep writes
a checkpoint, to be stored elsewhere; --since checks that the log continues from
it.`,
		Example: `  fob validator audit verify --keep checkpoint.txt
  fob validator audit verify --since checkpoint.txt`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			checkpoint := ""
			if since != "" {
				text, err := a.readPublic(ctx, "checkpoint", since)
				if err != nil {
					return err
				}
				if checkpoint = string(bytes.TrimSpace(text)); checkpoint == "" {
					return usagef("reading the checkpoint: %s is empty", source(since))
				}
			}
			return b.with(ctx, a, func(o *openBank) error {
				show, done := a.counter("verifying")
				report, err := o.VerifyAudit(ctx, checkpoint, show)
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
	f.StringVar(&since, "since", "", "check that the log continues from the checkpoint in `FILE`")
	f.StringVar(&keep, "keep", "", "if the log is intact, write a checkpoint to the new `FILE`")
	f.BoolVar(&force, "force", false, "replace an existing checkpoint file")
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
		text = fmt.Sprintf("%d records: the log is intact\n", r.Records)
	}
	err := a.print(result, text)
	for _, fault := range r.Faults {
		err = errors.Join(err, errclass.With(errclass.Failed, fmt.Errorf("audit log: %s", fault)))
	}
	return err
}
