// SPDX-License-Identifier: Apache-2.0

package picture

// The dimensions of the case around an LCD, in the units of the LCD.
const (
	fobMargin  = 46.0
	fobRing    = 120.0 // additional margin on the left, for the key-ring hole
	frameSpace = 16.0  // from the edge of the LCD to the edge of its frame
	holeRadius = 27.0
	ringRadius = 36.0
)

// Colours as 0xRRGGBB.
const (
	frameColour = 0x15181c
	fobColour   = 0x39434f
	fobEdge     = 0x2a323c
	ringColour  = 0x9aa3ad
)

// Options for drawing an LCD.
type Options struct {
	Height int  // of the picture in pixels, 16 to 2000; 0: 160
	Bezel  bool // draw the fob around the LCD, with its key-ring hole
}

// pixels returns the height of the picture in pixels, limited to the valid range.
func (o Options) pixels() int {
	if o.Height == 0 {
		return 160
	}
	return min(max(o.Height, 16), 2000)
}

// scene returns the shapes of a picture, from back to front, and its size.
func (l LCD) scene(bezel bool) (shapes []shape, width, height float64) {
	w, h := lcdSize(l.Digits)
	if !bezel {
		return l.glass(0, 0, false), w, h
	}
	width, height = w+2*fobMargin+fobRing, h+2*fobMargin
	shapes = fob(width, height, fobMargin+fobRing, fobMargin, w, h)
	return append(shapes, l.glass(fobMargin+fobRing, fobMargin, true)...), width, height
}

// fob returns the case around an LCD at (x, y).
func fob(width, height, x, y, w, h float64) []shape {
	const s = frameSpace
	r, hole := cornerRadius(height), holeCentre(height)
	body := withHole(roundedRect(2, 2, width-4, height-4, r), circle(hole, holeRadius))
	edge := withHole(roundedRect(0, 0, width, height, r+2), circle(hole, holeRadius))
	ring := withHole(circle(hole, ringRadius), circle(hole, holeRadius))
	return []shape{
		{"edge", edge, fobEdge, 1},
		{"body", body, fobColour, 1},
		{"ring", ring, ringColour, 1},
		{"frame", roundedRect(x-s, y-s, w+2*s, h+2*s, 20), frameColour, 1},
	}
}

// cornerRadius returns the radius of the corners of a case.
func cornerRadius(height float64) float64 { return float64(height * 0.3) }

// holeCentre returns the centre of the hole for a key ring.
func holeCentre(height float64) point { return point{fobMargin/2 + fobRing/2, height / 2} }
