// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAllowance(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	a := NewAllowance(Budget{Every: 5 * time.Second, Burst: 3})
	a.now = func() time.Time { return now }
	for range 3 {
		require.Zero(t, a.Take("192.0.2.1"))
	}
	require.InDelta(t, 5*time.Second, a.Take("192.0.2.1"), 10)
	require.InDelta(t, 5*time.Second, a.Take("::ffff:192.0.2.1"), 10, "the same address")
	require.Zero(t, a.Take("192.0.2.2"), "another has its own")
	now = now.Add(4 * time.Second)
	require.InDelta(t, time.Second, a.Take("192.0.2.1"), 10, "who is refused does not pay")
	now = now.Add(time.Second)
	require.Zero(t, a.Take("192.0.2.1"))
	require.InDelta(t, 5*time.Second, a.Take("192.0.2.1"), 10)
	now = now.Add(time.Hour)
	for range 3 {
		require.Zero(t, a.Take("192.0.2.1"))
	}
	require.NotZero(t, a.Take("192.0.2.1"), "no more than the burst is saved up")
}

func TestAllowanceOfNetworks(t *testing.T) {
	a := NewAllowance(Budget{Every: time.Hour, Burst: 1})
	require.Zero(t, a.Take("2001:db8:0:1::1"))
	require.NotZero(t, a.Take("2001:db8:0:1:ffff::2"), "one customer's /64")
	require.NotZero(t, a.Take("2001:db8:0:1::1%eth0"))
	require.Zero(t, a.Take("2001:db8:0:2::1"))
	require.Zero(t, a.Take("no address"))
	require.NotZero(t, a.Take("no address"))
}

func TestAllowanceIsBounded(t *testing.T) {
	a := NewAllowance(Budget{Every: time.Hour, Burst: 1})
	require.Zero(t, a.Take("first"))
	for i := range maxSources {
		a.Take(fmt.Sprint("source ", i))
	}
	require.Len(t, a.byName, maxSources)
	require.Equal(t, maxSources, a.used.Len())
	require.Zero(t, a.Take("first"), "forgotten, and full again")
	require.NotZero(t, a.Take(fmt.Sprint("source ", maxSources-1)))
}
