// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"math"
	"slices"
	"strconv"

	"github.com/d204ef64/fob/firmware"
)

// Picture has the options for drawing a [View].
type Picture struct {
	Height int  `json:"height"` // of the picture in pixels, 16 to 2000; 0: 160
	Bezel  bool `json:"bezel"`  // draw the fob around the LCD, with its key-ring hole
}

// The dimensions of the LCD, in units of 1/100 of a digit's height.
const (
	digitHeight = 100.0
	digitWidth  = 54.0 // between the centre lines of the upright segments
	digitPitch  = 80.0
	thickness   = 12.5
	segmentGap  = 2.0  // from a segment's tip to the corner at which two segments meet
	slant       = 0.12 // tangent of 7°

	lcdMargin = 34.0
	barWidth  = 40.0
	barHeight = 11.0
	barPitch  = (digitHeight + thickness - barHeight) / 5
	barSpace  = 44.0 // from the bars to the first digit
	iconSpace = 26.0 // from the last digit to the icons
	iconWidth = 26.0

	fobMargin = 46.0
	fobRing   = 120.0 // additional margin on the left, for the key-ring hole
)

// Colours as 0xRRGGBB.
const (
	lcdColour    = 0xb8c4b0
	inkColour    = 0x1a211c
	frameColour  = 0x15181c
	fobColour    = 0x39434f
	fobEdge      = 0x2a323c
	ringColour   = 0x9aa3ad
	shadowColour = 0x7f8a79
)

type point struct{ x, y float64 }

// shape is a polygon, filled by the even-odd rule: areas that overlap twice are empty.
type shape struct {
	id      string
	points  []point
	colour  uint32
	opacity float64
}

// scene returns the shapes of a picture, from back to front, and its size.
func (v View) scene(bezel bool) (shapes []shape, width, height float64) {
	x0, y0 := 0.0, 0.0
	lcdW := 2*lcdMargin + barWidth + barSpace +
		mul(float64(v.Digits-1), digitPitch) + digitWidth + thickness + iconSpace + iconWidth
	lcdH := 2*lcdMargin + digitHeight + thickness
	width, height = lcdW, lcdH
	if bezel {
		x0, y0 = fobMargin+fobRing, fobMargin
		width, height = lcdW+2*fobMargin+fobRing, lcdH+2*fobMargin
		shapes = append(shapes, fob(width, height, x0, y0, lcdW, lcdH)...)
	}
	background := uint32(lcdColour)
	if v.Black {
		background = inkColour
	}
	shapes = append(shapes, shape{"glass", roundedRect(x0, y0, lcdW, lcdH, 10), background, 1})
	if bezel {
		shapes = append(shapes, shape{"rim", []point{
			{x0 + 6, y0}, {x0 + lcdW - 6, y0}, {x0 + lcdW - 12, y0 + 7}, {x0 + 12, y0 + 7},
		}, shadowColour, 0.5})
	}

	ink := func(id string, on bool, points []point) {
		shapes = append(shapes, shape{id, points, inkColour, v.darkness(id, on)})
	}
	x, top := x0+lcdMargin, y0+lcdMargin
	bottom := top + digitHeight + thickness
	for i := range 6 {
		y := bottom - barHeight - mul(float64(i), barPitch)
		ink("bar"+strconv.Itoa(i), v.Lit.Bars>>i&1 != 0, rect(x, y, barWidth, barHeight))
	}
	x += barWidth + barSpace + thickness/2
	for i := range v.Digits {
		for s := range 7 {
			id := "d" + strconv.Itoa(i) + "." + string(rune('a'+s))
			ink(id, v.Lit.Digits[i]>>s&1 != 0, segment(s, x, top+thickness/2))
		}
		x += digitPitch
	}
	x += digitWidth - digitPitch + thickness/2 + iconSpace + iconWidth/2
	ink("tick", v.Lit.Icons&firmware.IconTick != 0, diamond(x, bottom-14, 12, 14))
	ink("batt", v.Lit.Icons&firmware.IconBattery != 0, battery(x, top+23))
	return shapes, width, height
}

// segment returns segment s (0 is a, 6 is g) of the digit whose upper left corner,
// measured on the centre lines of its segments, is (x, y).
func segment(s int, x, y float64) []point {
	const w, h, t, g = digitWidth, digitHeight / 2, thickness / 2, segmentGap
	across := func(y float64) []point {
		return []point{{g, y}, {g + t, y - t}, {w - g - t, y - t}, {w - g, y}, {w - g - t, y + t}, {g + t, y + t}}
	}
	upright := func(x, y float64) []point {
		return []point{{x, y + g}, {x + t, y + g + t}, {x + t, y + h - g - t}, {x, y + h - g}, {x - t, y + h - g - t}, {x - t, y + g + t}}
	}
	var p []point
	switch s {
	case 0:
		p = across(0)
	case 1:
		p = upright(w, 0)
	case 2:
		p = upright(w, h)
	case 3:
		p = across(2 * h)
	case 4:
		p = upright(0, h)
	case 5:
		p = upright(0, 0)
	default:
		p = across(h)
	}
	for i := range p {
		p[i] = point{x + p[i].x + mul(slant, h-p[i].y), y + p[i].y}
	}
	return p
}

