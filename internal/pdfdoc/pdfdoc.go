// SPDX-License-Identifier: Apache-2.0

// Package pdfdoc writes PDF documents whose bytes depend only on their contents, and
// refuses text that they could not show.
//
// The built-in font has the characters of Western European languages. For others, such
// as Japanese, the caller gives a TrueType font, of which the used characters become
// part of the document.
package pdfdoc

import (
	"bytes"
	"fmt"
	"time"
	"unicode"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/encoding/charmap"

	"github.com/d204ef64/fob/internal/errclass"
)

var (
	// ErrFont is the error for a file that is not a TrueType font.
	ErrFont = errclass.New(errclass.Usage, "not a TrueType font")
	// ErrText is the error for text with characters that the font does not have.
	ErrText = errclass.New(errclass.Usage, "the font lacks characters of the text")
)

// Options describe a document.
type Options struct {
	Title   string
	Created time.Time // required: the same contents at the same time give the same bytes
	Font    []byte    // a TrueType font file; empty means Helvetica
}

// Doc is an unfinished document. Lengths are in millimetres, from the top left corner.
// Text that is passed to the methods of Fpdf must come from [Doc.Encode].
type Doc struct {
	*fpdf.Fpdf
	font *sfnt.Font // nil for the built-in font
}

const family = "document" // name of the caller's font within a document

// New returns an empty document.
func New(o Options) (*Doc, error) {
	d := &Doc{Fpdf: fpdf.New("P", "mm", "A4", "")}
	if len(o.Font) > 0 {
		font, err := parseFont(o.Font)
		if err != nil {
			return nil, err
		}
		d.font = font
		for _, style := range []string{"", "B"} {
			d.AddUTF8FontFromBytes(family, style, bytes.Clone(o.Font)) // which fpdf changes
		}
	}
	d.SetCatalogSort(true)
	d.SetCreationDate(o.Created.UTC())
	d.SetModificationDate(o.Created.UTC())
	d.SetProducer("fob", true)
	d.SetTitle(o.Title, true)
	d.SetMargins(0, 0, 0)
	d.SetAutoPageBreak(false, 0)
	d.SetCellMargin(0)
	d.SetTextSize(false, 3)
	return d, d.Error()
}

func parseFont(data []byte) (*sfnt.Font, error) {
	switch {
	case bytes.HasPrefix(data, []byte("ttcf")):
		return nil, fmt.Errorf("%w but a collection of fonts (.ttc): extract one of them to a .ttf file", ErrFont)
	case bytes.HasPrefix(data, []byte("OTTO")):
		return nil, fmt.Errorf("%w but an OpenType font with PostScript outlines (.otf): use a .ttf file", ErrFont)
	}
	font, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFont, err)
	}
	return font, nil
}

// SetTextSize selects the font of the text that follows.
func (d *Doc) SetTextSize(bold bool, mm float64) {
	style := ""
	if bold {
		style = "B"
	}
	name := family
	if d.font == nil {
		name = "Helvetica"
	}
	d.SetFont(name, style, 0)
	d.SetFontUnitSize(mm)
}

// Encode returns a text in the encoding of the font. It returns an error that wraps
// [ErrText] if the font does not have all of its characters.
func (d *Doc) Encode(text string) (string, error) {
	var b []byte
	for _, r := range text {
		if unicode.IsControl(r) {
			return "", fmt.Errorf("%w: %q in %q is a control character: remove it", ErrText, r, text)
		}
		if d.font == nil {
			c, ok := charmap.Windows1252.EncodeRune(r)
			if !ok {
				return "", fmt.Errorf("%w: %q in %q is not in the built-in font of PDF documents: give a TrueType font that has it", ErrText, r, text)
			}
			b = append(b, c)
			continue
		}
		var buf sfnt.Buffer
		if glyph, err := d.font.GlyphIndex(&buf, r); err != nil || glyph == 0 || r > 0xFFFF {
			return "", fmt.Errorf("%w: %q in %q is not in the given font: use another font", ErrText, r, text)
		}
	}
	if d.font != nil {
		return text, nil
	}
	return string(b), nil
}

// Bytes ends the document and returns it.
func (d *Doc) Bytes() ([]byte, error) {
	var b bytes.Buffer
	if err := d.Output(&b); err != nil {
		return nil, fmt.Errorf("writing a PDF document: %w", err)
	}
	return b.Bytes(), nil
}
