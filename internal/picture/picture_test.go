// SPDX-License-Identifier: Apache-2.0

package picture_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/picture"
)

// fobs are all kinds of fob.
var fobs = []picture.Fob{{Digits: 6}, {Digits: 8}, {Digits: 6, Button: true}, {Digits: 8, Button: true}}

// all returns an LCD whose segments are all lit.
func all() (l picture.LCD) {
	for i := range l.Darkness {
		l.Darkness[i] = 1
	}
	return l
}

// elements parses a document and returns its elements.
func elements(t *testing.T, svg []byte) (found []xml.StartElement) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		if e, ok := tok.(xml.StartElement); ok {
			found = append(found, e)
		}
	}
}

// attr returns an attribute of an element, or "".
func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// TestPolicyOfPages checks that no picture needs a style or a script, which pages
// forbid, and that its ids begin with the given one.
func TestPolicyOfPages(t *testing.T) {
	for _, f := range fobs {
		f.ID = "t7"
		for _, svg := range [][]byte{picture.Front(f, all()), picture.Back(f, picture.BackLabel{Serial: "ZZFB00000001"})} {
			require.NotContains(t, string(svg), "%!", "package fmt reports a wrong type")
			for _, e := range elements(t, svg) {
				require.NotContains(t, []string{"style", "script", "image", "use"}, e.Name.Local)
				require.Empty(t, attr(e, "style"))
				if id := attr(e, "id"); id != "" {
					require.Regexp(t, "^t7-", id)
				}
			}
		}
	}
}

// TestSides checks that the front and the back of a fob have the same size, and that
// Geometry places the LCD on the front.
func TestSides(t *testing.T) {
	for _, f := range fobs {
		front := elements(t, picture.Front(f, all()))
		back := elements(t, picture.Back(f, picture.BackLabel{}))
		require.Equal(t, attr(front[0], "viewBox"), attr(back[0], "viewBox"))
		g := picture.Geometry(f.Digits)
		box := g.Front
		if f.Button {
			box = g.FrontButton
		}
		for _, e := range front {
			if attr(e, "class") == "fob-lcd" {
				require.Equal(t, "-"+attr(e, "x")+" -"+attr(e, "y")+attr(front[0], "viewBox")[len("0 0"):], box)
			}
		}
	}
}

// TestGeometry checks that the shapes for a script are the paths of Front.
func TestGeometry(t *testing.T) {
	for _, f := range fobs {
		g := picture.Geometry(f.Digits)
		require.Len(t, g.Shapes, 7*f.Digits+6+2+1)
		paths := map[string]bool{}
		for _, e := range elements(t, picture.Front(f, all())) {
			paths[attr(e, "d")] = true
		}
		for i := range picture.Segments {
			name := picture.SegmentName(i)
			if d, ok := g.Shapes[name]; ok {
				require.True(t, paths[d], name)
				continue
			}
			require.GreaterOrEqual(t, i, 7*f.Digits, name)
			require.Less(t, i, picture.DigitSegments, name)
		}
	}
}

// TestLabels checks the description of a picture for screen readers.
func TestLabels(t *testing.T) {
	f := picture.Fob{Digits: 6, Label: `Front & <back>`}
	e := elements(t, picture.Front(f, picture.LCD{}))[0]
	require.Equal(t, f.Label, attr(e, "aria-label"))
	require.Equal(t, "img", attr(e, "role"))
	f.Label = ""
	e = elements(t, picture.Back(f, picture.BackLabel{}))[0]
	require.Equal(t, "true", attr(e, "aria-hidden"))
}
