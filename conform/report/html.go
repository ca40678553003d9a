// SPDX-License-Identifier: Apache-2.0

package report

import (
	_ "embed" // the template of the page
	"html/template"
	"io"
	"strings"

	"github.com/d204ef64/fob/conform"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"short": shortened,
	"lower": func(o conform.Outcome) string { return strings.ToLower(strings.ReplaceAll(string(o), "/", "")) },
	"count": func(r *conform.Report, o string) int { return Count(r, conform.Outcome(o)) },
}).Parse(pageText))

// HTML writes one self-contained page: a comparison of the targets, and the details of each
// failed case.
func HTML(w io.Writer, reports []*conform.Report) error {
	return page.Execute(w, struct {
		Reports []*conform.Report
		Rows    []Row
	}{reports, Rows(reports)})
}
