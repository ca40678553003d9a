// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/report"
)

func newConformReportCmd(a *app) *cobra.Command {
	var html string
	cmd := &cobra.Command{
		Use:   "report FILE...",
		Short: "Compare the results of several targets",
		Long: `Read results that fob conform --json has printed, and print them side by side
as a table in Markdown. With --json, print one object for each file.`,
		Example: `  fob conform report bank.jsonl libpam-oath.jsonl
  fob conform report bank.jsonl libpam-oath.jsonl --html comparison.html`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.conformReport(cmd.Context(), args, html) },
	}
	cmd.Flags().StringVar(&html, "html", "", "also write the comparison as a page to the new `FILE`")
	return cmd
}

func (a *app) conformReport(ctx context.Context, files []string, html string) error {
	var reports []*conform.Report
	for _, file := range files {
		text, err := a.readPublic(ctx, "results", file)
		if err != nil {
			return err
		}
		r, err := report.Read(bytes.NewReader(text))
		if err != nil {
			return fmt.Errorf("reading %s: %w", source(file), err)
		}
		reports = append(reports, r)
	}
	var b bytes.Buffer
	if html != "" {
		if err := report.HTML(&b, reports); err != nil {
			return err
		}
		if err := writeNew(html, b.Bytes(), 0o644); err != nil {
			return err
		}
		b.Reset()
	}
	if a.json {
		for _, r := range reports {
			if err := jsonLine(a.stdout, report.TotalsOf(r)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := report.Markdown(&b, reports); err != nil {
		return err
	}
	return a.print(nil, plainLines(b.String()))
}
