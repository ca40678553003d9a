// SPDX-License-Identifier: Apache-2.0

package host

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCrystalPause: the next reading is due when the range should be narrow enough. The
// expected times follow from the width of the range, which two readings of whole
// milliseconds and the time on the line make, with a reserve of 2 %.
func TestCrystalPause(t *testing.T) {
	const ms = time.Millisecond
	none := Crystal{Low: math.Inf(-1), High: math.Inf(1)}
	for name, tt := range map[string]struct {
		world  bool
		line   time.Duration // of the first reading
		r      Crystal
		limit  float64
		passed time.Duration
		want   time.Duration
	}{
		"2 ms are 4000 ppm of 0.5 s":        {true, 9 * ms, none, 4000, 100 * ms, 410 * ms},
		"the time has passed":               {true, 9 * ms, none, 4000, 511 * ms, 0},
		"a slow line takes longer":          {false, 3 * ms, none, 10_000, 0, 408 * ms},
		"a faulty crystal is found at once": {false, 7 * ms, none, 20, 0, time.Second},
		"few readings":                      {false, 7 * ms, none, 20, 100 * time.Second, 25 * time.Second},
		"the range so far":                  {true, 9 * ms, Crystal{-8000, 8000, 250 * ms}, 4000, 250 * ms, 260 * ms},
		"near the limit":                    {true, 9 * ms, Crystal{2500, 4500, 2 * time.Second}, 4000, 2 * time.Second, time.Second},
		"at the limit":                      {true, 9 * ms, Crystal{3000, 5000, 2 * time.Second}, 4000, 2 * time.Second, time.Second},
		"beyond the limit":                  {true, 9 * ms, Crystal{4000, 8000, 500 * ms}, 4000, 500 * ms, 20 * ms},
		"no limit":                          {true, 9 * ms, none, 0, 0, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			m := CrystalMeter{first: reading{sent: time.Unix(0, 0), received: time.Unix(0, 0).Add(tt.line)}}
			if tt.world {
				m.first.World = time.Unix(0, 0)
			}
			got := m.pause(&tt.r, tt.limit, tt.passed)
			require.InDelta(t, float64(tt.want), float64(got), float64(time.Microsecond))
		})
	}
}
