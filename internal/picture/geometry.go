// SPDX-License-Identifier: Apache-2.0

package picture

// GeometryJSON has the outlines of an LCD, for a script that draws it. The origin is the
// upper left corner of the LCD.
type GeometryJSON struct {
	Digits int     `json:"digits"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`

	// Shapes are the paths of the glass and of the segments, by name: see [SegmentName].
	// They are filled by the even-odd rule.
	Shapes  map[string]string `json:"shapes"`
	Colours Colours           `json:"colours"`

	// Front and FrontButton are the viewBoxes of the pictures of a fob without and with
	// a button, with the same origin. A page that has many fobs can place an svg element
	// with this viewBox over an image of an empty front.
	Front       string `json:"front"`
	FrontButton string `json:"front_button"`
}

// Colours are the colours of an LCD.
type Colours struct {
	Glass string `json:"glass"`
	Ink   string `json:"ink"`
}

// Geometry returns the outlines of an LCD with 6 or 8 digits.
func Geometry(digits int) GeometryJSON {
	w, h := lcdSize(digits)
	g := GeometryJSON{
		Digits: digits, Width: w, Height: h, Shapes: map[string]string{"glass": rounded(0, 0, w, h, 10)},
		Colours: Colours{hexColour(lcdColour), hexColour(inkColour)},
		Front:   Fob{Digits: digits}.viewBox(), FrontButton: Fob{Digits: digits, Button: true}.viewBox(),
	}
	segments(digits, 0, 0, func(i int, outline []point) { g.Shapes[SegmentName(i)] = path(outline) })
	return g
}

// viewBox returns the area of a fob's front. The origin is the upper left corner of the
// LCD.
func (f Fob) viewBox() string {
	w, h := f.size()
	b := appendNumber(nil, -fobMargin-fobRing)
	for _, x := range []float64{-fobMargin, w, h} {
		b = appendNumber(append(b, ' '), x)
	}
	return string(b)
}
