// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// TestLots checks the figures of models.go on a lot of each model: the share of tokens
// that stay within Feitian's ±90 s in the first year at 25 °C, and the worst token.
// With 4,000 tokens the standard error of a share is 0.7 percentage points at most.
func TestLots(t *testing.T) {
	for model, c := range map[string]struct{ inside, slack, worst float64 }{
		"button-6":    {0.95, 0.012, 150},
		"always-on-6": {2.0 / 3, 0.03, 12*31.6 + 75},
		"button-8":    {2.0 / 3, 0.03, 12*31.6 + 75},
	} {
		const n = 4000
		w := newWorld(t, 3)
		tokens := make([]*virtual.Token, n)
		for i := range tokens {
			tokens[i] = newLockedToken(t, w, model)
		}
		w.Advance(virtual.Year)
		inside, worst := 0, 0.0
		for _, k := range tokens {
			off := math.Abs(k.Display().Error.Seconds())
			worst = max(worst, off)
			if off <= 90 {
				inside++
			}
		}
		require.InDelta(t, c.inside, float64(inside)/n, c.slack, model)
		require.LessOrEqual(t, worst, c.worst, model)
	}
}

// TestLotParabola: the data sheets give B a tolerance of 25 % (ACT 3x8: -0.035 ± 0.0086
// ppm/°C²). It is visible far from the turnover, at 60 °C.
func TestLotParabola(t *testing.T) {
	w := newWorld(t, 3)
	low, high, sum := math.Inf(1), math.Inf(-1), 0.0
	const n = 2000
	for range n {
		k := w.NewToken(modelOf(t, "button-6"))
		// The second difference of a parabola at three temperatures is 2·B·20².
		var ppm [3]float64
		for i, c := range []virtual.Celsius{20, 40, 60} {
			k.SetTemperature(c)
			ppm[i] = float64(k.Display().PPM)
		}
		b := (ppm[0] - 2*ppm[1] + ppm[2]) / 800
		low, high, sum = min(low, b), max(high, b), sum+b
	}
	require.InDelta(t, -0.034, sum/n, 0.0005)
	require.InDelta(t, -0.034*1.25, low, 0.0005)
	require.InDelta(t, -0.034*0.75, high, 0.0005)
}

// TestReserve checks that reserved tokens are the same as tokens made one by one, in any
// order.
func TestReserve(t *testing.T) {
	w, other := newWorld(t, 1), newWorld(t, 1)
	m := modelOf(t, "always-on-6")
	other.NewToken(m)
	r := other.Reserve(2)
	last := other.NewToken(m)
	second := r.NewToken(1, m)
	first := r.NewToken(0, m)
	w.NewToken(m)
	for _, k := range []*virtual.Token{first, second, last} {
		require.Equal(t, snapshotBytes(t, w.NewToken(m)), snapshotBytes(t, k))
	}
}
