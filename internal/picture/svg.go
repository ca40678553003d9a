// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"math"
	"strconv"
)

// SVG returns the LCD as an SVG 1.1 document. Every segment is a polygon whose id is its
// name. Its opacity is its darkness. Everything else is the same for all states of an
// LCD, unless it is black.
func (l LCD) SVG(o Options) []byte {
	shapes, w, h := l.scene(o.Bezel)
	px := o.pixels()
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
		b = append(b, `" fill="`...)
		b = append(b, hexColour(s.colour)...)
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

// hexColour returns a colour in the notation of CSS.
func hexColour(c uint32) string { return "#" + strconv.FormatUint(uint64(c)|1<<24, 16)[1:] }
