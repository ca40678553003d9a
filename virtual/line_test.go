// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"math/bits"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/virtual"
)

func drawFaults(t *rapid.T) virtual.LineFaults {
	rate := func(name string) float64 { return rapid.Float64Range(0, 0.5).Draw(t, name) }
	return virtual.LineFaults{
		Seed: rapid.Uint64().Draw(t, "seed"),
		Flip: rate("flip"), Drop: rate("drop"), Double: rate("double"), Insert: rate("insert"),
		Unplug: rapid.IntRange(0, 300).Draw(t, "unplug"),
	}
}

// TestLineDoesNotDependOnChunks: the result does not depend on how a stream is divided
// between calls.
func TestLineDoesNotDependOnChunks(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		faults, data := drawFaults(t), rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "data")
		want, wantErr := virtual.NewLineNoise(faults).Append(nil, data)
		n := virtual.NewLineNoise(faults)
		var got []byte
		var err error
		for rest := data; len(rest) > 0; {
			k := rapid.IntRange(1, len(rest)).Draw(t, "cut")
			if got, err = n.Append(got, rest[:k]); err != nil {
				break
			}
			rest = rest[k:]
		}
		require.Equal(t, string(want), string(got))
		require.Equal(t, wantErr, err)
		if faults.Unplug > 0 && len(data) > faults.Unplug {
			require.ErrorIs(t, err, virtual.ErrUnplugged)
		}
	})
}

func TestLinePerfect(t *testing.T) {
	data := []byte("data on a perfect line")
	got, err := new(virtual.LineNoise).Append(nil, data)
	require.NoError(t, err)
	require.Equal(t, data, got)
}

func TestLineRates(t *testing.T) {
	data := bytes.Repeat([]byte{0x55}, 10_000)
	count := func(f virtual.LineFaults) []byte {
		f.Seed = 42
		b, err := virtual.NewLineNoise(f).Append(nil, data)
		require.NoError(t, err)
		return b
	}
	require.InDelta(t, 9_000, len(count(virtual.LineFaults{Drop: 0.1})), 150)
	require.InDelta(t, 11_000, len(count(virtual.LineFaults{Double: 0.1})), 150)
	require.InDelta(t, 11_000, len(count(virtual.LineFaults{Insert: 0.1})), 150)
	flipped := 0
	for _, b := range count(virtual.LineFaults{Flip: 0.1}) {
		n := bits.OnesCount8(b ^ 0x55)
		require.LessOrEqual(t, n, 1)
		flipped += n
	}
	require.InDelta(t, 1_000, flipped, 150)
	require.Empty(t, count(virtual.LineFaults{Drop: 1}))
}

// TestLinePacing: 115200 bit/s carry 11520 bytes a second, at 10 bits each.
func TestLinePacing(t *testing.T) {
	n := virtual.NewLineNoise(virtual.LineFaults{Baud: 115200, StallAt: 3, Stall: time.Second})
	pass := func(w virtual.WorldTime) virtual.WorldTime {
		at := n.Pass(w)
		_, err := n.Append(nil, []byte{1})
		require.NoError(t, err)
		return at
	}
	const one = 86_806 * time.Nanosecond
	require.Equal(t, start.Add(one), pass(start))
	require.Equal(t, start.Add(2*one), pass(start), "the line is busy")
	require.Equal(t, start.Add(time.Second+3*one), pass(start), "stalled")
	later := start.Add(time.Minute)
	require.Equal(t, later.Add(one), pass(later), "the line was idle")

	free := virtual.NewLineNoise(virtual.LineFaults{})
	require.Equal(t, start, free.Pass(start))
	require.InDelta(t, float64(time.Second), float64(11520*virtual.LineFaults{Baud: 115200}.ByteTime()), 1e4)
}
