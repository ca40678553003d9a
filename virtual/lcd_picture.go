// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"image"

	"github.com/d204ef64/fob/internal/picture"
)

// Picture has the options for drawing a [View].
type Picture struct {
	Height int  `json:"height"` // of the picture in pixels, 16 to 2000; 0: 160
	Bezel  bool `json:"bezel"`  // draw the fob around the LCD, with its key-ring hole
}

// SVG returns the view as an SVG 1.1 document. Every segment is a polygon with an id:
// d0.a to d7.g, bar0 (the lowest) to bar5, tick and batt. Its opacity is its darkness.
// Everything else is the same for all views of an LCD, unless it is black: only the
// segments depend on the display's content.
func (v View) SVG(p Picture) []byte { return v.LCD().SVG(picture.Options(p)) }

// PNG returns the view as a PNG file, the same picture as [View.SVG].
func (v View) PNG(p Picture) ([]byte, error) { return v.LCD().PNG(picture.Options(p)) }

// Image returns the view as an image. It is transparent outside the LCD or fob.
func (v View) Image(p Picture) *image.RGBA { return v.LCD().Image(picture.Options(p)) }

// LCD returns the darkness of each segment, for the other drawings of this module.
func (v View) LCD() picture.LCD {
	l := picture.LCD{Digits: v.Digits, Black: v.Black}
	for i := range l.Darkness {
		share, changing := v.Fade[picture.SegmentName(i)]
		if !changing && v.Lit.has(i) {
			share = 1
		}
		l.Darkness[i] = v.Haze + mul(max(v.Contrast, v.Haze)-v.Haze, share)
	}
	return l
}
