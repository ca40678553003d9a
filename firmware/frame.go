// SPDX-License-Identifier: Apache-2.0

package firmware

// Frame is the contents of the LCD: one bit for each segment. Frames are comparable.
// The zero value is a blank display.
type Frame struct {
	// Digits holds the seven segments of each position, leftmost first, as gfedcba with
	// a in bit 0. Positions that the LCD does not have are zero.
	Digits [8]uint8

	// Bars is the number of lit countdown bars, 0 to 6.
	Bars uint8

	Icons Icons
}

// Icons are the segments that are not part of a digit or a bar.
type Icons uint8

// The icons of the LCD.
const (
	IconTick    Icons = 1 << iota // ◆ lower right, blinks once a second
	IconBattery                   // battery low
)

// AllSegments returns the self-test pattern: all segments of an LCD with the given
// number of digits.
func AllSegments(digits int) Frame {
	f := Frame{Bars: 6, Icons: IconTick | IconBattery}
	for i := range min(digits, len(f.Digits)) {
		f.Digits[i] = 0x7F
	}
	return f
}

// glyphs maps characters to gfedcba. 6 and 9 have tails and 7 has three segments, as on
// most LCDs.
var glyphs = [...]struct{ char, bits uint8 }{
	{'0', 0x3F}, {'1', 0x06}, {'2', 0x5B}, {'3', 0x4F}, {'4', 0x66},
	{'5', 0x6D}, {'6', 0x7D}, {'7', 0x07}, {'8', 0x7F}, {'9', 0x6F},
	{' ', 0x00}, {'-', 0x40}, {'A', 0x77}, {'b', 0x7C}, {'C', 0x39},
	{'d', 0x5E}, {'E', 0x79}, {'F', 0x71}, {'r', 0x50}, {'t', 0x78}, {'o', 0x5C},
}

// Glyph returns the segments of a character, and reports whether seven segments can
// show it.
func Glyph(char byte) (bits uint8, ok bool) {
	for _, g := range glyphs {
		if g.char == char {
			return g.bits, true
		}
	}
	return 0, false
}

// Char returns the character that the segments look like, or '?' if there is none.
func Char(bits uint8) byte {
	for _, g := range glyphs {
		if g.bits == bits {
			return g.char
		}
	}
	return '?'
}

// setText shows text right-aligned on an LCD with the given number of digits.
func (f *Frame) setText(text []byte, digits int) {
	at := digits - len(text)
	for i, c := range text {
		if p := at + i; p >= 0 && p < len(f.Digits) {
			f.Digits[p], _ = Glyph(c)
		}
	}
}

// AppendText appends the text that a person reads: one character for each position of
// an LCD with the given number of digits.
func (f Frame) AppendText(dst []byte, digits int) []byte {
	for i := range min(digits, len(f.Digits)) {
		dst = append(dst, Char(f.Digits[i]))
	}
	return dst
}
