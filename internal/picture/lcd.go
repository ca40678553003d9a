// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"math"
	"strconv"
)

// The numbers of segments: 8 digits of 7, 6 bars, 2 icons.
const (
	DigitSegments = 8 * 7
	Segments      = DigitSegments + bars + 2

	bars = 6
)

// SegmentName returns the name of segment i: d0.a for segment a of the leftmost digit,
// to d7.g; bar0 for the lowest bar, to bar5; tick; batt.
func SegmentName(i int) string {
	switch {
	case i < DigitSegments:
		return "d" + strconv.Itoa(i/7) + "." + string(rune('a'+i%7))
	case i < DigitSegments+bars:
		return "bar" + strconv.Itoa(i-DigitSegments)
	case i == DigitSegments+bars:
		return "tick"
	default:
		return "batt"
	}
}

// LCD is the appearance of an LCD.
type LCD struct {
	Digits   int               // 6 or 8
	Darkness [Segments]float64 // 0 to 1, in the order of SegmentName
	Black    bool              // the LCD is too hot and completely black
}

// TestPattern returns an LCD whose segments are all lit, except for two bars and the sign
// of the battery. It shows no code.
func TestPattern(digits int) LCD {
	l := LCD{Digits: digits}
	for i := range l.Darkness {
		l.Darkness[i] = 0.95
	}
	const faint = 0.04
	for i := range 7 * (8 - digits) {
		l.Darkness[7*digits+i] = 0
	}
	l.Darkness[DigitSegments+4], l.Darkness[DigitSegments+5], l.Darkness[Segments-1] = faint, faint, faint
	return l
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
	barPitch  = (digitHeight + thickness - barHeight) / (bars - 1)
	barSpace  = 44.0 // from the bars to the first digit
	iconSpace = 26.0 // from the last digit to the icons
	iconWidth = 26.0
)

// Colours as 0xRRGGBB.
const (
	lcdColour    = 0xb8c4b0
	inkColour    = 0x1a211c
	shadowColour = 0x7f8a79
)

// lcdSize returns the width and height of an LCD.
func lcdSize(digits int) (width, height float64) {
	return 2*lcdMargin + barWidth + barSpace +
		float64(float64(digits-1)*digitPitch) + digitWidth + thickness + iconSpace + iconWidth, 2*lcdMargin + digitHeight + thickness
}

// segments returns the outlines of the segments of an LCD whose upper left corner is
// (x, y), in the order of SegmentName without the missing digits. The function draw
// also gets the number of each.
func segments(digits int, x, y float64, draw func(i int, outline []point)) {
	top := y + lcdMargin
	bottom := top + digitHeight + thickness
	left := x + lcdMargin + barWidth + barSpace + thickness/2
	for i := range bars {
		y := bottom - barHeight - float64(float64(i)*barPitch)
		draw(DigitSegments+i, rect(x+lcdMargin, y, barWidth, barHeight))
	}
	for i := range digits {
		for s := range 7 {
			draw(7*i+s, segment(s, left, top+thickness/2))
		}
		left += digitPitch
	}
	left += digitWidth - digitPitch + thickness/2 + iconSpace + iconWidth/2
	draw(DigitSegments+bars, diamond(left, bottom-14, 12, 14))
	draw(DigitSegments+bars+1, battery(left, top+23))
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
		p[i] = point{x + p[i].x + float64(slant*(h-p[i].y)), y + p[i].y}
	}
	return p
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

// glass returns the shapes of an LCD, from back to front.
func (l LCD) glass(x, y float64, framed bool) []shape {
	w, h := lcdSize(l.Digits)
	background := uint32(lcdColour)
	if l.Black {
		background = inkColour
	}
	shapes := []shape{{"glass", roundedRect(x, y, w, h, 10), background, 1}}
	if framed {
		shapes = append(shapes, shape{"rim", []point{
			{x + 6, y}, {x + w - 6, y}, {x + w - 12, y + 7}, {x + 12, y + 7},
		}, shadowColour, 0.5})
	}
	segments(l.Digits, x, y, func(i int, outline []point) {
		shapes = append(shapes, shape{SegmentName(i), outline, inkColour, l.Darkness[i]})
	})
	return shapes
}

// shape is a polygon, filled by the even-odd rule: areas that overlap twice are empty.
type shape struct {
	id      string
	points  []point
	colour  uint32
	opacity float64
}

type point struct{ x, y float64 }

func rect(x, y, w, h float64) []point {
	return []point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}
}

// withHole returns outer with a hole: two closed outlines joined by a seam of zero
// width.
func withHole(outer, hole []point) []point {
	p := append(outer[:len(outer):len(outer)], outer[0])
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
		sin, cos := math.Sincos(from + float64((to-from)*float64(i))/float64(steps))
		p = append(p, point{c.x + float64(r*cos), c.y + float64(r*sin)})
	}
	return p
}
