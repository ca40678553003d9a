// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/d204ef64/fob/conform"
)

// About has the contents of a page about a case.
type About struct {
	conform.Case
	Mistake  string // of the wrong server with which the suite is tested; "" if unknown
	Measured []*conform.Report
}

// Failing returns the measured servers that fail the case, each with the measurement.
func (a *About) Failing() (names []string) {
	for _, r := range a.Measured {
		for i := range r.Results {
			if c := &r.Results[i]; c.ID == a.ID && c.Outcome == conform.Fail {
				names = append(names, Named(r)+": "+c.Detail)
			}
		}
	}
	return names
}

// Named returns the name of a target with its version, and marks an
// incomplete run.
func Named(r *conform.Report) string {
	return marked(r, strings.TrimSpace(r.Target+" "+r.Version))
}

// marked adds to a name that the run is incomplete.
func marked(r *conform.Report, name string) string {
	if r.Incomplete {
		return name + " (incomplete run)"
	}
	return name
}

// levels are the meanings of the levels.
var levels = map[conform.Level]string{
	conform.Must:   "a standard requires it",
	conform.Should: "a standard or practice recommends it",
	conform.Bank:   "a rule of a bank",
}

// waits describes how long a case waits.
func waits(d time.Duration) string {
	if d == 0 {
		return "no"
	}
	return fmt.Sprintf("up to %d min on a target without the verb clock, beside other cases", int((d+time.Minute-1)/time.Minute))
}

// needs returns the verbs of a case, each between quotes.
func needs(c *conform.Case, quote string) string {
	list := func(verbs []conform.Verb) string {
		var names []string
		for _, v := range verbs {
			names = append(names, quote+string(v)+quote)
		}
		return strings.Join(names, ", ")
	}
	always := []conform.Verb{conform.VerbImport, conform.VerbCheck}
	if len(c.Or) > 0 {
		return list(always) + ", and " + list(c.Needs) + " or instead " + list(c.Or)
	}
	return list(append(always, c.Needs...))
}

// Text writes the page for a terminal.
func (a *About) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", a.ID, a.Requirement)
	fmt.Fprintf(&b, "Level:  %s, %s\n", a.Level, levels[a.Level])
	fmt.Fprintf(&b, "Source: %s\nNeeds:  %s\nWaits:  %s\n", a.Source, needs(&a.Case, ""), waits(a.Wait))
	fmt.Fprintf(&b, "\n%s", wrap(a.Why, ""))
	if len(a.Steps) > 0 {
		b.WriteString("\nHow it is tested:\n")
		for i, s := range a.Steps {
			text := wrap(s, "     ")
			fmt.Fprintf(&b, "%3d. %s", i+1, strings.TrimPrefix(text, "     "))
		}
	}
	if a.Mistake != "" {
		fmt.Fprintf(&b, "\n%s", wrap("The suite is tested with a wrong server that "+a.Mistake+".", ""))
	}
	if failing := a.Failing(); len(failing) > 0 {
		b.WriteString("\nFailed by:\n")
		for _, f := range failing {
			text := wrap(f, "    ")
			fmt.Fprintf(&b, "  - %s", strings.TrimPrefix(text, "    "))
		}
	}
	fmt.Fprintf(&b, "\nPage:   %s\n", PageOf(a.ID))
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes the page for the folder docs/conform.
func (a *About) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n\n", a.ID, markdown(a.Requirement))
	fmt.Fprintf(&b, "%s\n\n| | |\n|---|---|\n", markdown(a.Why))
	fmt.Fprintf(&b, "| level | %s: %s |\n| source | %s |\n", a.Level, levels[a.Level], linked(a.Source))
	fmt.Fprintf(&b, "| verbs | %s |\n| waits | %s |\n", needs(&a.Case, "`"), waits(a.Wait))
	fmt.Fprintf(&b, "| theme | %s |\n", a.Theme)
	if len(a.Steps) > 0 {
		b.WriteString("\n## How it is tested\n\n")
		for i, s := range a.Steps {
			fmt.Fprintf(&b, "%d. %s\n", i+1, markdown(s))
		}
	}
	if a.Mistake != "" {
		fmt.Fprintf(&b, "\n## A mistake that it finds\n\nThe suite is tested with a wrong server that %s.\n", markdown(a.Mistake))
	}
	if failing := a.Failing(); len(failing) > 0 {
		b.WriteString("\n## Servers that fail it\n\n")
		for _, f := range failing {
			fmt.Fprintf(&b, "- %s\n", markdown(f))
		}
	}
	fmt.Fprintf(&b, "\n## Run it\n\n`fob conform --target bank.yaml --only %s`, with [a target file](../conform.md#describe-your-server)\n", a.ID)
	b.WriteString("that describes your server.\n\n[All cases](README.md)\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// linked returns the sources of a requirement with links, in Markdown.
func linked(source string) string {
	var all []string
	for _, l := range Sources(source) {
		if l.Address != "" {
			all = append(all, fmt.Sprintf("[%s](%s)", l.Text, l.Address))
		} else {
			all = append(all, l.Text)
		}
	}
	return strings.Join(all, "; ")
}

// markdown escapes a text for a line of Markdown.
func markdown(text string) string {
	return markdownSigns.Replace(printable(text))
}

var markdownSigns = strings.NewReplacer(`\`, `\\`, "|", `\|`, "\n", " ", "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "~", `\~`)

// printable replaces control characters, and those that change the direction of a text. Line
// breaks and tabs remain.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// Index writes the list of all cases for the folder docs/conform, with the results of
// measured servers.
func Index(w io.Writer, measured []*conform.Report) error {
	var b strings.Builder
	b.WriteString("# Conformance cases\n\n")
	b.WriteString("Each case is one requirement. [Conformance of any server](../conform.md) shows how to run them.\n\n")
	b.WriteString("![The cases that a measured server fails](../conform-matrix.svg)\n\n")
	b.WriteString("The results come from [conform/measured](../../conform/measured). The columns below are\n\n")
	for i, r := range measured {
		how := "by a run"
		if r.Seed == 0 {
			how = "by hand"
		}
		fmt.Fprintf(&b, "%d. %s, measured %s on %s: %d PASS, %d FAIL, %d N/A\n", i+1, markdown(Named(r)), how, r.Date.Format(time.DateOnly),
			Count(r, conform.Pass), Count(r, conform.Fail), Count(r, conform.NotApplicable))
	}
	fmt.Fprintf(&b, "\nThe cases of seed files have [a page of their own](%s).\n", filesPage)
	rows := Compare(measured)
	for _, theme := range conform.Themes() {
		fmt.Fprintf(&b, "\n## %s\n\n| case | level | requirement |", theme)
		for i := range measured {
			fmt.Fprintf(&b, " %d |", i+1)
		}
		b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(measured)) + "\n")
		for _, row := range rows {
			if row.Theme != theme {
				continue
			}
			fmt.Fprintf(&b, "| [%s](%[1]s.md) | %s | %s |", row.ID, row.Level, markdown(row.Requirement))
			for _, r := range row.Results {
				fmt.Fprintf(&b, " %s |", mark(r))
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mark returns an outcome as a word in Markdown.
func mark(r *conform.Result) string {
	switch {
	case r == nil:
		return "?"
	case r.Outcome == conform.Fail:
		return "**FAIL**"
	case r.Outcome == conform.NotApplicable:
		return "–"
	}
	return "pass"
}
