// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/d204ef64/fob/conform"
)

// The places in the picture, in pixels.
const (
	svgWidth  = 900
	svgEdge   = 16
	svgText   = svgEdge + 42 // of the requirement
	svgLevels = 58           // width of the levels
	svgColumn = 64           // the widest column of a target
	svgLeast  = 340          // the least width of the requirement
	svgLetter = 7.1          // the widest average of a letter
	svgLine   = 16
	svgCell   = 18
)

// A color has a value for light and for dark backgrounds.
type color struct{ light, dark string }

// colors are the colors of the picture by class.
var colors = map[string]color{
	"back": {"#ffffff", "#0d1117"}, "text": {"#1f2328", "#f0f6fc"}, "dim": {"#59636e", "#9198a1"}, "line": {"#d1d9e0", "#3d444d"},
	"pass": {"#1a7f37", "#3fb950"}, "fail": {"#cf222e", "#f85149"}, "sign": {"#ffffff", "#0d1117"},
}

// style returns the style of the picture.
func style() string {
	rules := func(of func(color) string) string {
		return fmt.Sprintf(".back{fill:%s;stroke:%s}.text{fill:%s}.dim{fill:%[4]s}.no{stroke:%[4]s}.line{stroke:%[2]s}.pass{stroke:%[5]s;fill:none}.fail{fill:%[6]s}.sign{stroke:%[7]s}",
			of(colors["back"]), of(colors["line"]), of(colors["text"]), of(colors["dim"]), of(colors["pass"]), of(colors["fail"]), of(colors["sign"]))
	}
	return ":root{max-width:100%;height:auto}text{font:12.5px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}.head{font-weight:600}.small{font-size:11px}" +
		rules(func(c color) string { return c.light }) + "@media(prefers-color-scheme:dark){" + rules(func(c color) string { return c.dark }) + "}"
}

// SVG writes a comparison of targets as a picture that is as wide as a README: the cases
// that some target fails, or all of them.
func SVG(w io.Writer, reports []*conform.Report, all bool) error {
	rows := Rows(reports)
	total := len(rows)
	if !all {
		rows = slices.DeleteFunc(rows, func(row Row) bool {
			return !slices.ContainsFunc(row.Results, func(r *conform.Result) bool { return r != nil && r.Outcome == conform.Fail })
		})
	}
	n := max(1, len(reports))
	p := &picture{reports: reports, whens: headings(reports, func(r *conform.Report) string { return r.Target + "\n" + when(r) }), column: min(svgColumn, (svgWidth-svgEdge-svgText-svgLeast-svgLevels)/n)}
	p.cells = svgWidth - svgEdge - n*p.column
	p.head(len(rows), total)
	for _, theme := range conform.Themes() {
		first := true
		for _, row := range rows {
			if row.Theme != theme {
				continue
			}
			if first {
				p.theme(theme)
				first = false
			}
			p.row(&row)
		}
	}
	p.legend()
	return p.write(w)
}

// picture is a picture that is being drawn from top to bottom.
type picture struct {
	reports []*conform.Report
	whens   []string // below the names of the targets
	column  int      // width
	cells   int      // the first column
	y       int
	body    strings.Builder
}

func (p *picture) add(format string, args ...any) { fmt.Fprintf(&p.body, format+"\n", args...) }

func (p *picture) text(x, y int, class, text string) {
	p.add(`<text x="%d" y="%d" class="%s">%s</text>`, x, y, class, inXML(text))
}

// center returns the middle of a column.
func (p *picture) center(i int) int { return p.cells + i*p.column + p.column/2 }

// head draws the names of the targets, upwards.
func (p *picture) head(shown, total int) {
	longest := 0
	for i, r := range p.reports {
		_, p.whens[i], _ = strings.Cut(p.whens[i], "\n")
		longest = max(longest, utf8.RuneCountInString(r.Target)*8, utf8.RuneCountInString(p.whens[i])*7)
	}
	p.y = max(svgEdge+longest+12, 90)
	title := fmt.Sprintf("%d of %d conformance cases: those that a server fails", shown, total)
	if shown == total {
		title = fmt.Sprintf("All %d conformance cases", total)
	}
	p.text(svgEdge, svgEdge+16, "text head", title)
	p.text(svgEdge, svgEdge+36, "dim", "RFC 4226, RFC 6238, NIST SP 800-63B-4, and the rules of a bank")
	p.text(svgEdge, svgEdge+54, "dim", "found in any server, from outside, by fob conform")
	for i, r := range p.reports {
		x, y := p.center(i), p.y-8
		p.add(`<g transform="translate(%d %d) rotate(-90)"><text y="-3" class="text head">%s</text><text y="11" class="dim small">%s</text></g>`,
			x, y, inXML(r.Target), inXML(p.whens[i]))
	}
}

