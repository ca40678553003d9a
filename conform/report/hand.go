// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"

	"github.com/d204ef64/fob/conform"
)

// The headings of commands that repeat failed cases.
const (
	handHeading = "By hand, in a shell in the folder of the target file"
	handFirst   = "First paste this, once"
	handAfter   = "By hand, after the commands at the top"
	handLast    = "By hand, at the end of all"
)

// hand has the commands that all failed cases of a report share.
type hand struct {
	Begin []string // prepares the shell, and defines the functions of all cases
	End   []string
}

// shareHand returns the shared commands of the failed cases, or nil if each case needs its
// own.
func shareHand(r *conform.Report) *hand {
	var h *hand
	var begin []string                 // without functions
	functions := map[string][]string{} // by first line
	users := 0
	for _, c := range failures(r) {
		if c.HandBegin == 0 {
			continue
		}
		users++
		lines, end := c.ByHand[:c.HandBegin], c.ByHand[len(c.ByHand)-c.HandEnd:]
		own := slices.IndexFunc(lines, isFunction)
		if own < 0 {
			own = len(lines)
		}
		if h == nil {
			begin = lines[:own]
			h = &hand{slices.Clone(begin), end}
		}
		if !slices.Equal(lines[:own], begin) || !slices.Equal(end, h.End) {
			return nil
		}
		for lines = lines[own:]; len(lines) > 0; {
			n := slices.Index(lines, "}") + 1
			if !isFunction(lines[0]) || n == 0 {
				return nil
			}
			function, known := functions[lines[0]]
			if known && !slices.Equal(function, lines[:n]) {
				return nil
			}
			if !known {
				functions[lines[0]] = lines[:n]
				h.Begin = append(h.Begin, lines[:n]...)
			}
			lines = lines[n:]
		}
	}
	if users < 2 {
		return nil
	}
	return h
}

// isFunction reports whether a line begins a function of a shell.
func isFunction(line string) bool { return strings.HasSuffix(line, "() {") }

// Of returns the commands that repeat a failed case after the shared ones. h may be nil.
func (h *hand) Of(c *conform.Result) []string {
	if h == nil {
		return c.ByHand
	}
	return c.ByHand[c.HandBegin : len(c.ByHand)-c.HandEnd]
}

// Heading returns the heading of the commands that repeat a failed case.
func (h *hand) Heading(c *conform.Result) string {
	if h == nil || c.HandBegin == 0 {
		return handHeading
	}
	return handAfter
}

// byHand returns all commands that repeat a failed case, below a heading. It is "" if
// there are none.
func byHand(c *conform.Result) string {
	if len(c.ByHand) == 0 {
		return ""
	}
	return "\n\n" + handHeading + ":\n  " + strings.Join(c.ByHand, "\n  ") + "\n"
}
