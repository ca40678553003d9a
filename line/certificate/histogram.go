// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// drift draws the distribution of the drift between its limits.
func (b *Batch) drift(p *page) {
	if len(b.Drift) == 0 {
		return
	}
	p.heading("Drift of the clocks")
	mean, deviation := moments(b.Drift)
	p.facts([][2]string{
		{"Measured tokens", strconv.Itoa(len(b.Drift))},
		{"Limits", fmt.Sprintf("%s to %s", ppm(b.DriftFrom), ppm(b.DriftTo))},
		{"Mean", ppm(mean)},
		{"Standard deviation", ppm(deviation)},
		{"Range", fmt.Sprintf("%s to %s", ppm(slices.Min(b.Drift)), ppm(slices.Max(b.Drift)))},
	})
	const bars = 30
	from := min(b.DriftFrom, slices.Min(b.Drift))
	to := max(b.DriftTo, slices.Max(b.Drift))
	if from == to {
		from, to = from-1, to+1
	}
	counts := histogram(b.Drift, from, to, bars)

	const height, labels = 38.0, 9.0
	p.y += 2
	p.reserve(height + labels)
	x, y, w := margin+10.0, p.y, textWidth-10.0
	most := slices.Max(counts)
	p.doc.SetFillColor(70, 110, 150)
	for i, n := range counts {
		h := height * float64(n) / float64(most)
		if n > 0 {
			h = max(h, 0.4) // one token must not be invisible
		}
		p.doc.Rect(x+w*float64(i)/bars+0.3, y+height-h, w/bars-0.6, h, "F")
	}
	p.doc.SetDrawColor(60, 60, 60)
	p.doc.SetLineWidth(0.2)
	p.doc.Line(x, y+height, x+w, y+height)
	p.text(margin, y, 9, 2.6, false, right, strconv.Itoa(most))
	p.text(margin, y+height-2.6, 9, 2.6, false, right, "0")
	at := func(v PPM) float64 { return x + w*float64((v-from)/(to-from)) }
	p.doc.SetDrawColor(190, 40, 40)
	p.doc.SetDashPattern([]float64{1, 1}, 0)
	for _, v := range []PPM{b.DriftFrom, b.DriftTo} {
		p.doc.Line(at(v), y, at(v), y+height)
	}
	p.doc.SetDashPattern(nil, 0)
	p.text(x, y+height+1.5, w/3, 2.6, false, left, ppm(from))
	p.text(x+w/3, y+height+1.5, w/3, 2.6, false, center, "tokens by drift; the limits are dashed")
	p.text(x+2*w/3, y+height+1.5, w/3, 2.6, false, right, ppm(to))
	p.y += height + labels
}

// histogram counts the values in bars of equal width.
func histogram(values []PPM, from, to PPM, bars int) []int {
	counts := make([]int, bars)
	for _, v := range values {
		i := int(float64(v-from) / float64(to-from) * float64(bars))
		counts[min(max(i, 0), bars-1)]++
	}
	return counts
}

// moments returns the mean and the standard deviation of the values.
func moments(values []PPM) (mean, deviation PPM) {
	for _, v := range values {
		mean += v / PPM(len(values))
	}
	if len(values) < 2 {
		return mean, 0
	}
	sum := 0.0
	for _, v := range values {
		sum += float64(v-mean) * float64(v-mean)
	}
	return mean, PPM(math.Sqrt(sum / float64(len(values)-1)))
}

// ppm writes a drift with one decimal, without a negative zero.
func ppm(v PPM) string { return fmt.Sprintf("%.1f ppm", math.Round(float64(v)*10)/10+0) }
