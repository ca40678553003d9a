// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal/journaltest"
)

// TestJobOf compares the sample order, as a reader sees it, with the job.
func TestJobOf(t *testing.T) {
	o, _ := journaltest.Order(t)
	j := line.JobOf(o)
	require.Equal(t, "ORD-2026-0001", j.Order)
	require.Equal(t, "Example Bank", j.Customer)
	require.Equal(t, "button-6", j.Model)
	require.EqualValues(t, 60, j.Profile.Step)
	require.True(t, j.Allows("0.1.0"))
	require.False(t, j.Allows("0.1.1"))
	require.InDelta(t, 2700, j.SupplyLow, 1e-6)
	require.InDelta(t, 3400, j.SupplyHigh, 1e-6)
	require.InDelta(t, 20, j.DriftLimit, 0)
	require.Equal(t, 50*time.Millisecond, j.ClockLimit)
	require.True(t, j.TwoSteps)
	require.Equal(t, 2, j.Retries)
	require.Equal(t, line.LabelScanned, j.Labels)

	o, _ = journaltest.Order(t, quick...)
	j = line.JobOf(o)
	require.False(t, j.TwoSteps)
	require.Equal(t, line.LabelAtOnce, j.Labels)
	o, _ = journaltest.Order(t, "after label scanned", "after label taken")
	require.Equal(t, line.LabelTakenFirst, line.JobOf(o).Labels)
}
