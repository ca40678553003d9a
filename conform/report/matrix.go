// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/d204ef64/fob/conform"
)

// Row is a case in a comparison of targets.
type Row struct {
	conform.Case
	Results []*conform.Result // of each report; nil if the case did not run
}

// Rows returns the cases that ran in some of the reports, in order.
func Rows(reports []*conform.Report) []Row {
	return slices.DeleteFunc(compare(conform.Known(), reports), func(row Row) bool {
		return !slices.ContainsFunc(row.Results, func(r *conform.Result) bool { return r != nil })
	})
}

// Compare returns all cases of [conform.All] with their results in reports, in order.
func Compare(reports []*conform.Report) []Row { return compare(conform.All(), reports) }

func compare(cases []conform.Case, reports []*conform.Report) (rows []Row) {
	for _, c := range cases {
		row := Row{Case: c, Results: make([]*conform.Result, len(reports))}
		for i, r := range reports {
			if at := slices.IndexFunc(r.Results, func(r conform.Result) bool { return r.ID == c.ID }); at >= 0 {
				row.Results[i] = &r.Results[at]
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// Markdown writes a comparison of targets as a table in Markdown.
func Markdown(w io.Writer, reports []*conform.Report) error {
	var b strings.Builder
	b.WriteString("| case | level | requirement |")
	for _, name := range headings(reports, func(r *conform.Report) string { return marked(r, r.Target) }) {
		fmt.Fprintf(&b, " %s |", markdown(name))
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(reports)) + "\n")
	for _, row := range Rows(reports) {
		fmt.Fprintf(&b, "| %s | %s | %s |", row.ID, row.Level, markdown(row.Requirement))
		for _, r := range row.Results {
			text := ""
			if r != nil {
				text = string(r.Outcome)
			}
			if text == string(conform.Fail) {
				text = "**FAIL**"
			}
			fmt.Fprintf(&b, " %s |", text)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
