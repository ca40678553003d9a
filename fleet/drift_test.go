// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// TestTwoYearsOfDrift checks the clocks of tokens with c200-like crystals that were made
// two years old, or have lived for two years, against a numerical integration of the
// frequency error.
func TestTwoYearsOfDrift(t *testing.T) {
	const cold = 10.0
	aged := emptyFleet(t, virtual.Config{Seed: 3})
	temp := cold
	_, err := aged.MakeLot(Lot{Count: 20, Ready: true, Crystal: CrystalC200, Age: "P2Y", AgeTemp: &temp})
	require.NoError(t, err)
	lived := emptyFleet(t, virtual.Config{Seed: 3})
	_, err = lived.MakeLot(Lot{Count: 20, Ready: true, Crystal: CrystalC200, Temp: &temp})
	require.NoError(t, err)
	twoYears, err := ParsePeriod("P2Y")
	require.NoError(t, err)
	lived.World().Advance(twoYears)

	largest := 0.0
	for _, f := range []*Fleet{aged, lived} {
		for m := range f.All(0) {
			want := integral(crystalOf(t, m), cold, twoYears.Seconds())
			require.InDelta(t, want, m.Look().Error.Seconds(), 0.0015, "token %d", m.Tag())
			largest = max(largest, math.Abs(want))
		}
	}
	require.Greater(t, largest, 500.0, "15 °C below the turnover is -7.6 ppm: 480 s in two years")
}

// crystal has the constants of a token's crystal.
type crystal struct{ Trim, B, T0, YearOne float64 }

func crystalOf(t *testing.T, m Member) crystal {
	b, err := m.Token.Snapshot().MarshalBinary()
	require.NoError(t, err)
	var s struct{ Crystal crystal }
	require.NoError(t, json.Unmarshal(b, &s))
	return s.Crystal
}

// integral returns by how many seconds the crystal's clock is ahead after its first
// seconds of life at a temperature. It adds up the frequency error by Simpson's rule: the
// parabola of a tuning fork, and the ageing law A·ln(1+t/τ) of MIL-PRF-55310 with τ of 10
// days and the given ageing in the first year of 365.25 days.
func integral(c crystal, temp, seconds float64) float64 {
	const day = 86400.0
	ppm := func(t float64) float64 {
		return c.Trim + c.B*math.Pow(temp-c.T0, 2) +
			c.YearOne*math.Log(1+t/(10*day))/math.Log(1+365.25*day/(10*day))
	}
	const steps = 20_000
	h := seconds / steps
	sum := ppm(0) + ppm(seconds)
	for i := 1; i < steps; i++ {
		sum += ppm(float64(i)*h) * float64(2+2*(i%2))
	}
	return sum * h / 3 * 1e-6
}
