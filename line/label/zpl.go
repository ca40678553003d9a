// SPDX-License-Identifier: Apache-2.0

package label

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/d204ef64/fob/internal/pdfdoc"
)

// The references are to Zebra's ZPL II Programming Guide, 45541L-004.

// ZPLOptions are about the printer.
type ZPLOptions struct {
	DPI int // dots per inch of the print head: 203, 300 or 600

	// Font is a font in the printer, such as "E:ANMDJ.TTF". Empty means font 0, which each
	// printer has. It has no Japanese characters: the printer leaves them out. See
	// [Template.CheckZPL].
	Font string
}

// fontName is the name of a font in a printer (^A@): a drive, at most 16 characters, and
// an extension.
var fontName = regexp.MustCompile(`^[A-Z]:[A-Z0-9_]{1,16}\.(FNT|TTF|TTE|OTF)$`)

// qrShift is the number of dots by which printers print a QR code below its field
// origin. It is the height in ^BY, which each label therefore sets to this value.
const qrShift = 10

// ZPL returns one label in ZPL II. The text is UTF-8 (^CI28). Any text is safe: its
// characters never become commands. The error wraps [ErrField] or [ErrOptions].
func (t *Template) ZPL(l Label, o ZPLOptions) ([]byte, error) {
	items, err := t.layoutZPL(&l, o)
	if err != nil {
		return nil, err
	}
	b := []byte("^XA\n^CI28\n")
	b = fmt.Appendf(b, "^PW%d\n^LL%d\n^LH0,0\n^LS0\n", dots(t.width, o.DPI), dots(t.height, o.DPI))
	for i := range items {
		b = items[i].appendZPL(b, o.Font)
	}
	return append(b, "^PQ1\n^XZ\n"...), nil
}

// CheckZPL is [Template.Check] for a label printer with these options. It also refuses
// text that font 0 lacks: it has the characters of Western European languages.
func (t *Template) CheckZPL(l Label, o ZPLOptions) error {
	items, err := t.layoutZPL(&l, o)
	if err != nil || o.Font != "" {
		return err
	}
	widths, err := helvetica()
	if err != nil {
		return err
	}
	for i := range items {
		for _, r := range items[i].text {
			if _, ok := widths[r]; !ok {
				return fmt.Errorf("%w: %q in %q is not in font 0 of label printers: name a font in the printer that has it", pdfdoc.ErrText, r, items[i].text)
			}
		}
	}
	return nil
}

// layoutZPL places the elements of a label for a label printer.
func (t *Template) layoutZPL(l *Label, o ZPLOptions) ([]item, error) {
	width := textWidth
	if o.Font != "" {
		if !fontName.MatchString(o.Font) {
			return nil, fmt.Errorf("%w: printer font %q, want a name in the printer such as E:ANMDJ.TTF", ErrOptions, o.Font)
		}
		width = customWidth
	}
	return t.layout(l, o.DPI, width)
}

func (it *item) appendZPL(b []byte, font string) []byte {
	switch it.kind {
	case kindBox:
		// A border as thick as the smaller side fills the box.
		return fmt.Appendf(b, "^FO%d,%d^GB%d,%d,%d^FS\n", it.x, it.y, it.w, it.h, min(it.w, it.h))
	case kindCode128:
		// Mode A selects the subsets like package barcode: C for four digits and more.
		b = fmt.Appendf(b, "^FO%d,%d^BY%d,3,%d^BCN,%d,N,N,N,A", it.x, it.y, it.module, qrShift, it.h)
		return appendFieldData(b, "", it.text, false)
	case kindQR:
		b = fmt.Appendf(b, "^FO%d,%d^BY2,3,%d^BQN,2,%d", it.x, max(0, it.y-qrShift), qrShift, it.module)
		return appendFieldData(b, "MA,", it.text, false) // correction level M, automatic input
	}
	b = fmt.Appendf(b, "^FO%d,%d", it.x, it.y)
	if font == "" {
		b = fmt.Appendf(b, "^A0N,%d,%d", it.h, it.h)
	} else {
		b = fmt.Appendf(b, "^A@N,%d,%d,%s", it.h, it.h, font)
	}
	align := map[kind]string{kindTextCenter: "C", kindTextRight: "R"}[it.kind]
	if align != "" {
		b = fmt.Appendf(b, "^FB%d,1,0,%s,0", it.w, align)
	}
	return appendFieldData(b, "", it.text, align != "")
}

// appendFieldData appends a field (^FD) with its separator. ^FH allows to write
// characters as an underscore and two hexadecimal digits: those that begin a command (^
// and ~), the underscore, and the backslash, which some printers print as ¥ or take for
// an escape. Within a block (^FB) the backslash is an escape and doubled.
func appendFieldData(b []byte, prefix, text string, block bool) []byte {
	b = append(b, "^FH_^FD"...)
	b = append(b, prefix...)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\\' && block:
			b = append(b, "_5C_5C"...)
		case c == '^', c == '~', c == '_', c == '\\', c < ' ', c == 0x7F:
			b = append(b, '_', hex(c>>4), hex(c&15))
		default:
			b = append(b, c)
		}
	}
	return append(b, "^FS\n"...)
}

func hex(nibble byte) byte { return "0123456789ABCDEF"[nibble] }

// helvetica returns the widths of the characters of Helvetica Bold in units of the font
// size.
var helvetica = sync.OnceValues(func() (map[rune]float64, error) {
	d, err := pdfdoc.New(pdfdoc.Options{Created: time.Unix(0, 0)})
	if err != nil {
		return nil, err
	}
	d.SetTextSize(true, 1)
	widths := map[rune]float64{}
	for c := range 256 {
		r := charmap.Windows1252.DecodeByte(byte(c))
		widths[r] = d.GetStringWidth(string([]byte{byte(c)}))
	}
	return widths, nil
})

// textWidth returns the width of a text in units of the font size, measured with
// Helvetica Bold. Font 0 of printers is a condensed bold font, and narrower. Characters
// that Helvetica lacks count as a square, which is right for Japanese.
func textWidth(text string) (float64, error) { return sumWidths(text, 0) }

// customWidth is textWidth for an unknown font, which may have a fixed pitch: a
// character is at least 0.6 as wide as high.
func customWidth(text string) (float64, error) { return sumWidths(text, 0.6) }

func sumWidths(text string, least float64) (float64, error) {
	widths, err := helvetica()
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, r := range text {
		w, ok := widths[r]
		if !ok {
			w = 1
		}
		sum += max(w, least)
	}
	return sum, nil
}

// DotsPerInch reads the resolution of a printer: 203, 300 or 600.
func DotsPerInch(s string) (int, error) {
	for _, dpi := range resolutions {
		if s == strconv.Itoa(dpi) {
			return dpi, nil
		}
	}
	return 0, fmt.Errorf("%w: %q dots per inch, want 203, 300 or 600", ErrOptions, s)
}
