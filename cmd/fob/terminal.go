// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// The colours that fob uses, as SGR parameters.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// colours reports whether w shows colours: a terminal, unless the user asks for
// none (https://no-color.org).
func colours(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// painter colours text, or leaves it as it is.
type painter bool

func (p painter) paint(colour, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// terminalSize returns the columns and rows of a terminal, and 80 × 24 if it does
// not tell.
func terminalSize(w io.Writer) (columns, rows int) {
	if f, ok := w.(*os.File); ok {
		if columns, rows, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
	}
	return 80, 24
}

// clip cuts a line to a number of columns. Colours take no column.
func clip(line string, columns int) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		if line[i] == '\x1b' { // up to its m
			end := strings.IndexByte(line[i:], 'm')
			if end < 0 {
				break
			}
			b.WriteString(line[i : i+end+1])
			i += end + 1
			continue
		}
		_, size := utf8.DecodeRuneInString(line[i:])
		if columns > 0 {
			b.WriteString(line[i : i+size])
			columns--
		}
		i += size
	}
	return b.String()
}

// screen draws frames on a terminal that may be resized.
type screen struct {
	w             io.Writer
	columns, rows int
}

const hideCursor, showCursor, clearAll, home = "\x1b[?25l", "\x1b[?25h", "\x1b[2J", "\x1b[H"

// draw replaces what is shown. A line or row that has no room is left out: a
// terminal would wrap or scroll, and leave parts of frames behind.
func (s *screen) draw(text string) error {
	var b strings.Builder
	if columns, rows := terminalSize(s.w); columns != s.columns || rows != s.rows {
		s.columns, s.rows = columns, rows
		b.WriteString(clearAll) // a terminal wraps old lines anew when it is resized
	}
	b.WriteString(home)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines[:min(len(lines), s.rows)] {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(clip(line, s.columns) + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	_, err := io.WriteString(s.w, b.String())
	return err
}