func rect(x, y, w, h float64) []point {
	return []point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}
}

func diamond(x, y, rx, ry float64) []point {
	return []point{{x, y - ry}, {x + rx, y}, {x, y + ry}, {x - rx, y}}
}

// battery returns the outline of an upright battery that is nearly empty: the outer
// edge, then a seam to the inner edge.
func battery(x, y float64) []point {
	return []point{
		{x - 11, y - 16}, {x - 5, y - 16}, {x - 5, y - 22}, {x + 5, y - 22}, {x + 5, y - 16}, {x + 11, y - 16},
		{x + 11, y + 22}, {x - 11, y + 22}, {x - 11, y - 16},
		{x - 7, y - 12}, {x - 7, y + 12}, {x + 7, y + 12}, {x + 7, y - 12}, {x - 7, y - 12},
	}
}

// fob returns the case around an LCD at (x, y).
func fob(width, height, x, y, w, h float64) []shape {
	r, hole := mul(height, 0.3), point{fobMargin/2 + fobRing/2, height / 2}
	body := withHole(roundedRect(2, 2, width-4, height-4, r), circle(hole, 27))
	edge := withHole(roundedRect(0, 0, width, height, r+2), circle(hole, 27))
	ring := withHole(circle(hole, 36), circle(hole, 27))
	return []shape{
		{"edge", edge, fobEdge, 1},
		{"body", body, fobColour, 1},
		{"ring", ring, ringColour, 1},
		{"frame", roundedRect(x-16, y-16, w+32, h+32, 20), frameColour, 1},
	}
}

// withHole returns outer with a hole: two closed outlines joined by a seam of zero
// width.
func withHole(outer, hole []point) []point {
	p := append(slices.Clone(outer), outer[0])
	return append(append(p, hole...), hole[0])
}

// roundedRect returns a rectangle with round corners.
func roundedRect(x, y, w, h, r float64) []point {
	var p []point
	for corner, c := range []point{{x + w - r, y + r}, {x + w - r, y + h - r}, {x + r, y + h - r}, {x + r, y + r}} {
		p = append(p, arc(c, r, float64(corner-1)*math.Pi/2, float64(corner)*math.Pi/2, 12)...)
	}
	return p
}

func circle(c point, r float64) []point { return arc(c, r, -math.Pi/2, 1.5*math.Pi, 48) }

func arc(c point, r, from, to float64, steps int) []point {
	p := make([]point, 0, steps+1)
	for i := range steps + 1 {
		sin, cos := math.Sincos(from + (to-from)*float64(i)/float64(steps))
		p = append(p, point{c.x + mul(r, cos), c.y + mul(r, sin)})
	}
	return p
}

// pixels returns the height of the picture in pixels, limited to the valid range.
func (p Picture) pixels() int {
	if p.Height == 0 {
		return 160
	}
	return min(max(p.Height, 16), 2000)
}

// SVG returns the view as an SVG 1.1 document. Every segment is a polygon with an id:
// d0.a to d7.g, bar0 (the lowest) to bar5, tick and batt. Its opacity is its darkness.
// Everything else is the same for all views of an LCD, unless it is black: only the
// segments depend on the display's content.
func (v View) SVG(p Picture) []byte {
	shapes, w, h := v.scene(p.Bezel)
	px := p.pixels()
	var b []byte
	b = append(b, `<svg xmlns="http://www.w3.org/2000/svg" width="`...)
	b = strconv.AppendInt(b, int64(math.Round(float64(px)*w/h)), 10)
	b = append(b, `" height="`...)
	b = strconv.AppendInt(b, int64(px), 10)
	b = append(b, `" viewBox="0 0 `...)
	b = appendNumber(b, w)
	b = append(b, ' ')
	b = appendNumber(b, h)
	b = append(b, "\" role=\"img\" fill-rule=\"evenodd\">\n"...)
	for _, s := range shapes {
		b = append(b, `<polygon id="`...)
		b = append(b, s.id...)
		b = append(b, `" fill="#`...)
		b = append(b, strconv.FormatUint(uint64(s.colour)|1<<24, 16)[1:]...)
		b = append(b, `" opacity="`...)
		b = appendNumber(b, s.opacity)
		b = append(b, `" points="`...)
		for i, pt := range s.points {
			if i > 0 {
				b = append(b, ' ')
			}
			b = appendNumber(b, pt.x)
			b = append(b, ',')
			b = appendNumber(b, pt.y)
		}
		b = append(b, "\"/>\n"...)
	}
	return append(b, "</svg>\n"...)
}

// appendNumber appends x, rounded to 1/1000.
func appendNumber(b []byte, x float64) []byte {
	return strconv.AppendFloat(b, math.Round(x*1000)/1000, 'f', -1, 64)
}
