// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// Fob is the outside of a token.
type Fob struct {
	Digits int  // of the LCD, 6 or 8
	Button bool // has a button beside the LCD

	// Label describes the picture to screen readers. Without it they skip the picture.
	Label string

	// ID is the beginning of the ids in the picture, "" for "fob". Pictures in the HTML
	// of one page need different ones.
	ID string

	// Mark is a part with a line around it, for a page that asks for its content.
	Mark Mark
}

// Mark is a part of a fob that a picture can mark.
type Mark int

// The parts.
const (
	MarkNothing Mark = iota
	MarkCode         // the digits on the front
	MarkSerial       // the serial number on the back
	MarkExpiry       // the expiry date on the back
)

// markColour has a contrast of 3 and more with the LCD and with the label.
const markColour = "#b3261e"

// mark draws a line around a rectangle.
func (s *sheet) mark(x, y, w, h float64) {
	s.add(`<rect class="fob-mark" x="%s" y="%s" width="%s" height="%s" rx="12" fill="none" stroke="%s" stroke-width="7"/>`,
		x, y, w, h, markColour)
}

// The dimensions of the button, in the units of the LCD.
const (
	buttonSpace  = 146.0 // additional margin on the right
	buttonRadius = 50.0
)

// size returns the width and height of a fob.
func (f Fob) size() (width, height float64) {
	w, h := lcdSize(f.Digits)
	width, height = w+2*fobMargin+fobRing, h+2*fobMargin
	if f.Button {
		width += buttonSpace
	}
	return width, height
}

// Pixels returns the width and height of the pictures of a fob, if a page does not set
// them.
func (f Fob) Pixels() (width, height int) {
	w, h := f.size()
	const pixels = 180
	return int(math.Round(pixels * w / h)), pixels
}

// buttonCentre returns the centre of the button.
func (f Fob) buttonCentre() point {
	w, h := f.size()
	return point{w - fobMargin/2 - buttonSpace/2, h / 2}
}

// Front returns the front of a fob with its LCD, as an SVG document without a style
// attribute. In HTML, a script finds the nested svg element of the LCD by its class
// fob-lcd, and the button by fob-button. The segments of l are left out if they are
// invisible, as all of them are in the zero value.
func Front(f Fob, l LCD) []byte {
	l.Digits = f.Digits
	s := newSheet(f, false)
	w, h := lcdSize(f.Digits)
	x, y := fobMargin+fobRing, fobMargin
	const frame = frameSpace
	s.add(`<rect x="%s" y="%s" width="%s" height="%s" rx="20" fill="url(#%s-frame)" stroke="#0b0d0f" stroke-width="2"/>`,
		x-frame, y-frame, w+2*frame, h+2*frame, s.id)
	s.add(`<rect x="%s" y="%s" width="%s" height="%s" rx="18" fill="none" stroke="#ffffff" stroke-opacity=".14" stroke-width="1.5"/>`,
		x-frame+2.5, y-frame+2.5, w+2*frame-5, h+2*frame-5)
	glass := fmt.Sprintf("url(#%s-glass)", s.id)
	if l.Black {
		glass = hexColour(inkColour)
	}
	s.add(`<rect x="%s" y="%s" width="%s" height="%s" rx="10" fill="%s"/>`, x, y, w, h, glass)
	s.add(`<rect x="%s" y="%s" width="%s" height="26" rx="10" fill="url(#%s-rim)"/>`, x, y, w, s.id)
	// A reflection across the window.
	s.add(`<path fill="#ffffff" opacity=".12" d="%s"/>`, path([]point{
		{x + float64(w*0.60), y}, {x + float64(w*0.80), y}, {x + float64(w*0.66), y + h}, {x + float64(w*0.46), y + h},
	}))
	s.add(`<svg class="fob-lcd" x="%s" y="%s" width="%s" height="%s" viewBox="0 0 %s %s">`, x, y, w, h, w, h)
	segments(l.Digits, 0, 0, func(i int, outline []point) {
		if d := l.Darkness[i]; d > 0 {
			s.add(`<path fill="%s" fill-rule="evenodd" opacity="%s" d="%s"/>`, hexColour(inkColour), d, path(outline))
		}
	})
	s.add(`</svg>`)
	if f.Mark == MarkCode {
		const around = 16.0
		s.mark(x+lcdMargin+barWidth+barSpace-around, y+lcdMargin-around,
			float64(float64(f.Digits-1)*digitPitch)+digitWidth+thickness+2*around, digitHeight+thickness+2*around)
	}
	if f.Button {
		s.button(f.buttonCentre())
	}
	return s.end()
}

// button draws the button.
func (s *sheet) button(c point) {
	s.add(`<circle cx="%s" cy="%s" r="%s" fill="url(#%s-frame)" stroke="#1d232a" stroke-width="2"/>`, c.x, c.y, buttonRadius+9, s.id)
	s.add(`<g class="fob-button"><circle cx="%s" cy="%s" r="%s" fill="url(#%s-button)" stroke="#20262d" stroke-width="2"/>`,
		c.x, c.y, buttonRadius, s.id)
	s.add(`<circle cx="%s" cy="%s" r="%s" fill="none" stroke="#ffffff" stroke-opacity=".22" stroke-width="2"/>`, c.x, c.y, buttonRadius-3)
	s.add(`<circle cx="%s" cy="%s" r="%s" fill="url(#%s-dent)"/></g>`, c.x, c.y, buttonRadius-14, s.id)
}

// sheet is an SVG document that is being drawn. Its numbers have at most three digits
// after the point.
type sheet struct {
	bytes.Buffer
	id string
}

