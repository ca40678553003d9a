// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/measured"
	"github.com/d204ef64/fob/conform/report"
)

// conformReportOptions are the flags of fob conform report.
type conformReportOptions struct {
	html, svg string
	all       bool
	measured  bool
}

func newConformReportCmd(a *app) *cobra.Command {
	var o conformReportOptions
	cmd := &cobra.Command{
		Use:   "report [FILE]...",
		Short: "Compare the results of several targets",
		Long: `Read results that fob conform --json has printed, and print them side by side
as a table in Markdown. With --json, print one object for each file. --measured
adds the results of well-known servers, each with its version and date.`,
		Example: `  fob conform report bank.json libpam-oath.json
  fob conform report bank.json --measured --svg comparison.svg
  fob conform report bank.json libpam-oath.json --html comparison.html`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.conformReport(cmd.Context(), args, &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.html, "html", "", "also write the comparison as a page to the new `FILE`")
	f.StringVar(&o.svg, "svg", "", "also write a picture of the cases that a target fails to the new `FILE`")
	f.BoolVar(&o.all, "all", false, "show all cases in the picture")
	f.BoolVar(&o.measured, "measured", false, "add the results of well-known servers")
	return cmd
}

func (a *app) conformReport(ctx context.Context, files []string, o *conformReportOptions) error {
	if len(files) == 0 && !o.measured {
		return usagef("fob conform report needs a file of results, or --measured")
	}
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
		r.File = filepath.Base(file)
		reports = append(reports, r)
	}
	if o.measured {
		known, err := measured.Reports()
		if err != nil {
			return err
		}
		reports = append(reports, known...)
	}
	if err := report.Comparable(reports); err != nil {
		return err
	}
	var b bytes.Buffer
	written := []reportFile{
		{"html", o.html, func(w io.Writer, _ *conform.Report) error { return report.HTML(w, reports) }},
		{"svg", o.svg, func(w io.Writer, _ *conform.Report) error { return report.SVG(w, reports, o.all) }},
	}
	if err := checkNew(written); err != nil {
		return err
	}
	if err := writeReports(written, nil); err != nil {
		return err
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
