// SPDX-License-Identifier: Apache-2.0

package label

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pdfdoc"
)

// TestZPL compares labels with texts that were written by hand from Zebra's ZPL II
// Programming Guide (45541L-004). zebrash, a renderer of ZPL, drew the first one, and
// zbarimg read both of its codes.
//
// The positions are millimetres times 203/25.4, rounded. The serial number in Code 128
// has 123 modules (start, 6 pairs, shift, 1 digit, check: 10 of 11 modules; stop: 13),
// the QR code 21 (version 1 at level M holds 34 digits; ISO/IEC 18004, table 7).
func TestZPL(t *testing.T) {
	l := testLabel(t, "2600124800001")
	z, err := named(t, "back-50x25").ZPL(l, ZPLOptions{DPI: 203})
	require.NoError(t, err)
	require.Equal(t, `^XA
^CI28
^PW400
^LL200
^LH0,0
^LS0
^FO12,8^A0N,24,24^FH_^FDACME Bank^FS
^FO12,37^A0N,21,21^FH_^FDFob 6^FS
^FO12,64^A0N,24,24^FH_^FDEXP 11/30/31^FS
^FO224,64^A0N,24,24^FB68,1,0,R,0^FH_^FD#7^FS
^FO316,10^BY2,3,10^BQN,2,3^FH_^FDMA,2600124800001^FS
^FO77,104^BY2,3,10^BCN,60,N,N,N,A^FH_^FD2600124800001^FS
^FO8,168^A0N,24,24^FB384,1,0,C,0^FH_^FD2600124800001^FS
^PQ1
^XZ
`, string(z))

	z, err = parsed(t, "size 50 25\nbox 1 2 30 0.5\ntext 1 3 40 4 {serial}").ZPL(l, ZPLOptions{DPI: 300, Font: "E:ANMDJ.TTF"})
	require.NoError(t, err)
	require.Equal(t, `^XA
^CI28
^PW591
^LL295
^LH0,0
^LS0
^FO12,24^GB354,6,6^FS
^FO12,35^A@N,47,47,E:ANMDJ.TTF^FH_^FD2600124800001^FS
^PQ1
^XZ
`, string(z))
}

// TestZPLEscapes has the escapes of ^FH (an underscore and two hexadecimal digits), and
// of ^FB: a backslash is written twice.
func TestZPLEscapes(t *testing.T) {
	l := testLabel(t, "2600124800001")
	for _, c := range []struct{ customer, plain, block string }{
		{"A^B", "A_5EB", "A_5EB"},
		{"~JA", "_7EJA", "_7EJA"},
		{"a_b", "a_5Fb", "a_5Fb"},
		{`a\&b`, "a_5C&b", "a_5C_5C&b"},
		{"_5E", "_5F5E", "_5F5E"},
		{"Söhne €", "Söhne €", "Söhne €"},
		{"みずほ\u3000銀行", "みずほ\u3000銀行", "みずほ\u3000銀行"}, // ^CI28 is UTF-8
	} {
		l.Customer = c.customer
		z, err := parsed(t, "size 50 25\ntext 0 0 50 3 {serial}\ntext 0 4 50 3 {customer}\ntext-center 0 8 50 3 {customer}").ZPL(l, ZPLOptions{DPI: 203})
		require.NoError(t, err)
		require.Contains(t, string(z), "^A0N,24,24^FH_^FD"+c.plain+"^FS", c.customer)
		require.Contains(t, string(z), "^FB400,1,0,C,0^FH_^FD"+c.block+"^FS", c.customer)
	}
}

func TestZPLOptions(t *testing.T) {
	l := testLabel(t, "2600124800001")
	for _, font := range []string{"ANMDJ.TTF", "E:ANMDJ", "E:A^XZ.TTF", "E:ANMDJ.TTF^XZ", "e:a.ttf", "E:ANMDJ.TTF\n"} {
		_, err := named(t, "back-50x25").ZPL(l, ZPLOptions{DPI: 203, Font: font})
		require.ErrorIs(t, err, ErrOptions, font)
	}
	for _, s := range []string{"203", "300", "600"} {
		dpi, err := DotsPerInch(s)
		require.NoError(t, err)
		require.Contains(t, resolutions, dpi)
	}
	for _, s := range []string{"", "0203", "152", "203dpi"} {
		_, err := DotsPerInch(s)
		require.ErrorIs(t, err, ErrOptions, s)
	}
	// A font of fixed pitch needs more room: 13 digits of 0.6 em, instead of 0.556.
	tight := parsed(t, "size 50 25\ntext 0 0 22.5 3 {serial}")
	_, err := tight.ZPL(l, ZPLOptions{DPI: 203})
	require.NoError(t, err)
	_, err = tight.ZPL(l, ZPLOptions{DPI: 203, Font: "E:ANMDJ.TTF"})
	require.ErrorIs(t, err, ErrField)
}

// TestZPLCharacters has text that font 0 lacks. Only text that is on the label counts.
func TestZPLCharacters(t *testing.T) {
	l := testLabel(t, "2600124800001")
	l.Customer = "青空銀行"
	err := named(t, "back-50x25").CheckZPL(l, ZPLOptions{DPI: 300})
	require.ErrorIs(t, err, pdfdoc.ErrText)
	require.ErrorContains(t, err, `'青' in "青空銀行" is not in font 0`)
	require.NoError(t, named(t, "back-50x25").CheckZPL(l, ZPLOptions{DPI: 300, Font: "E:ANMDJ.TTF"}))
	require.NoError(t, named(t, "back-38x13").CheckZPL(l, ZPLOptions{DPI: 300}), "a template without the customer")
	l.Customer = "Söhne & Œuvre “€”"
	require.NoError(t, named(t, "back-50x25").CheckZPL(l, ZPLOptions{DPI: 300}))
}

// command is the start of a command, as a printer finds it anywhere in its input.
var command = regexp.MustCompile(`[\^~]..`)

// FuzzZPL checks that no text adds a command or a line to a label. The commands are
// those of a label with other text.
func FuzzZPL(f *testing.F) {
	for _, s := range []string{
		"ACME", "^XZ^XA^FDx", "~JA", "~HS", "\\&", "_", "_5E", "_5EXZ", "^", "~", "^FS", "a\n^XZ", "\x02~\x03", "\xff^",
		"三菱^", "\u202e", "^CC/", "/XZ", "}", "{serial}", "^FH\\^FD\\5EXZ",
	} {
		f.Add(s, s, s)
	}
	tmpl := parsed(f, `size 110 300
text 0 0 110 1 {serial} {customer}
text-center 0 5 110 1 {model}
text-right 0 10 110 1 {order}
code128 0 15 110 5 {customer}
qr 0 30 110 {model}
`)
	l := testLabel(f, "2600124800001")
	l.Customer, l.Model, l.Order = "x", "x", "x"
	plain, err := tmpl.ZPL(l, ZPLOptions{DPI: 600})
	require.NoError(f, err)
	want := command.FindAllString(string(plain), -1)
	f.Fuzz(func(t *testing.T, customer, model, order string) {
		l := l
		l.Customer, l.Model, l.Order = customer+"x", model+"x", order+"x" // never empty
		z, err := tmpl.ZPL(l, ZPLOptions{DPI: 600})
		if err != nil {
			require.ErrorIs(t, err, ErrField)
			return
		}
		require.Equal(t, want, command.FindAllString(string(z), -1))
		require.Equal(t, strings.Count(string(plain), "\n"), strings.Count(string(z), "\n"))
		require.NotRegexp(t, `[^\PC\n]`, string(z)) // no other control characters
	})
}
