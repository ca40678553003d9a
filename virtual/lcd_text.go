// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"strings"

	"github.com/d204ef64/fob/firmware"
)

// barGlyphs are the characters for the countdown, by the number of lit bars.
var barGlyphs = [...]string{" ", "▁", "▂", "▃", "▄", "▅", "▆"}

// Text returns the readable content in one line that always has the same number of
// characters: the countdown, the digits, the tick and the battery sign.
//
//	▆ 123456 ◆▯
//
// Segments that do not form a character are "?".
func (v View) Text() string {
	f := v.Frame()
	var b strings.Builder
	b.WriteString(barGlyphs[f.Bars])
	b.WriteByte(' ')
	b.Write(f.AppendText(nil, v.Digits))
	b.WriteByte(' ')
	b.WriteString(mark(f.Icons, firmware.IconTick, "◆"))
	b.WriteString(mark(f.Icons, firmware.IconBattery, "▯"))
	return b.String()
}

// Art returns the readable content as three lines of equal length, each ended by a
// newline. They show the bars, two in each line, then three characters for each digit,
// then the battery sign above the tick.
//
//	==      _   _       _   _  ▯
//	==   |  _|  _| |_| |_  |_
//	==   | |_   _|   |  _| |_| ◆
func (v View) Art() string {
	lit := Segments{}
	if v.Readable() {
		lit = v.Lit
	}
	var b strings.Builder
	for row := range 3 {
		// Two bars per line, counted from the lowest.
		b.WriteString([...]string{"  ", "__", "--", "=="}[lit.Bars>>(4-2*row)&3])
		b.WriteByte(' ')
		for i := range v.Digits {
			b.WriteByte(' ')
			writeCell(&b, lit.Digits[i], row)
		}
		b.WriteByte(' ')
		switch row {
		case 0:
			b.WriteString(mark(lit.Icons, firmware.IconBattery, "▯"))
		case 1:
			b.WriteByte(' ')
		case 2:
			b.WriteString(mark(lit.Icons, firmware.IconTick, "◆"))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// writeCell writes a row of a digit. The rows show a, then f g b, then e d c.
func writeCell(b *strings.Builder, segments uint8, row int) {
	const a, bb, c, d, e, f, g = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6
	cells := [3][3]struct {
		segment uint8
		char    byte
	}{
		{{0, ' '}, {a, '_'}, {0, ' '}},
		{{f, '|'}, {g, '_'}, {bb, '|'}},
		{{e, '|'}, {d, '_'}, {c, '|'}},
	}
	for _, cell := range cells[row] {
		if segments&cell.segment == 0 {
			cell.char = ' '
		}
		b.WriteByte(cell.char)
	}
}

// mark returns sign if the icon is lit, else a space.
func mark(icons, icon firmware.Icons, sign string) string {
	if icons&icon == 0 {
		return " "
	}
	return sign
}
