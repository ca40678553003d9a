// SPDX-License-Identifier: Apache-2.0

package label

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pdfdoc"
	"github.com/d204ef64/fob/internal/tooltest"
)

var created = time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC)

// pages draws a document with poppler, one PNG file for each page.
func pages(t *testing.T, pdf []byte, dpi int) []string {
	t.Helper()
	pdftoppm := tooltest.Find(t, "pdftoppm")
	dir := t.TempDir()
	file := filepath.Join(dir, "labels.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	out, err := exec.Command(pdftoppm, "-r", fmt.Sprint(dpi), "-png", file, filepath.Join(dir, "page")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out)) // poppler has no complaints
	images, err := filepath.Glob(filepath.Join(dir, "page*.png"))
	require.NoError(t, err)
	return images
}

// scan returns the codes in a picture with their symbologies, and how often each was
// found. zbarimg reports equal barcodes of one picture once.
func scan(t *testing.T, file string) map[string]int {
	t.Helper()
	zbarimg := tooltest.Find(t, "zbarimg")
	out, err := exec.Command(zbarimg, "--quiet", "-Sdisable", "-Scode128.enable", "-Sqrcode.enable", file).Output()
	require.NoError(t, err)
	found := map[string]int{}
	for line := range strings.Lines(string(out)) {
		found[strings.TrimSpace(line)]++
	}
	return found
}

// crop cuts a rectangle out of a picture.
func crop(t *testing.T, file string, x, y, w, h int) string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	page, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	cut := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(cut, cut.Bounds(), page, image.Pt(x, y), draw.Src)
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, cut))
	name := filepath.Join(t.TempDir(), "label.png")
	require.NoError(t, os.WriteFile(name, b.Bytes(), 0o600))
	return name
}

// TestPDFCodes reads the codes of every template with zbarimg, at the resolution of the
// printer.
func TestPDFCodes(t *testing.T) {
	for _, c := range []struct {
		template string
		dpi      int
		serials  []string
	}{
		{"back-50x25", 203, []string{"2600124800001", "260012480002", "FTK200ABCD1"}},
		{"back-50x25", 300, []string{"2600124800001", "ABCDEFGH-JKLMNOPQRST", "1", "x-9"}},
		{"back-50x25", 600, []string{"2600124800001"}},
		{"back-38x13", 203, []string{"2600124800001", "260012480002"}},
		{"back-38x13", 300, []string{"FTK200ABCDEFGH"}},
		{"back-38x13", 600, []string{"2600124800001", "FTK200ABCDEFGHJKLM"}},
		{"strip-62", 203, []string{"2600124800001"}},
		{"strip-62", 300, []string{"FTK200ABCDEFGH12"}},
		{"strip-62", 600, []string{"2600124800001", "FTK200ABCDEFGH12"}},
	} {
		t.Run(fmt.Sprintf("%s at %d", c.template, c.dpi), func(t *testing.T) {
			var labels []Label
			for _, s := range c.serials {
				labels = append(labels, testLabel(t, s))
			}
			pdf, err := named(t, c.template).PDF(labels, PDFOptions{DPI: c.dpi, Created: created})
			require.NoError(t, err)
			images := pages(t, pdf, c.dpi)
			require.Len(t, images, len(labels))
			for i, file := range images {
				want := map[string]int{"CODE-128:" + c.serials[i]: 1, "QR-Code:" + c.serials[i]: 1}
				switch c.template {
				case "strip-62":
					delete(want, "CODE-128:"+c.serials[i])
				case "back-38x13":
					delete(want, "QR-Code:"+c.serials[i])
				}
				require.Equal(t, want, scan(t, file))
			}
		})
	}
}

// TestSheet cuts A4 and Letter pages into labels, and reads each. (zbarimg does not find
// all QR codes of a picture with many.)
func TestSheet(t *testing.T) {
	var labels []Label
	for i := range 32 {
		labels = append(labels, testLabel(t, fmt.Sprintf("26001248%05d", i)))
	}
	for _, c := range []struct {
		name                 string
		sheet                Sheet
		margin, gap          float64 // mm
		columns, rows, pages int
	}{
		{"A4", A4(), 10, 2, 3, 10, 2},        // columns of 52 mm in 192 mm, rows of 27 mm in 279 mm
		{"Letter", Letter(), 10, 2, 3, 9, 2}, // columns of 52 mm in 197.9 mm, rows of 27 mm in 261.4 mm
		{"exactly one", Sheet{Width: 52, Height: 27, Margin: 1}, 1, 0, 1, 1, 32},
	} {
		pdf, err := named(t, "back-50x25").PDF(labels, PDFOptions{Created: created, Sheet: c.sheet})
		require.NoError(t, err, c.name)
		const dpi = 300
		images := pages(t, pdf, dpi)
		require.Len(t, images, c.pages, c.name)
		for i := 0; i < len(labels); i += 6 { // 30 is on the second page
			cell := i % (c.columns * c.rows)
			x := c.margin + float64(cell%c.columns)*(50+c.gap)
			y := c.margin + float64(cell/c.columns)*(25+c.gap)
			file := crop(t, images[i/(c.columns*c.rows)], dots(x, dpi), dots(y, dpi), dots(50, dpi), dots(25, dpi))
			serial := labels[i].Serial.String()
			require.Equal(t, map[string]int{"CODE-128:" + serial: 1, "QR-Code:" + serial: 1}, scan(t, file), c.name)
		}
	}
	for _, s := range []Sheet{{Width: 51, Height: 200, Margin: 1}, {Width: 100, Height: 26, Margin: 1}, {Width: 210, Height: 297, Margin: -1}, {Width: 1}, {Width: 1e9, Height: 1e9}} {
		_, err := named(t, "back-50x25").PDF(labels, PDFOptions{Created: created, Sheet: s})
		require.ErrorIs(t, err, ErrOptions, "%v", s)
	}
}