// when returns the version of a target and the date of its results.
func when(r *conform.Report) string {
	return marked(r, strings.TrimSpace(r.Version+" "+r.Date.Format(time.DateOnly)))
}

func (p *picture) theme(name string) {
	p.y += 6
	p.add(`<path d="M%d %dH%d" class="line"/>`, svgEdge, p.y, svgWidth-svgEdge)
	p.text(svgEdge, p.y+18, "text head", name)
	p.y += 24
}

func (p *picture) row(row *Row) {
	lines := strings.Split(strings.TrimSuffix(wrapTo(row.Requirement, "", int(float64(p.cells-svgLevels-svgText)/svgLetter)), "\n"), "\n")
	height := len(lines)*svgLine + 8
	middle := p.y + height/2
	p.text(svgEdge, middle+4, "dim", row.ID)
	for i, line := range lines {
		p.text(svgText, middle+4-(len(lines)-1)*svgLine/2+i*svgLine, "text", line)
	}
	p.text(p.cells-svgLevels, middle+4, "dim small", string(row.Level))
	for i, r := range row.Results {
		title := Named(p.reports[i]) + ", " + row.ID + ": "
		if r == nil {
			title += "unknown"
		} else {
			title += string(r.Outcome) + ", " + r.Detail
		}
		p.cell(p.center(i), middle, r, title)
	}
	p.y += height
}

// cell draws an outcome. Each has its own shape, for people who see no colors.
func (p *picture) cell(x, y int, r *conform.Result, title string) {
	p.add(`<g><title>%s</title>`, inXML(title))
	switch {
	case r == nil:
		p.add(`<text x="%d" y="%d" class="dim" text-anchor="middle">?</text>`, x, y+4)
	case r.Outcome == conform.Pass:
		p.add(`<circle cx="%d" cy="%d" r="%d" class="pass" stroke-width="1.5"/><path d="M%d %dl3 3l5 -6" class="pass" stroke-width="2"/>`, x, y, svgCell/2-1, x-4, y)
	case r.Outcome == conform.Fail:
		p.add(`<rect x="%d" y="%d" width="%d" height="%[3]d" rx="3" class="fail"/><path d="M%d %dl8 8m0 -8l-8 8" class="sign" stroke-width="2.4"/>`, x-svgCell/2, y-svgCell/2, svgCell, x-4, y-4)
	default:
		p.add(`<path d="M%d %dh10" class="no" stroke-width="2"/>`, x-5, y)
	}
	p.add(`</g>`)
}

func (p *picture) legend() {
	p.y += 8
	p.add(`<path d="M%d %dH%d" class="line"/>`, svgEdge, p.y, svgWidth-svgEdge)
	p.y += 22
	x := svgEdge + svgCell/2
	for _, l := range []struct {
		text   string
		result *conform.Result
	}{
		{"PASS", &conform.Result{Outcome: conform.Pass}},
		{"FAIL", &conform.Result{Outcome: conform.Fail}},
		{"N/A: cannot be tested on this server", &conform.Result{Outcome: conform.NotApplicable}},
		{"unknown: not measured", nil},
	} {
		p.cell(x, p.y, l.result, l.text)
		p.text(x+svgCell/2+6, p.y+4, "dim", l.text)
		x += svgCell + 26 + len(l.text)*7
	}
	p.y += 24
}

func (p *picture) write(w io.Writer) error {
	var about []string
	for _, r := range p.reports {
		var failed []string
		for i := range r.Results {
			if r.Results[i].Outcome == conform.Fail {
				failed = append(failed, r.Results[i].ID)
			}
		}
		text := "fails no case"
		if len(failed) > 0 {
			text = "fails " + strings.Join(failed, ", ")
		}
		about = append(about, fmt.Sprintf("%s (%s) passes %d and %s.", r.Target, when(r), Count(r, conform.Pass), text))
	}
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" aria-labelledby="title desc">
<title id="title">Conformance of servers that check one-time passwords</title>
<desc id="desc">%s</desc>
<style>%s</style>
<rect x=".5" y=".5" width="%d" height="%d" rx="6" class="back"/>
%s</svg>
`, svgWidth, p.y, inXML(strings.Join(about, " ")), style(), svgWidth-1, p.y-1, p.body.String())
	return err
}

func inXML(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return ""
	}
	return b.String()
}
