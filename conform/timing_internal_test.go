// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCompare simulates requests that take a millisecond times a factor each, on a machine
// whose other work delays half of them by up to 50 ms, and which is ten times slower for
// seconds. That must not look like a leak, and must not hide one of 50 %.
func TestCompare(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		requests, pace := 0, 1.0
		compare := func(often int, factors ...float64) *slower {
			e := &env{random: r}
			return e.compare(len(factors), often, func(kind int) time.Duration {
				if requests++; requests%97 == 0 {
					pace = 1 + 9*float64(r.IntN(2))
				}
				d := time.Duration(factors[kind] * pace * float64(time.Millisecond) * (1 + r.Float64()/10))
				if r.IntN(2) == 0 {
					d += time.Duration(r.Int64N(int64(50 * time.Millisecond)))
				}
				return d
			})
		}
		require.Nil(t, compare(16, 1, 1, 1, 1, 1), "seed %d", seed)
		require.Nil(t, compare(6, 1, 1, 1), "seed %d", seed)
		found := compare(16, 1, 1, 1.5, 1, 1)
		require.NotNil(t, found, "seed %d", seed)
		require.Equal(t, 2, found.slow)
		require.NotEqual(t, 2, found.fast)
		found = compare(6, 1, 3, 1)
		require.NotNil(t, found, "seed %d", seed)
		require.Equal(t, 1, found.slow)
	}
}
