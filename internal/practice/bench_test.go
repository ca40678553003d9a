// SPDX-License-Identifier: Apache-2.0

package practice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/practice"
)

// TestBench measures a small line. A token needs about 2,500 bytes, see
// BenchmarkProvision of serialproto/host for the part of the provisioning. 10 bits a byte
// take 1/11520 s each, and no line is faster than its wires.
func TestBench(t *testing.T) {
	c := newConfig(t, 4, 1, "")
	c.Ports, c.Baud = 2, 115200
	r, err := practice.Bench(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, 4, r.Tokens)
	require.Equal(t, 2, r.Ports)
	require.Greater(t, r.Bytes, 4*1500)
	require.GreaterOrEqual(t, r.WireSeconds, float64(r.Bytes)/2/11520, "the port with the most bytes")
	require.LessOrEqual(t, r.WireSeconds, float64(r.Bytes)/11520)
	require.GreaterOrEqual(t, r.Ratio, 1.0)
	require.InDelta(t, r.Seconds/r.WireSeconds, r.Ratio, 1e-9)
}

// TestBenchFails measures a line that does not make all tokens.
func TestBenchFails(t *testing.T) {
	c := newConfig(t, 2, 1, "faults: [{fault: wrong model, tokens: [1]}]")
	c.Ports, c.Baud = 2, 115200
	_, err := practice.Bench(t.Context(), c)
	require.ErrorIs(t, err, practice.ErrBench)
	require.ErrorContains(t, err, "1 of 2")
}

// BenchmarkLine is fob line bench.
func BenchmarkLine(b *testing.B) {
	for b.Loop() {
		c := newConfig(b, 64, 1, "")
		c.Ports, c.Baud = 64, 115200
		r, err := practice.Bench(b.Context(), c)
		require.NoError(b, err)
		b.ReportMetric(r.Ratio, "ratio")
	}
}
