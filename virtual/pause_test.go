// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPauser waits at least as long as asked, again and again.
func TestPauser(t *testing.T) {
	var p pauser
	defer p.close()
	for _, d := range []time.Duration{time.Nanosecond, 100 * time.Microsecond, 2300 * time.Microsecond, 10 * time.Millisecond} {
		for range 5 {
			began := time.Now()
			require.NoError(t, p.wait(t.Context(), d))
			require.GreaterOrEqual(t, time.Since(began), d)
		}
	}
}

// TestPauserStops ends a wait with its context, during it and before it.
func TestPauserStops(t *testing.T) {
	var p pauser
	defer p.close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	require.ErrorIs(t, p.wait(ctx, time.Hour), context.Canceled)
	require.ErrorIs(t, p.wait(ctx, time.Hour), context.Canceled)
}

// BenchmarkPauser prints how late a wait of 2.3 ms ends while the process is idle, at the
// median. The runtime's timers are about half a millisecond late.
func BenchmarkPauser(b *testing.B) {
	var p pauser
	defer p.close()
	const d = 2300 * time.Microsecond
	var late []time.Duration
	for b.Loop() {
		began := time.Now()
		require.NoError(b, p.wait(b.Context(), d))
		late = append(late, time.Since(began)-d)
	}
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2].Microseconds()), "µs-late")
}
