// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"image"
	"image/png"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/virtual"
)

// segmentCentres returns the middle of each segment in the picture, computed from the
// SVG.
func segmentCentres(t *testing.T, v virtual.View, p virtual.Picture) map[string]image.Point {
	d := parseSVG(t, v.SVG(p))
	box := strings.Fields(d.ViewBox)
	height, err := strconv.ParseFloat(box[3], 64)
	require.NoError(t, err)
	scale := float64(d.Height) / height
	m := map[string]image.Point{}
	for _, poly := range d.Polygons {
		var x, y, n float64
		for _, pair := range strings.Fields(poly.Points) {
			a, b, _ := strings.Cut(pair, ",")
			px, err := strconv.ParseFloat(a, 64)
			require.NoError(t, err)
			py, err := strconv.ParseFloat(b, 64)
			require.NoError(t, err)
			x, y, n = x+px, y+py, n+1
		}
		m[poly.ID] = image.Pt(int(x/n*scale), int(y/n*scale))
	}
	return m
}

func TestPNG(t *testing.T) {
	for _, digits := range []int{6, 8} {
		for _, bezel := range []bool{false, true} {
			p := virtual.Picture{Height: 240, Bezel: bezel}
			v := view(digits, frame("12345678"[:digits], 4, firmware.IconTick))
			b, err := v.PNG(p)
			require.NoError(t, err)
			img, err := png.Decode(bytes.NewReader(b))
			require.NoError(t, err)
			require.Equal(t, 240, img.Bounds().Dy())

			m := segmentCentres(t, v, p)
			dark := func(id string) bool {
				r, g, b, a := img.At(m[id].X, m[id].Y).RGBA()
				require.Equal(t, uint32(0xFFFF), a)
				return r+g+b < 3*0x4000
			}
			for i := range digits {
				for s := range 7 {
					id := "d" + strconv.Itoa(i) + "." + string(rune('a'+s))
					require.Equal(t, v.Lit.Digits[i]>>s&1 != 0, dark(id), id)
				}
			}
			for i := range 6 {
				require.Equal(t, i < 4, dark("bar"+strconv.Itoa(i)), "bar %d", i)
			}
			require.True(t, dark("tick"))
			require.False(t, dark("batt"))
			_, _, _, corner := img.At(0, 0).RGBA()
			require.Less(t, corner, uint32(0x8000), "the corners are round")
		}
	}
}

func TestPNGUnlitSegmentsAreVisible(t *testing.T) {
	v := view(6, frame("1", 0, 0))
	p := virtual.Picture{Height: 400}
	img, m := v.Image(p), segmentCentres(t, v, p)
	background := img.RGBAAt(img.Rect.Dx()/2, 8)
	unlit := img.RGBAAt(m["d3.g"].X, m["d3.g"].Y)
	lit := img.RGBAAt(m["d0.b"].X, m["d0.b"].Y)
	require.Less(t, unlit.G, background.G)
	require.Greater(t, unlit.G, background.G-20)
	require.Less(t, lit.G, unlit.G/2)
}

func TestPNGSize(t *testing.T) {
	v := view(6, firmware.Frame{})
	require.Equal(t, 160, v.Image(virtual.Picture{}).Rect.Dy())
	require.Equal(t, 16, v.Image(virtual.Picture{Height: -5}).Rect.Dy())
	require.Equal(t, 2000, parseSVG(t, v.SVG(virtual.Picture{Height: 1 << 30})).Height)
	require.Equal(t, v.Image(virtual.Picture{}).Pix, v.Image(virtual.Picture{}).Pix)
}

func BenchmarkPNG(b *testing.B) {
	v := view(6, frame("123456", 4, firmware.IconTick))
	for b.Loop() {
		_, _ = v.PNG(virtual.Picture{Bezel: true})
	}
}

func BenchmarkSVG(b *testing.B) {
	v := view(6, frame("123456", 4, firmware.IconTick))
	for b.Loop() {
		v.SVG(virtual.Picture{Bezel: true})
	}
}
