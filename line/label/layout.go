// SPDX-License-Identifier: Apache-2.0

package label

import (
	"fmt"
	"math"
	"slices"

	"github.com/d204ef64/fob/internal/barcode"
)

// minModule is the width of the narrowest bar of a barcode in dots. The width of a
// single dot depends too much on the print head to be read safely.
const minModule = 2

// resolutions are the dots per inch of label printers.
var resolutions = []int{203, 300, 600}

// item is an element of one label. Lengths are in dots.
type item struct {
	kind       kind
	x, y, w, h int
	text       string
	module     int      // width of a module, for codes
	modules    [][]bool // rows of a code without its quiet zone; a barcode has one
}

// Check reports an error if the label cannot be printed with the template at dpi dots
// per inch (203, 300 or 600): a text is too long, or a code does not fit. Check the
// labels with the longest fields of an order. The error wraps [ErrField] or
// [ErrOptions].
//
// The width of text is an estimate for printers, whose built-in font is narrower than
// the font that is measured.
func (t *Template) Check(l Label, dpi int) error {
	_, err := t.layout(&l, dpi, textWidth)
	return err
}

// layout places the elements of a label. The function width returns the width of a text
// in units of the font size.
func (t *Template) layout(l *Label, dpi int, width func(text string) (float64, error)) ([]item, error) {
	if !slices.Contains(resolutions, dpi) {
		return nil, fmt.Errorf("%w: %d dots per inch, want 203, 300 or 600", ErrOptions, dpi)
	}
	if err := l.validate(); err != nil {
		return nil, err
	}
	var items []item
	for i := range t.elements {
		e := &t.elements[i]
		text := e.fill(l)
		if text == "" && e.kind != kindBox {
			continue
		}
		it, err := e.place(text, dpi, width)
		if err != nil {
			return nil, fmt.Errorf("%w: serial number %s, template %s, line %d: %w", ErrField, l.Serial, t.name, e.line, err)
		}
		items = append(items, it)
	}
	return items, nil
}

func (e *element) place(text string, dpi int, width func(string) (float64, error)) (item, error) {
	it := item{
		kind: e.kind, text: text,
		x: dots(e.x, dpi), y: dots(e.y, dpi), w: max(1, dots(e.w, dpi)), h: max(1, dots(e.h, dpi)),
	}
	var err error
	switch e.kind {
	case kindBox:
	case kindCode128:
		err = it.placeCode128(dpi)
	case kindQR:
		err = it.placeQR(dpi)
	default:
		var w float64
		w, err = width(text)
		if w *= e.h; err == nil && w > e.w {
			err = fmt.Errorf("the text %q is %s mm wide, but there is room for %s mm: use a shorter text, a smaller font or a wider field",
				text, millimetres(w), millimetres(e.w))
		}
	}
	return it, err
}

func (it *item) placeCode128(dpi int) error {
	for _, r := range it.text {
		// ZPL uses > to select subsets.
		if r < ' ' || r > '~' || r == '>' {
			return fmt.Errorf("%q contains %q, but Code 128 takes printable ASCII characters except >", it.text, r)
		}
	}
	modules, err := barcode.Code128(it.text)
	if err != nil {
		return fmt.Errorf("%q: %w", it.text, err)
	}
	if err := it.scale(len(modules), dpi); err != nil {
		return err
	}
	const quiet = barcode.Code128Quiet
	it.modules = [][]bool{modules[quiet : len(modules)-quiet]}
	it.x += (it.w - len(it.modules[0])*it.module) / 2
	it.w = len(it.modules[0]) * it.module
	return nil
}

func (it *item) placeQR(dpi int) error {
	for _, r := range it.text {
		if r < ' ' || r > '~' {
			return fmt.Errorf("%q contains %q, but QR codes take printable ASCII characters", it.text, r)
		}
	}
	modules, err := barcode.QR(it.text)
	if err != nil {
		return fmt.Errorf("%q: %w", it.text, err)
	}
	if err := it.scale(len(modules), dpi); err != nil {
		return err
	}
	const quiet = barcode.QRQuiet
	n := len(modules) - 2*quiet
	for _, row := range modules[quiet : quiet+n] {
		it.modules = append(it.modules, row[quiet:quiet+n])
	}
	it.x += (it.w - n*it.module) / 2
	it.y += (it.h - n*it.module) / 2
	it.w, it.h = n*it.module, n*it.module
	return nil
}

// scale computes the module of a code that is n modules wide, with its quiet zone.
func (it *item) scale(n, dpi int) error {
	const most = 10 // limit of ^BY and ^BQ
	it.module = min(it.w/n, most)
	if it.module < minModule {
		return fmt.Errorf("the code of %q is at least %s mm wide at %d dots per inch, but there is room for %s mm: use a wider field, a shorter text or a finer printer",
			it.text, millimetres(math.Ceil(float64(n*minModule)*254/float64(dpi))/10), dpi, millimetres(float64(it.w)*25.4/float64(dpi)))
	}
	return nil
}

// dots converts millimetres.
func dots(mm float64, dpi int) int { return int(math.Round(mm * float64(dpi) / 25.4)) }
