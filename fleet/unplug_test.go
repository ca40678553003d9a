// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// TestUnplugAtOnce unplugs ports before the fleet has begun to accept hosts there. Under
// the race detector it fails if the accepting goroutine reads a field that Unplug changes.
func TestUnplugAtOnce(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 1})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx) }()
	members, err := f.MakeLot(fleet.Lot{})
	require.NoError(t, err)
	for range 50 {
		p, err := f.Attach(members[0], "tcp:127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, p.Unplug())
		require.NoError(t, p.Replug(""))
		require.NoError(t, p.Unplug())
	}
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, f.Close())
}

// TestUnpluggedTerminal checks that a line fault that pulls the cable of a terminal
// unplugs the port, and nothing else.
func TestUnpluggedTerminal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no pseudo-terminals")
	}
	w, err := virtual.NewWorld(virtual.Config{Seed: 1})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx) }()
	members, err := f.MakeLot(fleet.Lot{})
	require.NoError(t, err)
	link := filepath.Join(t.TempDir(), "tok")
	p, err := f.Attach(members[0], "pty:"+link)
	require.NoError(t, err)
	p.Faults().Set(virtual.LineFaults{Unplug: 2}, virtual.LineFaults{})

	c, err := port.Open(t.Context(), p.Addr())
	require.NoError(t, err)
	_, err = c.Write([]byte("hello"))
	require.NoError(t, err)
	_, err = c.Read(make([]byte, 1))
	require.ErrorIs(t, err, port.ErrGone)
	require.NoError(t, c.Close())
	require.Eventually(t, func() bool { return p.Addr() == "" }, time.Minute, time.Millisecond)
	require.NoFileExists(t, link)

	p.Faults().Set(virtual.LineFaults{}, virtual.LineFaults{})
	require.NoError(t, p.Replug(""))
	c, err = port.Open(t.Context(), p.Addr())
	require.NoError(t, err)
	require.NoError(t, c.Close())
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, f.Close())
}
