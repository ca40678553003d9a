// SPDX-License-Identifier: Apache-2.0

package label

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

func testLabel(t testing.TB, serial string) Label {
	t.Helper()
	s, err := token.ParseSerial(serial)
	require.NoError(t, err)
	e, err := token.ParseExpiry("2031-11-30")
	require.NoError(t, err)
	return Label{Serial: s, Expiry: e, Model: "Fob 6", Customer: "ACME Bank", Order: "A-17", Port: 7}
}

func named(t testing.TB, name string) *Template {
	t.Helper()
	tmpl, err := TemplateByName(name)
	require.NoError(t, err)
	return tmpl
}

func parsed(t testing.TB, text string) *Template {
	t.Helper()
	tmpl, err := ParseTemplate("test", text)
	require.NoError(t, err)
	return tmpl
}

// TestNoSeed checks that no field of a label can hold a seed.
func TestNoSeed(t *testing.T) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Label]()) {
		require.NotContains(t, strings.ToLower(f.Name), "seed")
		require.NotContains(t, f.Type.String(), "Seed")
		require.NotEqual(t, reflect.Slice, f.Type.Kind(), f.Name)
	}
	for _, f := range fields {
		require.NotContains(t, f.name, "seed")
	}
	_, err := ParseTemplate("test", "size 50 25\ntext 0 0 50 3 {serial} {seed}")
	require.ErrorIs(t, err, ErrTemplate)
}

// TestBuiltIn checks that every built-in template takes the serial number of a typical
// token at every resolution, and that its size is in its name.
func TestBuiltIn(t *testing.T) {
	require.Equal(t, []string{"back-38x13", "back-50x25", "strip-62"}, Templates())
	for _, name := range Templates() {
		tmpl := named(t, name)
		require.Equal(t, name, tmpl.Name())
		w, h := tmpl.Size()
		size := millimetres(w) + "x" + millimetres(h)
		require.True(t, strings.HasPrefix(size, strings.SplitN(name, "-", 2)[1]), "%s: %s", name, size)
		for _, dpi := range resolutions {
			require.NoError(t, tmpl.Check(testLabel(t, "2600124800001"), dpi), "%s %d", name, dpi)
		}
	}
	_, err := TemplateByName("../label")
	require.EqualError(t, err, `invalid label template: no template is named "../label", want back-38x13, back-50x25, strip-62`)
}

func TestParseTemplateErrors(t *testing.T) {
	const size = "size 50 25\n"
	for _, c := range []struct{ text, want string }{
		{"", "it is empty"},
		{"\n# only this\n", "it is empty"},
		{"text 0 0 50 3 {serial}", `line 1: "text 0 0 50 3 {serial}", want size WIDTH HEIGHT in the first line`},
		{"size 50", `want size WIDTH HEIGHT`},
		{"size 50 25 1", `want size WIDTH HEIGHT`},
		{"size a 25", `"a", want millimetres`},
		{"size 50 b", `"b", want millimetres`},
		{"size 4 25", "a label of 4 x 25 mm, want 5 x 5 to 110 x 300"},
		{"size 111 25", "a label of 111 x 25 mm"},
		{"size 50 0", "a label of 50 x 0 mm"},
		{"size NaN 25", `"NaN", want millimetres`},
		{"size 50 Inf", `"Inf", want millimetres`},
		{size, "it does not show the serial number"},
		{size + "text 0 0 50 3 hello", "it does not show the serial number"},
		{size + "text 0 0 50 3 {{serial}}", "it does not show the serial number"},
		{size + "picture 0 0 50 3 {serial}", `line 2: unknown element "picture"`},
		{size + "text 0 0 50", `text: length 4: "", want millimetres`},
		{size + "text 0 0 -1 3 {serial}", `text: length 3: "-1", want millimetres`},
		{size + "text 0 0 0 3 {serial}", "text: width and height must not be 0"},
		{size + "text 0 0 50 3", "text: no content"},
		{size + "text 1 0 50 3 {serial}", "text: it ends at 51 x 3 mm, outside the label of 50 x 25 mm"},
		{size + "qr 0 10 16 {serial}", "qr: it ends at 16 x 26 mm"},
		{size + "box 0 0 1 1 x", `box: "x" after the lengths`},
		{size + "text 0 0 50 3 {serial} {Serial}", "unknown placeholder in \"{Serial}\""},
		{size + "text 0 0 50 3 {serial", "unknown placeholder in \"{serial\""},
		{size + "text 0 0 50 3 {}", "unknown placeholder"},
		{size + "text 0 0 50 3 {{{serial}", ""}, // a brace, then the field
		{size + "text 0 0 50 3 serial}", "a closing brace without its opening one"},
		{size + "text 0 0 50 3 \x01 {serial}", `the character '\x01' cannot be printed`},
		{size + "text 0 0 50 3 \xff {serial}", "cannot be printed"},
	} {
		_, err := ParseTemplate("mine", c.text)
		if c.want == "" {
			require.NoError(t, err, c.text)
			continue
		}
		require.ErrorIs(t, err, ErrTemplate, c.text)
		require.ErrorContains(t, err, "invalid label template mine: ", c.text)
		require.ErrorContains(t, err, c.want, c.text)
	}
}

