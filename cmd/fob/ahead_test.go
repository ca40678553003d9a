// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAhead compares with values computed by hand; the days of 157,914,679,659 ms and
// of an int64 were computed with Python.
func TestAhead(t *testing.T) {
	for ms, want := range map[int64]string{
		0: "+0 ms", 7: "+7 ms", -9_999: "-9999 ms", 10_000: "+10.0 s", -95_250: "-95.2 s", 119_999: "+119.9 s",
		120_000: "+2 min 0 s", -7_199_999: "-119 min 59 s", 7_200_000: "+2 h 0 min", 172_799_999: "+47 h 59 min",
		172_800_000: "+2 days 0 h", 157_914_679_659: "+1827 days 17 h", -157_914_679_659: "-1827 days 17 h",
		math.MaxInt64: "+106751991167 days 7 h", math.MinInt64: "-106751991167 days 7 h",
	} {
		require.Equal(t, want, ahead(ms), ms)
	}
}
