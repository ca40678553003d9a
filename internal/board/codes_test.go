// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/token"
)

// TestCodes compares the codes of ten times with oathtool. The clock is moved over the
// protocol, on a token that is not locked.
func TestCodes(t *testing.T) {
	c := Config{Image: image(t, "virt-rig"), Flash: newFlash(t)}
	_, client := startMachine(t, c)
	ctx := t.Context()
	seen := map[string]bool{}

	require.NoError(t, client.Provision(ctx, host.InsecureTestStationKey(), hosttest.Order(t, "button-6", nil)))
	for year := 1970; year < 2470; year += 50 {
		at := time.Date(year, 2, 28, 23, 59, 2, 0, time.UTC)
		require.NoError(t, client.SetClock(ctx, at))
		d, err := client.Display(ctx)
		require.NoError(t, err)
		require.Equal(t, at.Unix()/60, d.Step)
		require.Equal(t, oathtool(t, at), d.Code.String(), at)
		seen[d.Code.String()] = true
	}
	require.Len(t, seen, 10)
}

// TestCodesByRig compares the codes of a locked token without an expiry date. The clock
// is moved by the rig, and then by the board's real-time clock.
func TestCodesByRig(t *testing.T) {
	c := Config{Image: image(t, "virt-rig"), Flash: newFlash(t)}
	m, client := startMachine(t, c)
	ctx := t.Context()
	order := hosttest.Order(t, "button-6", nil)
	order.Expiry = token.Expiry{}
	setting := time.Now()
	require.NoError(t, client.Provision(ctx, host.InsecureTestStationKey(), order))
	late := time.Since(setting)
	require.NoError(t, client.Lock(ctx))

	shown := func(client *host.Client) (string, time.Time) {
		display, err := client.LightUp(ctx)
		require.NoError(t, err)
		require.Equal(t, oathtool(t, display.Now), display.Text, display.Now)
		return display.Text, display.Now
	}
	seen := map[string]bool{}
	for range 10 {
		require.NoError(t, client.Skew(ctx, 61*time.Second))
		code, _ := shown(client)
		seen[code] = true
	}
	require.GreaterOrEqual(t, len(seen), 10)

	offset := 10 * 61 * time.Second
	for year := 2027; year < 2087; year += 6 { // also beyond 2038
		m.Kill()
		c.At = time.Date(year, 12, 31, 23, 59, 30, 0, time.UTC)
		began := time.Now()
		m, client = startMachine(t, c)
		code, now := shown(client)
		requireFollows(t, now, c.At.Add(offset-late), began, late)
		seen[code] = true
	}
	require.GreaterOrEqual(t, len(seen), 20)
}

// TestHeap provisions and wipes repeatedly with the longest seed and the largest hash,
// which all allocate memory. An image that leaks memory would fail.
func TestHeap(t *testing.T) {
	m, client := startMachine(t, Config{Image: image(t, "virt"), Flash: newFlash(t)})
	ctx := t.Context()
	order := hosttest.Order(t, "button-6", nil)
	order.Profile.Algorithm = token.SHA512
	var err error
	order.Seed, err = token.NewSeed(bytes.Repeat([]byte("long"), 16))
	require.NoError(t, err)
	for range 100 {
		require.NoError(t, client.Provision(ctx, host.InsecureTestStationKey(), order))
		require.NoError(t, client.Verify(ctx, order))
		require.NoError(t, client.Wipe(ctx, order.Serial))
	}
	select {
	case <-m.Done():
		require.NoError(t, m.Err())
	default:
	}
}

// TestClockRange checks that QEMU's clock shows the time it was set to within the
// limits of Check, and that Check rejects times beyond them.
func TestClockRange(t *testing.T) {
	c := Config{Image: image(t, "virt"), Flash: newFlash(t)}
	for _, off := range []time.Duration{clockReach - time.Hour, time.Hour - clockReach} {
		began := time.Now()
		c.At = began.Add(off).Truncate(time.Second)
		m, client := startMachine(t, c)
		if off > 0 { // the first start: set the board's clock
			began = time.Now()
			require.NoError(t, client.SetClock(t.Context(), c.At))
		}
		now, set, err := client.Clock(t.Context())
		require.NoError(t, err)
		require.True(t, set)
		requireFollows(t, now, c.At, began, 0)
		m.Kill()
	}
	c.At = time.Now().Add(clockReach + time.Hour)
	_, err := Start(c)
	require.ErrorIs(t, err, ErrClock)
	c.At = time.Now().Add(-clockReach - time.Hour)
	require.ErrorIs(t, c.Check(), ErrClock)
}
