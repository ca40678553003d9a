// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// The colours used by fob, as SGR parameters.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// colours reports whether output to w is coloured: w is a terminal, and the user has
// not disabled colours (https://no-color.org).
func colours(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// painter colours text if it is true.
type painter bool

func (p painter) paint(colour, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// terminalSize returns the columns and rows of a terminal, or 80 × 24 if they are
// unknown.
func terminalSize(w io.Writer) (columns, rows int) {
	if f, ok := w.(*os.File); ok {
		if columns, rows, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
	}
	return 80, 24
}

// clip cuts a line to a number of columns. Colour sequences take no column.
func clip(line string, columns int) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		if line[i] == '\x1b' { // an escape sequence, up to its m
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
	raw           bool // the terminal does not turn \n into \r\n
	columns, rows int
}

const hideCursor, showCursor, clearAll, home = "\x1b[?25l", "\x1b[?25h", "\x1b[2J", "\x1b[H"

// draw replaces the current frame. It drops rows that do not fit and clips the others,
// because the terminal would wrap or scroll them and leave parts of frames behind.
func (s *screen) draw(text string) error {
	var b strings.Builder
	if columns, rows := terminalSize(s.w); columns != s.columns || rows != s.rows {
		s.columns, s.rows = columns, rows
		b.WriteString(clearAll) // a terminal wraps old lines again when it is resized
	}
	b.WriteString(home)
	newline := "\n"
	if s.raw {
		newline = "\r\n"
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines[:min(len(lines), s.rows)] {
		if i > 0 {
			b.WriteString(newline)
		}
		b.WriteString(clip(line, s.columns) + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	_, err := io.WriteString(s.w, b.String())
	return err
}
