// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/virtual"
)

// TestLateClock delays the request that sets the clock. The device then has an old time,
// through no fault of its own: the clock is set again, in the same attempt.
func TestLateClock(t *testing.T) {
	b := newFast(t)
	var p *fleet.Port
	stall := 4 * b.config.Job.ClockLimit
	b.config.Report = func(e line.Event) {
		if e.Step == line.StepClock {
			p.Faults().Set(virtual.LineFaults{StallAt: 1, Stall: stall}, virtual.LineFaults{})
		}
		b.report(e)
	}
	p = b.plug(b.device(), 1)
	b.start()
	e, _ := b.result(0, 1)
	require.Equal(t, line.Pass, e.Result, e.Reason)
	require.Equal(t, 1, e.Attempt)
	require.GreaterOrEqual(t, e.Cycle, stall.Seconds())
	b.check()
}
