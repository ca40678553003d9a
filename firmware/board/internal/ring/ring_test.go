// SPDX-License-Identifier: Apache-2.0

package ring_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/firmware/board/internal/ring"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
)

// TestQueue compares the queue with a slice as its model.
func TestQueue(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		var q ring.Queue
		var model []byte
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				p := rapid.SliceOfN(rapid.Byte(), 0, ring.Size+100).Draw(t, "p")
				n := q.Put(p)
				require.Equal(t, min(len(p), ring.Size-len(model)), n)
				model = append(model, p[:n]...)
			},
			"get": func(t *rapid.T) {
				p := make([]byte, rapid.IntRange(0, ring.Size+100).Draw(t, "n"))
				n := q.Get(p)
				require.Equal(t, min(len(p), len(model)), n)
				require.Equal(t, string(model[:n]), string(p[:n]))
				model = model[n:]
			},
			"clear": func(*rapid.T) {
				q.Clear()
				model = nil
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(model), q.Len())
				require.Equal(t, ring.Size-len(model), q.Free())
			},
		})
	})
}

// TestPacketFits checks that the queue holds the longest request, which may arrive
// whole while the program does something else.
func TestPacketFits(t *testing.T) {
	var out serialproto.Framer
	out.Message()
	out.Seal(serialproto.MaxMessage)
	wire := len(out.AppendLines(nil))
	require.Equal(t, 702, wire)
	require.LessOrEqual(t, wire, ring.Size)
}

func TestNoAllocation(t *testing.T) {
	var q ring.Queue
	var p [100]byte
	require.Zero(t, testing.AllocsPerRun(100, func() {
		q.Put(p[:])
		q.Get(p[:])
	}))
}
