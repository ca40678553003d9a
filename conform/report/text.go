// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/d204ef64/fob/conform"
)

// width is the width of a line of text.
const width = 78

// Count returns how many results have an outcome.
func Count(r *conform.Report, o conform.Outcome) (n int) {
	for i := range r.Results {
		if r.Results[i].Outcome == o {
			n++
		}
	}
	return n
}

// FailedMust returns how many requirements of the level MUST are not met.
func FailedMust(r *conform.Report) (n int) {
	for i := range r.Results {
		if c := fill(&r.Results[i]); c.Outcome == conform.Fail && c.Level == conform.Must {
			n++
		}
	}
	return n
}

// ofFailed returns how many failures are of the level MUST, and how many are expected.
func ofFailed(r *conform.Report) string {
	text, known := fmt.Sprintf("%d MUST", FailedMust(r)), 0
	for i := range r.Results {
		if isExpected(&r.Results[i]) {
			known++
		}
	}
	if known > 0 {
		text += fmt.Sprintf("; %d expected", known)
	}
	return text
}

// Line returns a result as a line of a table: ID, outcome, level, requirement, and
// measurement.
func Line(r *conform.Result) string {
	return fmt.Sprintf("%s %-4s %-6s %s: %s", r.ID, r.Outcome, r.Level, r.Requirement, r.Detail)
}

// Counted returns a number with a noun, in the plural if necessary.
func Counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// Summary returns the number of results with each outcome, in words.
func Summary(r *conform.Report) string {
	return fmt.Sprintf("%s: %s: %d PASS, %d FAIL (%s), %d N/A; --seed %d",
		marked(r, r.Target), Counted(len(r.Results), "case"), Count(r, conform.Pass), Count(r, conform.Fail), ofFailed(r), Count(r, conform.NotApplicable), r.Seed)
}

// Text writes a report for people: the failed cases first, each with its harm and its
// actions, then all others in a line each.
func Text(w io.Writer, r *conform.Report) error {
	var b strings.Builder
	hand := shareHand(r)
	if hand != nil {
		fmt.Fprintf(&b, "%s. %s:\n", handHeading, handFirst)
		for _, line := range hand.Begin {
			fmt.Fprintf(&b, "  %s\n", line)
		}
		b.WriteByte('\n')
	}
	for _, c := range failures(r) {
		fmt.Fprintf(&b, "%s\n", Line(c))
		if text := expectation(c); text != "" {
			b.WriteString(wrap("It is "+text+".", "    "))
		}
		fmt.Fprintf(&b, "%s", wrap(c.Why, "    "))
		fmt.Fprintf(&b, "    Source: %s\n    About:  fob conform --explain %s\n", c.Source, c.ID)
		fmt.Fprintf(&b, "    To see it again: --only %s --seed %d\n", c.ID, r.Seed)
		for _, a := range shortened(c.Actions) {
			fmt.Fprintf(&b, "      %s\n", a)
		}
		if lines := hand.Of(c); len(lines) > 0 {
			fmt.Fprintf(&b, "    %s:\n", hand.Heading(c))
			for _, line := range lines {
				fmt.Fprintf(&b, "      %s\n", line)
			}
		}
		b.WriteByte('\n')
	}
	if hand != nil && len(hand.End) > 0 {
		fmt.Fprintf(&b, "%s:\n", handLast)
		for _, line := range hand.End {
			fmt.Fprintf(&b, "  %s\n", line)
		}
		b.WriteByte('\n')
	}
	for i := range r.Results {
		c := &r.Results[i]
		if c.Outcome == conform.Fail {
			continue
		}
		fmt.Fprintf(&b, "%s\n", Line(c))
		if text := expectation(c); text != "" {
			b.WriteString(wrap("It is "+text+".", "    "))
		}
	}
	fmt.Fprintf(&b, "%s\n", Summary(r))
	_, err := io.WriteString(w, b.String())
	return err
}

// shortened joins equal actions, and leaves out some in the middle of a long list.
func shortened(actions []string) (short []string) {
	const first, last = 6, 10
	for i := 0; i < len(actions); {
		n := 1
		for i+n < len(actions) && actions[i+n] == actions[i] {
			n++
		}
		text := actions[i]
		if n > 1 {
			text += fmt.Sprintf(" (%d times)", n)
		}
		short = append(short, text)
		i += n
	}
	if len(short) <= first+last+1 {
		return short
	}
	left := fmt.Sprintf("… %d more actions …", len(short)-first-last)
	return slices.Concat(short[:first], []string{left}, short[len(short)-last:])
}

// wrap breaks a text into indented lines.
func wrap(text, indent string) string { return wrapTo(text, indent, width) }

func wrapTo(text, indent string, width int) string {
	var b strings.Builder
	line, first := 0, true
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case first:
			b.WriteString(indent)
			line, first = len(indent), false
		case line+1+n > width:
			b.WriteString("\n" + indent)
			line = len(indent)
		default:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += n
	}
	return b.String() + "\n"
}
