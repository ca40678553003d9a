// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"fmt"
	"strings"

	"github.com/d204ef64/fob/internal/pdfdoc"
)

// Lengths in millimetres.
const (
	margin     = 20.0
	textWidth  = 210 - 2*margin
	bottom     = 297 - 22.0 // text ends here; the page number is below
	size       = 3.2        // of the font
	lineHeight = 4.8
	padding    = 1.0
)

type align uint8

const (
	left align = iota
	center
	right
)

// page writes a document from top to bottom. After an error it writes nothing.
type page struct {
	doc *pdfdoc.Doc
	y   float64
	err error
}

func newPage(doc *pdfdoc.Doc, title, footer string) *page {
	p := &page{doc: doc}
	doc.AliasNbPages("{pages}")
	doc.SetFooterFunc(func() {
		doc.SetTextColor(90, 90, 90)
		p.text(margin, 297-14, textWidth*0.75, 2.6, false, left, footer)
		p.text(margin+textWidth*0.75, 297-14, textWidth*0.25, 2.6, false, right, fmt.Sprintf("Page %d of {pages}", doc.PageNo()))
		doc.SetTextColor(0, 0, 0)
	})
	p.add()
	p.text(margin, p.y, textWidth, 7, true, left, title)
	p.y += 12
	return p
}

func (p *page) add() {
	p.doc.AddPage()
	p.y = margin
}

// reserve begins a new page unless height fits on this one. It reports whether it did.
func (p *page) reserve(height float64) bool {
	if p.y+height <= bottom {
		return false
	}
	p.add()
	return true
}

// text writes one line into a field.
func (p *page) text(x, y, w, size float64, bold bool, a align, text string) {
	encoded, err := p.doc.Encode(text)
	if err != nil {
		if p.err == nil {
			p.err = err
		}
		return
	}
	p.doc.SetTextSize(bold, size)
	space := w - p.doc.GetStringWidth(encoded)
	if strings.Contains(text, "{pages}") {
		space += p.doc.GetStringWidth("{pages}") - p.doc.GetStringWidth("0")
	}
	switch a {
	case center:
		x += space / 2
	case right:
		x += space
	}
	p.doc.Text(x, y+0.8*size, encoded)
}

// split breaks a text into lines of at most w. It breaks between words if it can.
func (p *page) split(text string, w float64, bold bool) []string {
	if _, err := p.doc.Encode(text); err != nil {
		if p.err == nil {
			p.err = err
		}
		return []string{""}
	}
	fits := func(s string) bool {
		encoded, err := p.doc.Encode(s)
		return err == nil && p.doc.GetStringWidth(encoded) <= w
	}
	p.doc.SetTextSize(bold, size)
	var lines []string
	rest := []rune(strings.TrimSpace(text))
	for len(rest) > 0 && !fits(string(rest)) {
		n := 1
		for n < len(rest) && fits(string(rest[:n+1])) {
			n++
		}
		if i := strings.LastIndexByte(string(rest[:n+1]), ' '); i > 0 {
			n = len([]rune(string(rest[:n+1])[:i]))
		}
		lines = append(lines, strings.TrimSpace(string(rest[:n])))
		rest = []rune(strings.TrimSpace(string(rest[n:])))
	}
	return append(lines, string(rest))
}

// heading writes a heading, on the same page as the first lines that follow.
func (p *page) heading(text string) {
	p.y += 4
	p.reserve(8 + 4*lineHeight)
	p.text(margin, p.y, textWidth, 4.4, true, left, text)
	p.y += 7
}

// facts writes names and values.
func (p *page) facts(rows [][2]string) {
	const nameWidth = 45.0
	for _, r := range rows {
		names := p.split(r[0], nameWidth-2*padding, false)
		values := p.split(r[1], textWidth-nameWidth, false)
		p.reserve(lineHeight * float64(min(max(len(names), len(values)), 40)))
		for i := range max(len(names), len(values)) {
			p.reserve(lineHeight)
			if i < len(names) {
				p.doc.SetTextColor(90, 90, 90)
				p.text(margin, p.y, nameWidth, size, false, left, names[i])
				p.doc.SetTextColor(0, 0, 0)
			}
			if i < len(values) {
				p.text(margin+nameWidth, p.y, textWidth-nameWidth, size, false, left, values[i])
			}
			p.y += lineHeight
		}
	}
}

// column is a column of a table. The widths of a table add up to textWidth.
type column struct {
	name  string
	width float64
	align align
}

// table writes a table. Its header is repeated on each page.
func (p *page) table(columns []column, rows [][]string) {
	header := func() {
		p.doc.SetFillColor(228, 232, 236)
		p.doc.Rect(margin, p.y, textWidth, lineHeight+0.6, "F")
		x := margin
		for _, c := range columns {
			p.text(x+padding, p.y+0.9, c.width-2*padding, size, true, c.align, c.name)
			x += c.width
		}
		p.y += lineHeight + 0.6
	}
	p.y += 1
	p.reserve(3 * lineHeight)
	header()
	for _, row := range rows {
		cells := make([][]string, len(columns))
		most := 1
		for i, c := range columns {
			cells[i] = p.split(row[i], c.width-2*padding, false)
			most = max(most, len(cells[i]))
		}
		// A row that is longer than a page breaks inside.
		if p.reserve(lineHeight * float64(min(most, 40))) {
			header()
		}
		for n := range most {
			if p.reserve(lineHeight) {
				header()
			}
			x := margin
			for i, c := range columns {
				if n < len(cells[i]) {
					p.text(x+padding, p.y+0.7, c.width-2*padding, size, false, c.align, cells[i][n])
				}
				x += c.width
			}
			p.y += lineHeight
		}
		p.doc.SetDrawColor(205, 210, 215)
		p.doc.SetLineWidth(0.1)
		p.doc.Line(margin, p.y, margin+textWidth, p.y)
	}
	p.y += 1.5
}
