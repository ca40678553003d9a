// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
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
