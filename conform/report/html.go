// SPDX-License-Identifier: Apache-2.0

package report

import (
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/d204ef64/fob/conform"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"short": shortened, "unknown": unknown, "named": Named, "failed": ofFailed, "sources": Sources, "pageof": PageOf, "sorted": failedFirst, "expectation": expectation, "surprise": isSurprise, "parts": parts,
	"lower": class,
	"of":    func(o string) conform.Result { return conform.Result{Outcome: conform.Outcome(o)} },
	"count": func(r *conform.Report, o string) int { return Count(r, conform.Outcome(o)) },
}).Parse(pageText))

// class returns the CSS class of an outcome.
func class(o conform.Outcome) string { return strings.ToLower(strings.ReplaceAll(string(o), "/", "")) }

// failedFirst returns the results in the order of the page, or only the failed cases.
func failedFirst(r *conform.Report, only bool) []*conform.Result {
	list := failures(r)
	if only {
		return list
	}
	for _, o := range []conform.Outcome{conform.Pass, conform.NotApplicable} {
		for i := range r.Results {
			if r.Results[i].Outcome == o {
				list = append(list, fill(&r.Results[i]))
			}
		}
	}
	return list
}

// fill adds the fields that results of measured servers lack.
func fill(r *conform.Result) *conform.Result {
	all := conform.Known()
	if at := slices.IndexFunc(all, func(c conform.Case) bool { return c.ID == r.ID }); r.Requirement == "" && at >= 0 {
		full := *r
		full.Requirement, full.Source, full.Level = all[at].Requirement, all[at].Source, all[at].Level
		if r.Outcome == conform.Fail {
			full.Why = all[at].Why
		}
		return &full
	}
	return r
}

// part is a part of the bar that shows how many cases have each outcome.
type part struct {
	Class string
	Width string // a class
}

// widths is the number of steps in the width of a bar.
const widths = 60

func parts(r *conform.Report) (bar []part) {
	for _, o := range []conform.Outcome{conform.Pass, conform.Fail, conform.NotApplicable} {
		if n := Count(r, o); n > 0 {
			bar = append(bar, part{class(o), fmt.Sprint(" w", max(1, n*widths/len(r.Results)))})
		}
	}
	return bar
}

// HTML writes one self-contained page without scripts: all results of a target,
// the failed cases open, or a comparison of several targets with their failed cases.
func HTML(w io.Writer, reports []*conform.Report) error {
	style := pageStyle
	for n := 1; n <= widths; n++ { // the policy of the page allows no style attributes
		style += fmt.Sprintf(".w%d{flex:%[1]d}", n)
	}
	var shared *hand
	if len(reports) == 1 {
		shared = shareHand(reports[0])
	}
	sum := sha256.Sum256([]byte(style))
	var b strings.Builder
	err := page.Execute(&b, struct {
		Reports []*conform.Report
		Names   []string // of the reports
		Rows    []Row
		Style   template.CSS
		Hash    string
		Heading string
		Hand    *hand // only for one report
		Last    string
	}{reports, headings(reports, Named), Rows(reports), template.CSS(style), "sha256-" + base64.StdEncoding.EncodeToString(sum[:]), handHeading + ". " + handFirst, shared, handLast}) //nolint:gosec // our own style
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, printable(b.String()))
	return err
}
