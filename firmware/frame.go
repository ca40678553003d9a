// SPDX-License-Identifier: Apache-2.0

package firmware

// Frame is what the glass shows: one bit for each segment. Frames are
// comparable; the zero value is a blank display.
type Frame struct {
	// Digits holds the seven segments of each position, leftmost first, as
	// gfedcba with a in bit 0. Positions beyond the glass are zero.
	Digits [8]uint8

	// Bars is how many bars of the countdown are lit, 0 to 6.
	Bars uint8

	Icons Icons
}

// Icons are the segments that are no digits.
type Icons uint8

// The icons of the glass.
const (
	IconTick    Icons = 1 << iota // ◆ lower right, blinks once a second
	IconBattery                   // battery low
)

// AllSegments is the self-test pattern: everything that the glass of the given
// number of digits can show.
func AllSegments(digits int) Frame {
	f := Frame{Bars: 6, Icons: IconTick | IconBattery}
	for i := range min(digits, len(f.Digits)) {
		f.Digits[i] = 0x7F
	}
	return f
}

// glyphs maps characters to gfedcba. 6 and 9 have tails and 7 has three
// segments, as on most glass.
var glyphs = [...]struct{ char, bits uint8 }{
	{'0', 0x3F}, {'1', 0x06}, {'2', 0x5B}, {'3', 0x4F}, {'4', 0x66},
	{'5', 0x6D}, {'6', 0x7D}, {'7', 0x07}, {'8', 0x7F}, {'9', 0x6F},
	{' ', 0x00}, {'-', 0x40}, {'A', 0x77}, {'b', 0x7C}, {'C', 0x39},
	{'d', 0x5E}, {'E', 0x79}, {'F', 0x71}, {'r', 0x50}, {'t', 0x78}, {'o', 0x5C},
}

// Glyph returns the segments of a character, and whether seven segments can
// show it.
func Glyph(char byte) (bits uint8, ok bool) {
	for _, g := range glyphs {
		if g.char == char {
			return g.bits, true
		}
	}
	return 0, false
}

// Char returns the character that the segments look like, '?' for none.
func Char(bits uint8) byte {
	for _, g := range glyphs {
		if g.bits == bits {
			return g.char
		}
	}
	return '?'
}

// setText shows text right-aligned on a glass of the given number of digits.
func (f *Frame) setText(text []byte, digits int) {
	at := digits - len(text)
	for i, c := range text {
		if p := at + i; p >= 0 && p < len(f.Digits) {
			f.Digits[p], _ = Glyph(c)
		}
	}
}

// AppendText appends the frame's digits as characters, one for each position
// of a glass of the given number of digits: what a person reads.
func (f Frame) AppendText(dst []byte, digits int) []byte {
	for i := range min(digits, len(f.Digits)) {
		dst = append(dst, Char(f.Digits[i]))
	}
	return dst
}
