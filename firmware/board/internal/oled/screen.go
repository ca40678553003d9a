// SPDX-License-Identifier: Apache-2.0

// Package oled shows the token's LCD on an OLED of 128 by 64 pixels with an SSD1306
// controller. It draws the segments of a frame as pixels, and sends as few of them as
// possible over the bus.
package oled

import "github.com/d204ef64/fob/firmware"

// The size of the panel in pixels.
const (
	Width  = 128
	Height = 64
)

// A Screen is the controller's memory. A byte holds 8 pixels of a column, the topmost
// in bit 0. 128 bytes make a page, which is a row of such bytes.
type Screen [Width * Height / 8]byte

// At reports whether a pixel is lit.
func (s *Screen) At(x, y int) bool { return s[y/8*Width+x]>>(y%8)&1 != 0 }

func (s *Screen) set(x, y int) { s[y/8*Width+x] |= 1 << (y % 8) }

func (s *Screen) fill(x, y, w, h int) {
	for i := range w {
		for j := range h {
			s.set(x+i, y+j)
		}
	}
}

// layout holds the sizes of an LCD of the panel, in pixels.
type layout struct {
	bars, bar     int // width and height of a bar; they stand at the left edge, 3 apart
	digits, pitch int // left edge of the first digit, and from one to the next
	width, height int // of a digit
	stroke        int // thickness of a segment; odd, like the height
	icons         int // left edge of the icons
}

// The two layouts. On many panels the upper 16 rows have another colour, so no digit
// reaches into them.
var (
	six   = layout{bars: 10, bar: 3, digits: 15, pitch: 17, width: 14, height: 33, stroke: 3, icons: 119}
	eight = layout{bars: 8, bar: 2, digits: 12, pitch: 13, width: 11, height: 27, stroke: 3, icons: 119}
)

const middle = 40 // row of the middle segments

// Draw makes s the picture of a frame on an LCD of 6 or 8 digits, with exactly the
// segments of the frame.
func (s *Screen) Draw(f *firmware.Frame, digits int) {
	*s = Screen{}
	l := &six
	if digits > 6 {
		l = &eight
	}
	top := middle - l.height/2
	for i := range min(int(f.Bars), 6) { // the bottom bar disappears last
		s.fill(0, top+l.height-l.bar-i*(l.bar+3), l.bars, l.bar)
	}
	for i := range min(digits, len(f.Digits)) {
		for segment := range 7 {
			if f.Digits[i]>>segment&1 != 0 {
				l.segment(s, segment, l.digits+i*l.pitch, top)
			}
		}
	}
	if f.Icons&firmware.IconTick != 0 {
		s.diamond(l.icons+4, top+l.height-5, 4)
	}
	if f.Icons&firmware.IconBattery != 0 {
		s.battery(l.icons, top)
	}
}

// segment draws segment n (0 is a, 6 is g) of the digit at (x, y). Segments have
// pointed ends, with a gap between two that meet.
func (l *layout) segment(s *Screen, n, x, y int) {
	half := l.height / 2
	right, bottom := x+l.width-l.stroke, y+l.height-l.stroke
	across, upright := l.width-l.stroke, half-l.stroke/2
	switch n {
	case 0:
		l.stripe(s, x, y, across, false)
	case 1:
		l.stripe(s, right, y, upright, true)
	case 2:
		l.stripe(s, right, y+upright, upright, true)
	case 3:
		l.stripe(s, x, bottom, across, false)
	case 4:
		l.stripe(s, x, y+upright, upright, true)
	case 5:
		l.stripe(s, x, y, upright, true)
	case 6:
		l.stripe(s, x, y+upright, across, false)
	}
}

// stripe draws a segment whose corner centres are the given length apart. The stroke
// extends beyond them on each side.
func (l *layout) stripe(s *Screen, x, y, length int, upright bool) {
	for k := range l.stroke {
		slope := max(l.stroke/2-k, k-l.stroke/2) // distance from the centre line
		for i := l.stroke/2 + 1 + slope; i < l.stroke/2+length-slope; i++ {
			if upright {
				s.set(x+k, y+i)
			} else {
				s.set(x+i, y+k)
			}
		}
	}
}

// diamond draws the tick icon around (x, y).
func (s *Screen) diamond(x, y, r int) {
	for dy := -r; dy <= r; dy++ {
		half := r - max(dy, -dy)
		s.fill(x-half, y+dy, 2*half+1, 1)
	}
}

// battery draws the outline of an upright battery, 9 by 15 pixels, with its last tenth
// filled.
func (s *Screen) battery(x, y int) {
	s.fill(x+3, y, 3, 2)
	s.fill(x, y+2, 9, 1)
	s.fill(x, y+14, 9, 1)
	s.fill(x, y+3, 1, 11)
	s.fill(x+8, y+3, 1, 11)
	s.fill(x+2, y+11, 5, 2)
}
