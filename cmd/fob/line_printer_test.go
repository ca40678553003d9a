// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/line/order"
)

// TestLabelFonts opens printers for the order of a Japanese customer. The characters of
// Helvetica are the ones of Windows-1252.
func TestLabelFonts(t *testing.T) {
	japanese, western := orderOf(t, "青空銀行"), orderOf(t, "Söhne & Cie")
	const ipa = "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf"
	for _, c := range []struct {
		flags printerFlags
		want  string
	}{
		{printerFlags{format: "zpl"}, "青.* is not in font 0 of label printers: name a font in the printer that has it \\(--label-font-name\\)$"},
		{printerFlags{format: "pdf"}, "青.* is not in the built-in font of PDF documents: give a TrueType font that has it \\(--label-font\\)$"},
		{printerFlags{format: "zpl", inside: "ANMDJ"}, `printer font "ANMDJ", want a name in the printer such as E:ANMDJ.TTF$`},
		{printerFlags{format: "zpl", font: ipa}, "--label-font goes with --label-format pdf"},
		{printerFlags{format: "pdf", inside: "E:ANMDJ.TTF"}, "--label-font-name goes with --label-format zpl"},
		{printerFlags{format: "pdf", font: "missing.ttf"}, "^reading the font: open missing.ttf: no such file"},
		{printerFlags{format: "pdf", font: "line_printer_test.go"}, "not a TrueType font.* \\(--label-font\\)$"},
	} {
		c.flags.addr, c.flags.dpi = "file:"+t.TempDir(), 300
		_, err := c.flags.open(t.Context(), japanese, true)
		require.Error(t, err)
		require.Regexp(t, c.want, err.Error())
	}
	for _, c := range []printerFlags{{format: "zpl", inside: "E:ANMDJ.TTF"}, {format: "pdf", font: tooltest.File(t, "IPA Gothic", ipa)}} {
		c.addr, c.dpi = "file:"+t.TempDir(), 300
		for _, o := range []*order.Order{japanese, western} {
			_, err := c.open(t.Context(), o, true)
			require.NoError(t, err)
		}
	}
	for _, format := range []string{"zpl", "pdf"} {
		_, err := (&printerFlags{addr: "file:" + t.TempDir(), format: format, dpi: 300}).open(t.Context(), western, true)
		require.NoError(t, err)
	}
}

func orderOf(t *testing.T, customer string) *order.Order {
	t.Helper()
	sample := order.Sample(time.Now())
	text := bytes.Replace(sample, []byte("customer: Example Bank"), []byte("customer: "+customer), 1)
	require.NotEqual(t, sample, text)
	o, err := order.Parse(text)
	require.NoError(t, err)
	return o
}
