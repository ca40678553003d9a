// SPDX-License-Identifier: Apache-2.0

package ratelimit_test

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ratelimit"
)

func TestTake(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	rate := ratelimit.Rate{PerSecond: 0.2, Burst: 3}
	l := ratelimit.New[string](10)
	for range 3 {
		require.Zero(t, l.Wait(now, "a", rate))
		require.Zero(t, l.Take(now, "a", rate))
	}
	require.Equal(t, 5*time.Second, l.Wait(now, "a", rate))
	require.Equal(t, 5*time.Second, l.Take(now, "a", rate))
	require.Zero(t, l.Take(now, "b", rate), "another key has its own bucket")
	now = now.Add(4 * time.Second)
	require.InDelta(t, time.Second, l.Take(now, "a", rate), 10, "a refused attempt takes nothing")
	now = now.Add(time.Second)
	require.Zero(t, l.Take(now, "a", rate))
	require.Equal(t, 5*time.Second, l.Take(now, "a", rate))
	require.Equal(t, 5*time.Second, l.Take(now.Add(-time.Hour), "a", rate), "a clock that was set back")
	now = now.Add(time.Hour)
	for range 3 {
		require.Zero(t, l.Take(now, "a", rate))
	}
	require.NotZero(t, l.Take(now, "a", rate), "a bucket holds at most the burst")
}

func TestGive(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	rate := ratelimit.Rate{Burst: 1}
	l := ratelimit.New[int](10)
	require.Zero(t, l.Take(now, 1, rate))
	require.Greater(t, l.Take(now, 1, rate), 1000*time.Hour, "at a rate of 0 nothing is refilled")
	l.Give(now, 1, rate)
	l.Give(now, 1, rate)
	require.Zero(t, l.Take(now, 1, rate))
	require.NotZero(t, l.Take(now, 1, rate), "a bucket holds at most the burst")
}

func TestCapacity(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	rate := ratelimit.Rate{PerSecond: 0.001, Burst: 1}
	l := ratelimit.New[int](100)
	require.Zero(t, l.Take(now, -1, rate))
	for key := range 100 {
		require.Zero(t, l.Take(now, key, rate))
		require.NotZero(t, l.Take(now, -1, rate), "the most recently used bucket is kept")
	}
	require.NotZero(t, l.Take(now, 99, rate))
	require.Zero(t, l.Take(now, 0, rate), "a forgotten bucket is full again")
}

// TestBurst checks that concurrent callers share a bucket.
func TestBurst(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := ratelimit.New[string](10)
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if l.Take(now, "a", ratelimit.Rate{Burst: 10}) == 0 {
				taken.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 10, taken.Load())
}

func TestSource(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1",
		"::ffff:192.0.2.1":     "192.0.2.1",
		"2001:db8:0:1::1":      "2001:db8:0:1::",
		"2001:db8:0:1:ffff::2": "2001:db8:0:1::",
		"2001:db8:0:1::1%eth0": "2001:db8:0:1::",
		"2001:db8:0:2::1":      "2001:db8:0:2::",
		"::ffff:198.51.100.7":  "198.51.100.7",
		"not an address":       "not an address",
	} {
		require.Equal(t, want, ratelimit.SourceText(addr), addr)
	}
	require.Equal(t, netip.Addr{}, ratelimit.Source(netip.Addr{}))
}
