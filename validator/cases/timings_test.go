// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// measured simulates the times of requests that take a millisecond times a factor each.
// Other work of the machine delays half of them, by up to 50 ms.
func measured(r *rand.Rand, n int, factors ...float64) timings {
	took := make(timings, len(factors))
	for range n {
		for i, f := range factors {
			d := time.Duration(f * float64(time.Millisecond) * (1 + r.Float64()/10))
			if r.IntN(2) == 0 {
				d += time.Duration(r.Int64N(int64(50 * time.Millisecond)))
			}
			took[i] = append(took[i], d)
		}
	}
	return took
}

// A busy machine must not look like a leak, and must not hide a leak of 50 %.
func TestTimings(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		times, ratio := measured(r, 100, 1, 1, 1, 1, 1).fastest()
		require.Len(t, times, 5)
		require.Less(t, ratio, maxRatio, "seed %d: %v", seed, times)
		times, ratio = measured(r, 100, 1, 1, 1.5, 1, 1).fastest()
		require.Greater(t, ratio, maxRatio, "seed %d: %v", seed, times)
	}
}
