// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// TestUnplugAtOnce unplugs ports before the fleet has begun to accept hosts there. Under
// the race detector it fails if the accepting goroutine reads a field that Unplug changes.
func TestUnplugAtOnce(t *testing.T) {
	f, m, end := servingFleet(t)
	for range 50 {
		p, err := f.Attach(m, "tcp:127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, p.Unplug())
		require.NoError(t, p.Replug(""))
		require.NoError(t, p.Unplug())
	}
	end()
}

// servingFleet returns a fleet that serves and has one token, and a function that ends it.
func servingFleet(t *testing.T) (f *fleet.Fleet, m fleet.Member, end func()) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 1})
	require.NoError(t, err)
	f, err = fleet.New(w, fleet.Config{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx) }()
	members, err := f.MakeLot(fleet.Lot{})
	require.NoError(t, err)
	return f, members[0], func() {
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, f.Close())
	}
}

// TestPulledCable checks that a line fault that pulls the cable unplugs a port of each
// kind, before its host notices, and that the port can be plugged in again.
func TestPulledCable(t *testing.T) {
	link := filepath.Join(t.TempDir(), "tok")
	for kind, addr := range map[string]string{"pty": "pty:" + link, "tcp": "tcp:127.0.0.1:0", "rfc2217": "rfc2217://127.0.0.1:0"} {
		t.Run(kind, func(t *testing.T) {
			if runtime.GOOS == "windows" && kind == "pty" {
				t.Skip("there are no pseudo-terminals")
			}
			f, m, end := servingFleet(t)
			p, err := f.Attach(m, addr)
			require.NoError(t, err)
			for range 3 {
				p.Faults().Set(virtual.LineFaults{Unplug: 2}, virtual.LineFaults{})
				c, err := port.Open(t.Context(), p.Addr())
				require.NoError(t, err)
				_, err = c.Write([]byte("hello"))
				require.NoError(t, err)
				_, err = c.Read(make([]byte, 1))
				require.Error(t, err)
				require.Empty(t, p.Addr(), "the host sees the end after the port is unplugged")
				require.ErrorIs(t, p.Unplug(), fleet.ErrPlugged)
				require.NoError(t, c.Close())
				require.NoFileExists(t, link)

				p.Faults().Set(virtual.LineFaults{}, virtual.LineFaults{})
				require.NoError(t, p.Replug(""))
				require.ErrorIs(t, p.Replug(""), fleet.ErrPlugged)
				c, err = port.Open(t.Context(), p.Addr())
				require.NoError(t, err)
				require.NoError(t, c.Close())
			}
			end()
		})
	}
}
