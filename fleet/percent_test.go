// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
)

// TestPercent: percents are rounded down, and whole ones stay the same.
func TestPercent(t *testing.T) {
	for n := range 101 {
		require.Equal(t, n, fleet.Percent(float64(n)/100))
	}
	require.Equal(t, 99, fleet.Percent(0.9999))
	require.Equal(t, 0, fleet.Percent(0.0099))
}
