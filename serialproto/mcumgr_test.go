// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
)

// TestMcumgr answers requests that were recorded from Apache's client.
func TestMcumgr(t *testing.T) {
	var file struct {
		Vectors []struct {
			ID, Comment, Request, Header, Body string
			Resets                             int
		}
	}
	load(t, "mcumgr.json", &file)
	require.Len(t, file.Vectors, 3)
	for _, v := range file.Vectors {
		t.Run(v.ID, func(t *testing.T) {
			dev := newProvisioned()
			line := &fakeLine{in: []byte("\x06\x09" + v.Request + "\n")}
			sentBefore := -1
			dev.onReset = func() { sentBefore = len(line.out) }
			var s serialproto.Server
			s.Step(line, dev)

			answers := unframe(t, line.out)
			require.Len(t, answers, 1)
			require.Equal(t, unhex(v.Header), answers[0][:8])
			require.Equal(t, unhex(v.Body), answers[0][8:])
			require.Equal(t, v.Resets, dev.resets)
			if v.Resets > 0 {
				require.Equal(t, len(line.out), sentBefore, "bytes of the answer sent before the restart")
			}
			require.Equal(t, serialproto.FramingErrors{}, *s.FramingErrors())
		})
	}
}

// TestResetWaitsForLine delays the answer, which also delays the restart.
func TestResetWaitsForLine(t *testing.T) {
	dev, line := newDevice(), &fakeLine{full: true}
	request := message(v1, write, 0, 5, obj{})
	line.in = append(frame(request), frame(request)...)
	var s serialproto.Server
	for range 10 {
		s.Step(line, dev)
	}
	require.Zero(t, dev.resets)
	require.False(t, s.Idle())

	line.room = 5
	s.Step(line, dev)
	require.Zero(t, dev.resets, "the answer has been sent only in part")

	line.full = false
	s.Step(line, dev)
	require.Equal(t, 1, dev.resets)
	require.Len(t, unframe(t, line.out), 1, "a request after reset is not answered before the restart")
}
