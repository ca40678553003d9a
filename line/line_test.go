// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
)

// TestGoodRun programs 20 tokens over four PTYs.
func TestGoodRun(t *testing.T) {
	b := newBench(t, append(quick, "count: 10", "count: 20", "ZZFB00000012", "ZZFB00000022")...)
	b.start()
	done := make(chan line.Event, 20)
	for socket := range 4 {
		go func() {
			for range 5 {
				done <- b.one(b.device(), socket)
			}
		}()
	}
	var stats line.Statistics
	serials := map[string]bool{}
	for range 20 {
		e := <-done
		require.Equal(t, line.Pass, e.Result, e)
		require.Equal(t, journal.Done, e.State)
		serials[e.Serial] = true
		stats.Add(e)
	}
	require.Len(t, serials, 20)
	require.Len(t, stats.Sockets, 4)
	total := stats.Total()
	require.Equal(t, 20, total.Passed)
	require.EqualValues(t, 1, total.Yield())
	require.Positive(t, total.Cycle)
	b.check()

	e := b.one(b.device(), 0)
	require.Equal(t, line.Fail, e.Result)
	require.Contains(t, e.Reason, "the order needs no more tokens")
	require.NoError(t, b.stop())
}
