// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestForecastSteps: without a time or a step, a token has no number of steps.
func TestForecastSteps(t *testing.T) {
	var late int64 = -90_000
	for want, f := range map[string]fleetForecast{
		"-":  {},
		"+0": {Step: 5, fleetToken: fleetToken{ErrorMS: new(int64)}},
		"-2": {Step: 5, Offset: -2, fleetToken: fleetToken{ErrorMS: &late}},
	} {
		require.Contains(t, f.rows(), []string{"steps", want})
	}
	require.Contains(t, fleetForecast{fleetToken: fleetToken{ErrorMS: &late}}.rows(), []string{"steps", "-"})
}
