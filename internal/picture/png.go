// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"slices"
)

// PNG returns the LCD as a PNG file, the same picture as [LCD.SVG].
func (l LCD) PNG(o Options) ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, l.Image(o)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Image returns the LCD as an image. It is transparent outside the LCD or fob.
func (l LCD) Image(o Options) *image.RGBA {
	shapes, w, h := l.scene(o.Bezel)
	scale := float64(o.pixels()) / h
	img := image.NewRGBA(image.Rect(0, 0, int(math.Round(w*scale)), o.pixels()))
	r := raster{img: img, coverage: make([]float64, img.Rect.Dx()+1)}
	for _, s := range shapes {
		r.fill(s, scale)
	}
	return img
}

// samples is the number of scan lines per row of pixels.
const samples = 4

// raster fills polygons row by row.
type raster struct {
	img      *image.RGBA
	coverage []float64 // of each pixel in the current row
	crossing []float64 // x positions at which the outline crosses the current scan line
	from, to int       // range of columns that the shape can cover
}

// fill draws the inside of s, by the even-odd rule.
func (r *raster) fill(s shape, scale float64) {
	if s.opacity <= 0 || len(s.points) == 0 {
		return
	}
	pts := make([]point, len(s.points))
	lo, hi := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for i, p := range s.points {
		p.x, p.y = p.x*scale, p.y*scale
		lo, hi = point{min(lo.x, p.x), min(lo.y, p.y)}, point{max(hi.x, p.x), max(hi.y, p.y)}
		pts[i] = p
	}
	r.from, r.to = max(int(lo.x), 0), min(int(hi.x)+1, r.img.Rect.Dx())
	for y := max(int(lo.y), 0); y < min(int(hi.y)+1, r.img.Rect.Dy()); y++ {
		clear(r.coverage)
		for i := range samples {
			r.line(pts, float64(y)+float64((float64(i)+0.5)/samples))
		}
		r.blend(y, s)
	}
}

// line adds the polygon's coverage of the scan line at y.
func (r *raster) line(pts []point, y float64) {
	r.crossing = r.crossing[:0]
	for i, b := range pts {
		a := pts[(i+len(pts)-1)%len(pts)]
		if (a.y <= y) != (b.y <= y) {
			r.crossing = append(r.crossing, a.x+(b.x-a.x)*(y-a.y)/(b.y-a.y))
		}
	}
	slices.Sort(r.crossing)
	width := float64(r.img.Rect.Dx())
	for i := 0; i+1 < len(r.crossing); i += 2 {
		from, to := max(r.crossing[i], 0), min(r.crossing[i+1], width)
		for x := int(from); float64(x) < to; x++ {
			r.coverage[x] += float64((min(to, float64(x+1)) - max(from, float64(x))) / samples)
		}
	}
}

// blend draws the shape's colour over a row, with the coverage as its opacity.
func (r *raster) blend(y int, s shape) {
	colour := [4]float64{float64(s.colour >> 16), float64(s.colour >> 8 & 0xFF), float64(s.colour & 0xFF), 255}
	row := r.img.Pix[y*r.img.Stride:]
	for x := r.from; x < r.to; x++ {
		a := min(r.coverage[x], 1) * min(s.opacity, 1)
		if a <= 0 {
			continue
		}
		for i, c := range colour {
			old := float64(row[4*x+i])
			row[4*x+i] = uint8(math.Round(old + float64((c-old)*a)))
		}
	}
}
