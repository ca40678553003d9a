// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"fmt"
	"html"
	"unicode/utf8"

	"github.com/d204ef64/fob/internal/barcode"
)

// BackLabel is the content of the label on the back of a fob.
type BackLabel struct {
	Serial string // "" for a blank label, before provisioning
	Expiry string // as printed; "" if there is none
	Model  string
}

const (
	sans       = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
	monospaced = "'DejaVu Sans Mono', Menlo, Consolas, monospace"
	labelInk   = "#1b2026"
)

// Back returns the back of a fob: its label has the serial number as text and in Code
// 128, the expiry date and the model. A serial number that Code 128 cannot hold is shown
// only as text.
func Back(f Fob, l BackLabel) []byte {
	s := newSheet(f, true)
	w, h := f.size()
	x, y := fobMargin, fobMargin-8.0
	width, height := w-fobRing-2*fobMargin, h-2*y
	s.add(`<rect x="%s" y="%s" width="%s" height="%s" rx="14" fill="#11151a"/>`, x-2, y-2, width+4, height+4)
	s.add(`<rect class="fob-label" x="%s" y="%s" width="%s" height="%s" rx="12" fill="url(#%s-label)"/>`, x, y, width, height, s.id)
	margin := s.barcode(x, y+58, width, 64, l.Serial)
	left, right := x+margin, x+width-margin
	if l.Expiry != "" {
		right -= s.printed(right, y+42, 31, "EXP "+l.Expiry, true, f.Mark == MarkExpiry) + 24
	}
	if l.Serial != "" {
		s.printed(left, y+170, 38, "S/N "+l.Serial, false, f.Mark == MarkSerial)
	}
	s.model(left, y+42, right-left, l.Model)
	return s.end()
}

// barcode draws a text in Code 128, w wide with its quiet zones. It returns the width of
// a quiet zone, which is also the margin of a label without a barcode.
func (s *sheet) barcode(x, y, w, h float64, text string) (quiet float64) {
	modules, err := barcode.Code128(text)
	if err != nil {
		return 36
	}
	module := w / float64(len(modules))
	s.add(`<g class="fob-barcode" fill="%s" shape-rendering="crispEdges">`, labelInk)
	for i := 0; i < len(modules); i++ {
		from := i
		for i < len(modules) && modules[i] {
			i++
		}
		if i > from {
			s.add(`<rect x="%s" y="%s" width="%s" height="%s"/>`,
				x+float64(float64(from)*module), y, float64(float64(i-from)*module), h)
		}
	}
	s.add(`</g>`)
	return float64(barcode.Code128Quiet * module)
}

// printed writes a line of digits and capitals in the font of label printers, in which
// each character has the same width. It returns the width of the line.
func (s *sheet) printed(x, y, size float64, text string, atRight, marked bool) (width float64) {
	width = float64(float64(utf8.RuneCountInString(text)) * (size * 0.602))
	if atRight {
		x -= width
	}
	s.add(`<text x="%s" y="%s" font-size="%s" font-family="%s" font-weight="700" textLength="%s" lengthAdjust="spacingAndGlyphs" fill="%s">%s</text>`,
		x, y, size, monospaced, width, labelInk, html.EscapeString(text))
	if marked {
		s.mark(x-14, y-size, width+28, float64(size*1.35))
	}
	return width
}

// model writes the model, narrower if it is too long for the space.
func (s *sheet) model(x, y, space float64, text string) {
	if text == "" {
		return
	}
	const size = 27.0
	narrow := ""
	if estimate := float64(float64(utf8.RuneCountInString(text)) * (size * 0.6)); estimate > space {
		narrow = fmt.Sprintf(` textLength="%d" lengthAdjust="spacingAndGlyphs"`, int(space))
	}
	s.add(`<text x="%s" y="%s" font-size="%s" font-family="%s" font-weight="600"%s fill="%s">%s</text>`,
		x, y, size, sans, narrow, labelInk, html.EscapeString(text))
}
