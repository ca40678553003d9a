// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
)

// TestExact compares the functions with package math. The errors of both are less than
// a unit in the last place, so two results differ by two units at most.
func TestExact(t *testing.T) {
	near := func(t require.TestingT, want, got float64, function string, x float64) {
		unit := math.Nextafter(math.Abs(want), math.Inf(1)) - math.Abs(want)
		require.LessOrEqual(t, math.Abs(want-got), 2*unit, "%s(%v): want %v, got %v", function, x, want, got)
	}
	check := func(t require.TestingT, x float64) {
		near(t, math.Log1p(x), log1p(x), "log1p", x)
		if x < 700 {
			near(t, math.Exp(x), exp(x), "exp", x)
			near(t, math.Exp(-x), exp(-x), "exp", -x)
			near(t, math.Exp2(x), exp2(x), "exp2", x)
			near(t, math.Exp2(-x), exp2(-x), "exp2", -x)
		}
	}
	for _, x := range []float64{
		0, 1, 3, 1.0 / (1 << 20), 1.0/(1<<20) + 1.0/(1<<50), math.Sqrt2 - 1, math.Nextafter(math.Sqrt2-1, 0), 1.0 / (1 << 29), 1.0 / (1 << 54),
		1 << 53, 1<<53 + 2, 1.5, 7.999999999999999, 1<<30 - 1, 0.1, 2.5, 699.5,
	} {
		check(t, x)
	}
	require.Zero(t, exp(-800))
	proptest.Check(t, func(t *rapid.T) {
		check(t, rapid.Float64Range(0, 1).Draw(t, "x")*math.Pow(2, rapid.Float64Range(-60, 60).Draw(t, "power")))
	})
}
