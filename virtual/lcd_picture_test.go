// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/virtual"
)

type svgDocument struct {
	XMLName  xml.Name
	ViewBox  string `xml:"viewBox,attr"`
	Height   int    `xml:"height,attr"`
	Polygons []struct {
		ID      string  `xml:"id,attr"`
		Opacity float64 `xml:"opacity,attr"`
		Points  string  `xml:"points,attr"`
	} `xml:"polygon"`
}

func parseSVG(t *testing.T, b []byte) svgDocument {
	var d svgDocument
	require.NoError(t, xml.Unmarshal(b, &d))
	require.Equal(t, "http://www.w3.org/2000/svg", d.XMLName.Space)
	return d
}

func TestSVG(t *testing.T) {
	for _, digits := range []int{6, 8} {
		for _, bezel := range []bool{false, true} {
			v := view(digits, frame("123456", 4, firmware.IconTick))
			svg := v.SVG(virtual.Picture{Bezel: bezel, Height: 200})
			require.Equal(t, svg, v.SVG(virtual.Picture{Bezel: bezel, Height: 200}), "the same view must give the same SVG")
			d := parseSVG(t, svg)
			require.Equal(t, 200, d.Height)

			opacity := map[string]float64{}
			for _, p := range d.Polygons {
				require.NotContains(t, opacity, p.ID, "ids are unique")
				opacity[p.ID] = p.Opacity
				require.GreaterOrEqual(t, len(strings.Fields(p.Points)), 4)
			}
			want := []string{"glass", "tick", "batt"}
			for i := range 6 {
				want = append(want, "bar"+strconv.Itoa(i))
			}
			for i := range digits {
				for s := range 7 {
					want = append(want, fmt.Sprintf("d%d.%c", i, 'a'+s))
				}
			}
			for _, id := range want {
				require.Contains(t, opacity, id)
			}
			require.NotContains(t, opacity, fmt.Sprintf("d%d.a", digits))

			// 1 is b and c; four bars are lit, the highest two are not.
			require.InDelta(t, 1, opacity["d0.b"], 0.001)
			require.InDelta(t, 0.03, opacity["d0.a"], 0.001)
			require.InDelta(t, 1, opacity["bar3"], 0.001)
			require.InDelta(t, 0.03, opacity["bar4"], 0.001)
			require.InDelta(t, 1, opacity["tick"], 0.001)
			require.InDelta(t, 0.03, opacity["batt"], 0.001)
		}
	}
}

// TestSVGFades: with a weak battery, lit segments are faint and unlit ones slightly
// visible.
func TestSVGFades(t *testing.T) {
	g := virtual.NewLCD(6)
	g.Show(frame("1", 0, 0))
	d := parseSVG(t, g.View(2350, 25).SVG(virtual.Picture{}))
	for _, p := range d.Polygons {
		switch p.ID {
		case "d0.b":
			require.InDelta(t, g.Contrast(2350, 25), p.Opacity, 0.001)
		case "d0.a":
			require.Greater(t, p.Opacity, 0.05)
			require.LessOrEqual(t, p.Opacity, 0.08)
		}
	}
}

// TestSVGShapesDoNotDependOnCode: the display's content changes only opacities, so a
// page can update them in place.
func TestSVGShapesDoNotDependOnCode(t *testing.T) {
	shapes := func(f firmware.Frame) []string {
		var s []string
		for _, p := range parseSVG(t, view(8, f).SVG(virtual.Picture{Bezel: true})).Polygons {
			s = append(s, p.ID+" "+p.Points)
		}
		return s
	}
	require.Equal(t, shapes(firmware.Frame{}), shapes(firmware.AllSegments(8)))
	require.False(t, bytes.Contains(view(6, frame("123456", 0, 0)).SVG(virtual.Picture{}), []byte("123456")))
}