func TestContent(t *testing.T) {
	l := testLabel(t, "2600124800001")
	for _, c := range []struct{ content, want string }{
		{"{serial}", "2600124800001"},
		{"S/N {serial}, EXP {expiry}", "S/N 2600124800001, EXP 11/30/31"},
		{"{model}|{customer}|{order}|{port}", "Fob 6|ACME Bank|A-17|7"},
		{"{{{port}}}", "{7}"},
		{"}}{{", "}{"},
		{"no field", "no field"},
	} {
		parts, err := parseContent(c.content)
		require.NoError(t, err)
		require.Equal(t, c.want, (&element{content: parts}).fill(&l), c.content)
	}
	l.Port, l.Model = 0, ""
	for _, c := range []struct{ content, want string }{
		{"#{port}", ""},        // nothing is printed
		{"{model} {port}", ""}, // neither has a value
		{"{port} {order}", " A-17"},
	} {
		parts, err := parseContent(c.content)
		require.NoError(t, err)
		require.Equal(t, c.want, (&element{content: parts}).fill(&l), c.content)
	}
}

// TestCheckErrors has fields that do not fit or cannot be printed. The widths are sums of
// the widths in Adobe's Helvetica-Bold.afm: 889 for W.
func TestCheckErrors(t *testing.T) {
	const size = "size 50 25\n"
	good := size + "text 0 0 50 3 {customer} {serial}"
	for _, c := range []struct {
		name, text string
		change     func(*Label)
		dpi        int
		want       string
	}{
		{"fits", good, nil, 203, ""},
		{"no serial", good, func(l *Label) { l.Serial = token.Serial{} }, 203, "it has no serial number"},
		{"port", good, func(l *Label) { l.Port = -1 }, 203, "port -1, want 1 or more"},
		{"resolution", good, nil, 200, "200 dots per inch, want 203, 300 or 600"},
		{"newline", good, func(l *Label) { l.Customer = "a\nb" }, 203, `the customer "a\nb" contains the character '\n'`},
		{"escape", good, func(l *Label) { l.Model = "a\x1bb" }, 203, `the model`},
		{"not UTF-8", good, func(l *Label) { l.Order = "a\xffb" }, 203, `the order`},
		{"bidirectional", good, func(l *Label) { l.Customer = "a\u202eb" }, 203, `the customer`},
		{
			"10 W", size + "text 0 0 26.6 3 {serial}\ntext 0 4 26.6 3 {customer}",
			func(l *Label) { l.Customer = strings.Repeat("W", 10) }, 203,
			`serial number 2600124800001, template test, line 3: the text "WWWWWWWWWW" is 28.3 mm wide, but there is room for 26.6 mm`,
		},
		{
			"9 W", size + "text 0 0 28.4 3 {serial}\ntext 0 4 28.4 3 {customer}",
			func(l *Label) { l.Customer = strings.Repeat("W", 10) }, 203, "",
		},
		{
			"Japanese is square", size + "text 0 0 50 3 {serial}\ntext 0 4 11.9 3 {customer}",
			func(l *Label) { l.Customer = "三菱電機" }, 203, "is 12 mm wide",
		},
		{"Code 128 of letters", size + "code128 0 0 50 5 {serial}", func(l *Label) { l.Serial = testLabel(t, "ABCDEFGHIJKLMNOPQRST").Serial }, 203, "at least 68.9 mm wide at 203 dots per inch, but there is room for 50 mm"},
		{"finer printer", size + "code128 0 0 50 5 {serial}", func(l *Label) { l.Serial = testLabel(t, "ABCDEFGHIJKLMNOPQRST").Serial }, 300, ""},
		{"Code 128 of Japanese", size + "code128 0 0 50 5 {serial}{customer}", func(l *Label) { l.Customer = "三菱" }, 300, "Code 128 takes printable ASCII"},
		{"Code 128 with >", size + "code128 0 0 50 5 {serial}>", nil, 300, "Code 128 takes printable ASCII characters except >"},
		{"QR of Japanese", size + "qr 0 0 20 {serial}{customer}", func(l *Label) { l.Customer = "三菱" }, 300, "QR codes take printable ASCII"},
		{"small QR", size + "qr 0 0 7.1 {serial}", nil, 203, "at least 7.3 mm wide"}, // (21 + 8) modules of 2 dots
		{"QR", size + "qr 0 0 7.3 {serial}", nil, 203, ""},
		{"long Code 128", size + "code128 0 0 50 5 {serial}{customer}", func(l *Label) { l.Customer = strings.Repeat("x", 80) }, 600, "does not fit into a barcode"},
		{"long QR", size + "qr 0 0 20 {serial}{customer}", func(l *Label) { l.Customer = strings.Repeat("x", 4000) }, 600, "does not fit into a barcode"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := testLabel(t, "2600124800001")
			if c.change != nil {
				c.change(&l)
			}
			err := parsed(t, c.text).Check(l, c.dpi)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			if c.dpi == 200 {
				require.ErrorIs(t, err, ErrOptions)
			} else {
				require.ErrorIs(t, err, ErrField)
			}
		})
	}
}

// TestDocumentTemplate checks that the template in the documentation can be used.
func TestDocumentTemplate(t *testing.T) {
	text, err := os.ReadFile("../../docs/line-labels.md")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(text), "```text\n")
	require.True(t, found)
	block, _, found = strings.Cut(block, "```")
	require.True(t, found)
	_, err = ParseTemplate("docs", block)
	require.NoError(t, err)
}