// TestJapanese checks that Japanese names are right or refused. pdftotext reads the text
// from the document.
func TestJapanese(t *testing.T) {
	l := testLabel(t, "2600124800001")
	l.Customer = "みずほ\u3000銀行㈱"
	tmpl := named(t, "back-50x25")
	_, err := tmpl.PDF([]Label{l}, PDFOptions{Created: created})
	require.ErrorIs(t, err, ErrField)
	require.ErrorIs(t, err, pdfdoc.ErrText)
	require.ErrorContains(t, err, "'み' in \"みずほ\\u3000銀行㈱\" is not in the built-in font of PDF documents: give a TrueType font that has it")

	// pdftotext would read a wide space as the distance of two texts.
	l.Customer = "みずほ銀行㈱"
	font := japaneseFont(t)
	pdf, err := tmpl.PDF([]Label{l}, PDFOptions{Created: created, Font: font})
	require.NoError(t, err)
	require.Less(t, len(pdf), 500_000) // only the used characters
	pdftotext := tooltest.Find(t, "pdftotext")
	file := filepath.Join(t.TempDir(), "labels.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	out, err := exec.Command(pdftotext, file, "-").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), l.Customer)
	require.Contains(t, string(out), "EXP 11/30/31")
	require.Equal(t, map[string]int{"CODE-128:2600124800001": 1, "QR-Code:2600124800001": 1}, scan(t, pages(t, pdf, 300)[0]))

	again, err := tmpl.PDF([]Label{l}, PDFOptions{Created: created, Font: font})
	require.NoError(t, err)
	require.Equal(t, pdf, again)

	l.Customer = "ACME \u0e01" // Thai
	_, err = tmpl.PDF([]Label{l}, PDFOptions{Created: created, Font: font})
	require.ErrorIs(t, err, pdfdoc.ErrText)
	require.ErrorContains(t, err, "is not in the given font")
	l.Customer = "𠮷野家" // beyond the characters that a PDF font of this kind can number
	_, err = tmpl.PDF([]Label{l}, PDFOptions{Created: created, Font: font})
	require.ErrorIs(t, err, pdfdoc.ErrText)
}

func japaneseFont(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(tooltest.File(t, "IPA Gothic", "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf"))
	require.NoError(t, err)
	return data
}

// TestPDFText has characters of Windows-1252 that are not in Latin 1.
func TestPDFText(t *testing.T) {
	l := testLabel(t, "2600124800001")
	l.Customer = `Söhne & Œuvre “€” ~^\_`
	pdf, err := named(t, "back-50x25").PDF([]Label{l}, PDFOptions{Created: created})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "labels.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	out, err := exec.Command(tooltest.Find(t, "pdftotext"), file, "-").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), l.Customer)
}

func TestPDFOptions(t *testing.T) {
	tmpl := named(t, "back-50x25")
	labels := []Label{testLabel(t, "2600124800001")}
	for _, o := range []PDFOptions{{}, {Created: created, DPI: 72}} {
		_, err := tmpl.PDF(labels, o)
		require.ErrorIs(t, err, ErrOptions)
	}
	_, err := tmpl.PDF(nil, PDFOptions{Created: created})
	require.ErrorIs(t, err, ErrOptions)
	for _, c := range []struct{ font, want string }{
		{"ttcf\x00\x01", "a collection of fonts (.ttc)"},
		{"OTTO\x00\x01", "PostScript outlines (.otf)"},
		{"hello", "not a TrueType font"},
	} {
		_, err := tmpl.PDF(labels, PDFOptions{Created: created, Font: []byte(c.font)})
		require.ErrorIs(t, err, pdfdoc.ErrFont)
		require.ErrorContains(t, err, c.want)
	}
	one, err := tmpl.PDF(labels, PDFOptions{Created: created})
	require.NoError(t, err)
	two, err := tmpl.PDF(labels, PDFOptions{Created: created.In(time.FixedZone("JST", 9*3600))})
	require.NoError(t, err)
	require.Equal(t, one, two)
	three, err := tmpl.PDF(labels, PDFOptions{Created: created.Add(time.Hour)})
	require.NoError(t, err)
	require.NotEqual(t, one, three)
}
