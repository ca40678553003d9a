// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
)

// TestLabelKeys types ports and scans serial numbers on a terminal.
func TestLabelKeys(t *testing.T) {
	type call struct {
		number  int
		scanned string
	}
	var calls []call
	ended := 0
	d := &lineDisplay{in: strings.NewReader(""), cancel: func(error) { ended++ }}
	d.taken = func(number int, scanned string) error {
		calls = append(calls, call{number, scanned})
		if number == 9 {
			return errors.New("no port waits for this label: port 9")
		}
		return nil
	}
	for _, c := range "13\x7f2\rZZFB00000001\n \r2600124800001\r9\r" {
		d.key(c)
	}
	require.Equal(t, []call{{12, ""}, {0, "ZZFB00000001"}, {0, "2600124800001"}, {9, ""}}, calls)
	require.True(t, strings.HasPrefix(d.prompt(), "no port waits for this label: port 9\n"))
	d.key('4')
	require.Contains(t, d.prompt(), ": 4_ ")
	d.key(3)
	require.Equal(t, 1, ended)
}

// TestLineFrame shows the results of a station until the next token.
func TestLineFrame(t *testing.T) {
	v := line.NewView(line.ViewConfig{Station: "station-1", Order: "ORD-1", Customer: "Bank", Model: "button-6", Counts: journal.Counts{Wanted: 4, Done: 1}})
	frame := func(columns int) string {
		status := v.Status()
		return lineFrame(&status, columns, false)
	}
	require.Contains(t, frame(100), "No port has a token yet")
	for _, e := range []line.Event{
		{Number: 1, Result: line.Pass, Serial: "ZZFB00000001", Cycle: 2, Label: true, Advice: "scan the label"},
		{Number: 2, Result: line.Working, Step: line.StepDrift, Serial: "ZZFB00000002"},
		{Number: 3, Result: line.Fail, State: journal.Void, Serial: "ZZFB00000003", Reason: "the crystal is slow", Advice: "put it aside"},
		{Number: 3, Result: line.Waiting},
		{Number: 4, Result: line.Waiting},
	} {
		v.Add(e)
	}
	text := frame(120)
	require.Contains(t, text, "2 of 4 done, 1 void, yield 50.0 %, 2.0 s a token (longest 2.0 s)")
	require.Regexp(t, `(?m)^ +1  PASS .*ZZFB00000001 +scan the label$`, text)
	require.Regexp(t, `(?m)^ +2  WORKING .* drift +ZZFB00000002`, text)
	require.Regexp(t, `(?m)^ +3  FAIL .*ZZFB00000003 +the crystal is slow: put it aside$`, text)
	require.Regexp(t, `(?m)^ +4  WAIT +insert a token$`, text)
	require.True(t, v.Busy())
	v.Add(line.Event{Number: 1, Result: line.Pass, LabelTaken: true, Serial: "ZZFB00000001"})
	v.Add(line.Event{Number: 2, Result: line.Waiting})
	require.False(t, v.Busy())
	require.Contains(t, frame(120), "2 of 4 done")
}
