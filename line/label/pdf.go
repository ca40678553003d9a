// SPDX-License-Identifier: Apache-2.0

package label

import (
	"fmt"
	"time"

	"github.com/go-pdf/fpdf"

	"github.com/d204ef64/fob/internal/pdfdoc"
)

// Sheet is a page with many labels, in rows from the top left. The zero value is a page
// for each label, of the label's size. Lengths are in millimetres.
type Sheet struct {
	Width, Height float64
	Margin        float64 // on all four sides
	Gap           float64 // between labels
}

// A4 and Letter return sheets of these sizes for plain paper. Each label has a thin
// border, along which it is cut.
func A4() Sheet { return Sheet{Width: 210, Height: 297, Margin: 10, Gap: 2} }

// Letter is described at [A4].
func Letter() Sheet { return Sheet{Width: 215.9, Height: 279.4, Margin: 10, Gap: 2} }

// PDFOptions are about the document.
type PDFOptions struct {
	DPI     int       // bars are whole dots wide: 203, 300 or 600; 0 means 300
	Created time.Time // required; the same labels at the same time give the same bytes
	Sheet   Sheet     // zero for one label per page

	// Font is a TrueType font file (.ttf), for text with characters that the built-in
	// Helvetica does not have, such as Japanese. Without it such text is an error.
	Font []byte
}

// PDF returns a document with the labels in their order. The error wraps [ErrField],
// [ErrOptions], or the error for a font.
func (t *Template) PDF(labels []Label, o PDFOptions) ([]byte, error) {
	if o.DPI == 0 {
		o.DPI = 300
	}
	if o.Created.IsZero() {
		return nil, fmt.Errorf("%w: a PDF document needs its time of creation", ErrOptions)
	}
	if len(labels) == 0 {
		return nil, fmt.Errorf("%w: no labels for a PDF document", ErrOptions)
	}
	columns, rows, err := t.grid(o.Sheet)
	if err != nil {
		return nil, err
	}
	d, err := pdfdoc.New(pdfdoc.Options{Title: "Labels", Created: o.Created, Font: o.Font})
	if err != nil {
		return nil, fmt.Errorf("reading the font for labels: %w", err)
	}
	d.SetTextSize(true, 1)
	width := func(text string) (float64, error) {
		encoded, err := d.Encode(text)
		if err != nil {
			return 0, err
		}
		d.SetTextSize(true, 1)
		return d.GetStringWidth(encoded), nil
	}
	for i := range labels {
		items, err := t.layout(&labels[i], o.DPI, width)
		if err != nil {
			return nil, err
		}
		cell := i % (columns * rows)
		if cell == 0 {
			t.addPage(d, o.Sheet)
		}
		x := o.Sheet.Margin + float64(cell%columns)*(t.width+o.Sheet.Gap)
		y := o.Sheet.Margin + float64(cell/columns)*(t.height+o.Sheet.Gap)
		if o.Sheet != (Sheet{}) {
			d.SetLineWidth(0.1)
			d.SetDrawColor(160, 160, 160)
			d.Rect(x, y, t.width, t.height, "D")
		}
		for k := range items {
			if err := items[k].drawPDF(d, x, y, 25.4/float64(o.DPI)); err != nil {
				return nil, err
			}
		}
	}
	return d.Bytes()
}

// grid returns the number of labels side by side and below each other.
func (t *Template) grid(s Sheet) (columns, rows int, err error) {
	if s == (Sheet{}) {
		return 1, 1, nil
	}
	const most = 5000 // largest page of the PDF format, rounded down
	ok := s.Width > 0 && s.Height > 0 && s.Margin >= 0 && s.Gap >= 0 && s.Width <= most && s.Height <= most
	if ok {
		columns = int((s.Width - 2*s.Margin + s.Gap) / (t.width + s.Gap))
		rows = int((s.Height - 2*s.Margin + s.Gap) / (t.height + s.Gap))
	}
	if columns < 1 || rows < 1 {
		return 0, 0, fmt.Errorf("%w: a label of %s x %s mm does not fit on a sheet of %s x %s mm with margins of %s mm", ErrOptions,
			millimetres(t.width), millimetres(t.height), millimetres(s.Width), millimetres(s.Height), millimetres(s.Margin))
	}
	return columns, rows, nil
}

func (t *Template) addPage(d *pdfdoc.Doc, s Sheet) {
	size := fpdf.SizeType{Wd: s.Width, Ht: s.Height}
	if s == (Sheet{}) {
		size = fpdf.SizeType{Wd: t.width, Ht: t.height}
	}
	d.AddPageFormat("P", size)
}

// drawPDF draws an item of a label whose corner is at left and top. A dot is mm wide.
func (it *item) drawPDF(d *pdfdoc.Doc, left, top, mm float64) error {
	x, y := left+float64(it.x)*mm, top+float64(it.y)*mm
	w, h := float64(it.w)*mm, float64(it.h)*mm
	d.SetFillColor(0, 0, 0)
	switch it.kind {
	case kindBox:
		d.Rect(x, y, w, h, "F")
		return nil
	case kindCode128, kindQR:
		module := float64(it.module) * mm
		for i, row := range it.modules {
			rowHeight := module
			if it.kind == kindCode128 {
				rowHeight = h
			}
			for _, run := range darkRuns(row) {
				x1, x2 := x+float64(run.from)*module, x+float64(run.to)*module
				y1 := y + float64(i)*module
				d.MoveTo(x1, y1)
				d.LineTo(x2, y1)
				d.LineTo(x2, y1+rowHeight)
				d.LineTo(x1, y1+rowHeight)
				d.ClosePath()
			}
		}
		d.DrawPath("F") // all at once: screens show no hairlines between the modules
		return nil
	}
	encoded, err := d.Encode(it.text)
	if err != nil {
		return err
	}
	d.SetTextSize(true, h)
	switch space := w - d.GetStringWidth(encoded); it.kind {
	case kindTextCenter:
		x += space / 2
	case kindTextRight:
		x += space
	}
	const ascent = 0.75 // of the font size, as in printers
	d.Text(x, y+ascent*h, encoded)
	return nil
}

type span struct{ from, to int }

// darkRuns returns the runs of dark modules.
func darkRuns(row []bool) (runs []span) {
	for i := 0; i < len(row); i++ {
		from := i
		for i < len(row) && row[i] {
			i++
		}
		if i > from {
			runs = append(runs, span{from, i})
		}
	}
	return runs
}
