// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// stateColours maps the states of a token to colours. Other states have none.
var stateColours = map[string]string{"PROVISIONED": yellow, "LOCKED": green, "WIPED": red}

// countTokens returns "1 token" or "2 tokens".
func countTokens[N int | int64](n N) string {
	if n == 1 {
		return "1 token"
	}
	return fmt.Sprintf("%d tokens", n)
}

// maxRows is the number of tokens that a table on a terminal lists.
const maxRows = 20

// readyTable formats the ready line as a table of at most the given number of columns.
func readyTable(r ready, columns int, p painter) string {
	var b strings.Builder
	tokens := countTokens(r.Count)
	clock := "clock " + r.Clock + ", " + r.Now.UTC().Format(time.RFC3339)
	for _, line := range wrap([]string{tokens + ",", clock + ",", "world seed " + r.WorldSeed}, " ", columns) {
		b.WriteString(line + "\n")
	}
	b.WriteString("\n")

	rows := [][]string{{"PORT", "MODEL", "STATE", "SERIAL", "HARDWARE ID"}}
	for _, t := range r.Tokens[:min(len(r.Tokens), maxRows)] {
		if len(t.Ports) == 0 {
			rows = append(rows, []string{"-", t.Model, t.State, dash(t.Serial.String()), t.HardwareID.String()})
		}
		for i, port := range t.Ports {
			if i == 0 {
				rows = append(rows, []string{port, t.Model, t.State, dash(t.Serial.String()), t.HardwareID.String()})
			} else {
				rows = append(rows, []string{port, "", "", "", ""})
			}
		}
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for n, row := range rows {
		if total > columns { // the row does not fit: the port, and the other cells below it
			b.WriteString(clip(paintHead(p, n, row[0]), columns) + "\n")
			for _, line := range wrap(row[1:], "  ", columns-2) {
				b.WriteString("  " + paintCells(p, n, line, row[2]) + "\n")
			}
			continue
		}
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "%-*s  ", widths[i], cell)
		}
		b.WriteString(paintCells(p, n, strings.TrimRight(line.String(), " "), row[2]) + "\n")
	}
	if more := r.Count - maxRows; more > 0 {
		b.WriteString(clip(fmt.Sprintf("%d more: fob fleet ls", more), columns) + "\n")
	}
	b.WriteString("\n")
	if r.Page != "" { // for opening: not wrapped
		b.WriteString(strings.Join(wrap([]string{"The tokens in a browser", "(the link works once):"}, " ", columns), "\n") + "\n" + r.Page + "\n\n")
	}
	var sentences []string
	if r.URL != "" { // for copying: not wrapped
		b.WriteString("FOB_URL=" + r.URL + "\n")
		sentences = []string{"fob fleet, with this variable", "and --api-key-file FILE, controls the tokens."}
		if r.APIKey != "" {
			b.WriteString("FOB_API_KEY=" + r.APIKey + "\n")
			sentences = []string{"fob fleet, with these variables, controls the tokens."}
		}
		b.WriteString("\n")
	}
	for _, line := range wrap(append(sentences, "fob device info --port PORT shows one token.", "Ctrl-C stops all tokens."), " ", columns) {
		b.WriteString(line + "\n")
	}
	return b.String()
}

func paintHead(p painter, row int, text string) string {
	if row == 0 {
		return p.paint(bold, text)
	}
	return text
}

// paintCells colours the header, and the state in other rows.
func paintCells(p painter, row int, line, state string) string {
	if row == 0 {
		return p.paint(bold, line)
	}
	if colour := stateColours[state]; colour != "" {
		return strings.Replace(line, state, p.paint(colour, state), 1)
	}
	return line
}

// wrap joins words into lines of at most the given number of columns. A longer word is
// truncated.
func wrap(words []string, between string, columns int) (lines []string) {
	line := ""
	for _, word := range words {
		if word == "" {
			continue
		}
		if line != "" && utf8.RuneCountInString(line+between+word) > columns {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += between
		}
		line = clip(line+word, max(1, columns))
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