// newSheet begins the picture of one side of a fob, and draws its case. The back is
// seen from behind: its key-ring hole is on the right.
func newSheet(f Fob, back bool) *sheet {
	s := &sheet{id: f.ID}
	if s.id == "" {
		s.id = "fob"
	}
	role := `aria-hidden="true"`
	if f.Label != "" {
		role = fmt.Sprintf(`role="img" aria-label="%s"`, html.EscapeString(f.Label))
	}
	w, h := f.size()
	side := "front"
	if back {
		side = "back"
	}
	width, height := f.Pixels()
	s.add(`<svg xmlns="http://www.w3.org/2000/svg" class="fob-picture fob-%s" viewBox="0 0 %s %s" width="%d" height="%d" %s>`,
		side, w, h, width, height, role)
	s.add(`<defs>`)
	for _, g := range gradients {
		s.gradient(g)
	}
	s.add(`</defs>`)
	hole := holeCentre(h)
	if back {
		hole.x = w - hole.x
	}
	r := cornerRadius(h)
	outline := func(by, r float64) string {
		return rounded(by, by, w-2*by, h-2*by, r) + ring(hole, holeRadius)
	}
	s.add(`<path fill="%s" fill-rule="evenodd" d="%s"/>`, "#171c22", outline(0, r+2))
	s.add(`<path fill="url(#%s-case)" fill-rule="evenodd" d="%s"/>`, s.id, outline(3, r-1))
	s.add(`<path fill="none" stroke="url(#%s-edge)" stroke-width="3" d="%s"/>`, s.id, rounded(5, 5, w-10, h-10, r-3))
	s.add(`<path fill="url(#%s-metal)" fill-rule="evenodd" stroke="#1d232a" stroke-width="1.5" d="%s"/>`,
		s.id, ring(hole, ringRadius)+ring(hole, holeRadius))
	return s
}

func (s *sheet) end() []byte {
	s.add(`</svg>`)
	return s.Bytes()
}

// add writes a line. Lengths are written short.
func (s *sheet) add(format string, args ...any) {
	for i, a := range args {
		if x, ok := a.(float64); ok {
			args[i] = string(appendNumber(nil, x))
		}
	}
	fmt.Fprintf(s, format+"\n", args...)
}

// gradient is a transition between colours, from the top to the bottom or, if it is
// round, from the upper left of the middle outwards. Colours are in the notation of CSS.
type gradient struct {
	name  string
	round bool
	stops []stop
}

type stop struct {
	at      float64
	colour  string
	opacity float64
}

var gradients = []gradient{
	{"case", false, []stop{{0, "#566373", 1}, {0.18, "#424e5c", 1}, {0.6, "#36404b", 1}, {1, "#262d35", 1}}},
	{"edge", false, []stop{{0, "#ffffff", 0.42}, {0.3, "#ffffff", 0.06}, {0.8, "#000000", 0.1}, {1, "#000000", 0.45}}},
	{"metal", false, []stop{{0, "#e3e8ed", 1}, {0.45, "#98a2ac", 1}, {0.55, "#7b858f", 1}, {1, "#c3cbd2", 1}}},
	{"frame", false, []stop{{0, "#0e1114", 1}, {1, "#20262c", 1}}},
	{"glass", false, []stop{{0, "#aab6a2", 1}, {0.25, "#b8c4b0", 1}, {1, "#c4cfbc", 1}}},
	{"rim", false, []stop{{0, "#39412f", 0.5}, {1, "#39412f", 0}}},
	{"button", false, []stop{{0, "#c9d1d9", 1}, {0.5, "#9aa5b0", 1}, {1, "#6f7a85", 1}}},
	{"dent", true, []stop{{0, "#5d6873", 0.55}, {0.75, "#8b96a1", 0.25}, {1, "#ffffff", 0.18}}},
	{"label", false, []stop{{0, "#fbfaf4", 1}, {1, "#e9e6da", 1}}},
}

func (s *sheet) gradient(g gradient) {
	element, direction := "linearGradient", `x1="0" y1="0" x2="0" y2="1"`
	if g.round {
		element, direction = "radialGradient", `cx=".42" cy=".36" r=".7"`
	}
	s.add(`<%s id="%s-%s" %s>`, element, s.id, g.name, direction)
	for _, p := range g.stops {
		s.add(`<stop offset="%s" stop-color="%s" stop-opacity="%s"/>`, p.at, p.colour, p.opacity)
	}
	s.add(`</%s>`, element)
}

// path returns the path of a polygon.
func path(outline []point) string {
	var b []byte
	for i, p := range outline {
		b = append(b, "ML"[min(i, 1)])
		b = appendNumber(b, p.x)
		b = append(b, ' ')
		b = appendNumber(b, p.y)
	}
	return string(append(b, 'Z'))
}

// rounded returns the path of a rectangle with round corners.
func rounded(x, y, w, h, r float64) string {
	n := func(x float64) string { return string(appendNumber(nil, x)) }
	turn := func(x, y float64) string { return "a" + n(r) + " " + n(r) + " 0 0 1 " + n(x) + " " + n(y) }
	return "M" + n(x+r) + " " + n(y) + "h" + n(w-2*r) + turn(r, r) + "v" + n(h-2*r) + turn(-r, r) +
		"h" + n(2*r-w) + turn(-r, -r) + "v" + n(2*r-h) + turn(r, -r) + "Z"
}

// ring returns the path of a circle.
func ring(c point, r float64) string {
	n := func(x float64) string { return string(appendNumber(nil, x)) }
	half := func(x float64) string { return "a" + n(r) + " " + n(r) + " 0 1 1 " + n(x) + " 0" }
	return "M" + n(c.x-r) + " " + n(c.y) + half(2*r) + half(-2*r) + "Z"
}
