// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
)

// TestViewHoldsResults shows a result until work on the next device begins.
func TestViewHoldsResults(t *testing.T) {
	v := line.NewView(line.ViewConfig{Station: "s", Counts: journal.Counts{Wanted: 3, Done: 1, Void: 1}})
	at := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	add := func(second int, e line.Event) line.SocketStatus {
		e.Number, e.Socket, e.Time = 2, "usb 1-2", at.Add(time.Duration(second)*time.Second)
		v.Add(e)
		require.Len(t, v.Status().Ports, 1, "and none for number 1")
		return v.Status().Ports[0]
	}
	p := add(0, line.Event{Result: line.Waiting})
	require.Equal(t, line.Waiting, p.Result)
	require.True(t, p.Empty)
	require.Equal(t, 2, p.Number)

	p = add(1, line.Event{Result: line.Working, Step: line.StepIdentify})
	require.Equal(t, line.StepIdentify, p.Step)
	require.Equal(t, at.Add(time.Second), p.Since)
	add(2, line.Event{Result: line.Working, Step: line.StepDrift, Serial: "ZZFB00000001"})
	p = add(5, line.Event{Result: line.Pass, Serial: "ZZFB00000001", Cycle: 4, Label: true})
	require.True(t, p.Label)
	require.True(t, v.Busy())
	p = add(6, line.Event{Result: line.Waiting})
	require.Equal(t, line.Pass, p.Result)
	require.True(t, p.Empty)
	require.True(t, p.Label, "pulled out before its label was taken")
	p = add(7, line.Event{Result: line.Pass, Serial: "ZZFB00000001", LabelTaken: true})
	require.False(t, p.Label)

	p = add(8, line.Event{Result: line.Working, Step: line.StepIdentify})
	require.Empty(t, p.Serial, "the next device")
	p = add(9, line.Event{Result: line.Fail, State: journal.Void, Serial: "ZZFB00000002", Reason: "broken", Bin: journal.BinRepair})
	require.Equal(t, "broken", p.Reason)
	p = add(10, line.Event{Result: line.Known, Serial: "ZZFB00000001"})
	require.Equal(t, line.Known, p.Result, "never a pass")

	s := v.Status()
	require.EqualValues(t, 2, s.Done)
	require.EqualValues(t, 2, s.Void)
	require.InDelta(t, 0.5, s.Yield, 1e-9)
	require.Equal(t, &line.StepTime{Step: line.StepDrift, Seconds: 3, Count: 1}, s.SlowestStep)
	require.Nil(t, s.SlowestPort, "there is only one")
	require.Equal(t, []line.Reason{{Reason: "broken", Bin: journal.BinRepair, Count: 1}}, s.Reasons)
	v.Add(line.Event{Number: 1, Result: line.Pass, Cycle: 9})
	require.Equal(t, &line.PortTime{Number: 1, Cycle: 9}, v.Status().SlowestPort)
	require.True(t, v.Complete())

	recent := v.Recent()
	require.Len(t, recent, 4)
	require.Equal(t, line.Known, recent[1].Result)
}

// TestViewOfInterruptedWork does not show work on a socket that is empty.
func TestViewOfInterruptedWork(t *testing.T) {
	v := line.NewView(line.ViewConfig{})
	v.Add(line.Event{Number: 1, Result: line.Working, Step: line.StepCodes, Serial: "ZZFB00000001"})
	v.Add(line.Event{Number: 1, Result: line.Waiting})
	p := v.Status().Ports[0]
	require.Equal(t, line.Waiting, p.Result)
	require.Empty(t, p.Serial)
	require.False(t, v.Busy())
}

// TestViewStaysSmall adds the events of many units that all fail for another reason.
func TestViewStaysSmall(t *testing.T) {
	v := line.NewView(line.ViewConfig{})
	for i := range 20_000 {
		v.Add(line.Event{Number: i%64 + 1, Result: line.Working, Step: line.StepIdentify})
		v.Add(line.Event{Number: i%64 + 1, Result: line.Fail, Reason: fmt.Sprint("reason ", i)})
	}
	require.Len(t, v.Recent(), 100)
	text, err := json.Marshal(v.Status())
	require.NoError(t, err)
	require.Less(t, len(text), 64*1024)
	require.Len(t, v.Status().Ports, 64)
}
