// SPDX-License-Identifier: Apache-2.0

package line

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line/journal"
)

func TestStatistics(t *testing.T) {
	var s Statistics
	for _, e := range []Event{
		{Number: 1, Socket: "a", Result: Waiting},
		{Number: 1, Socket: "a", Result: Working, Reason: "x"},
		{Number: 1, Socket: "a", Result: Pass, Cycle: 2},
		{Number: 1, Socket: "a", Result: Pass, Cycle: 4},
		{Number: 1, Socket: "a", Result: Known},
		{Number: 3, Socket: "c", Result: Pass, Cycle: 6},
		{Number: 3, Socket: "c", Result: Fail, State: journal.Void, Reason: "lcd", Bin: journal.BinRepair},
		{Number: 3, Socket: "c", Result: Fail, State: journal.Void, Reason: "lcd, before", Before: true},
		{Number: 3, Socket: "c", Result: Fail, Reason: "pulled out"},
		{Number: 3, Socket: "c", Result: Fail, Reason: "pulled out"},
	} {
		s.Add(e)
	}
	require.Equal(t, []SocketStatistics{
		{Socket: "a", Number: 1, Passed: 2, Cycle: 3, Worst: 4},
		{Number: 2},
		{Socket: "c", Number: 3, Passed: 1, Void: 1, Failed: 3, Cycle: 6, Worst: 6},
	}, s.Sockets)
	require.Equal(t, []Reason{{"pulled out", "", 2}, {"lcd", journal.BinRepair, 1}, {"lcd, before", "", 1}}, s.Reasons)
	total := s.Total()
	require.Equal(t, SocketStatistics{Passed: 3, Void: 1, Failed: 3, Cycle: 4, Worst: 6}, total)
	require.InDelta(t, 0.75, total.Yield(), 1e-9)
	require.InDelta(t, 1, s.Sockets[1].Yield(), 0)
}
