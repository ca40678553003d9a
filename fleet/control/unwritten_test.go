// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// fullDisk is a file on a disk without space.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestEventsNotWritten checks that every request has a code of its own after the events of
// a fleet could not be written.
func TestEventsNotWritten(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Events: fullDisk{}, Lots: []fleet.Lot{{Ready: true}}})
	require.NoError(t, err)
	server := httptest.NewServer(control.New(f, control.Options{Key: key}))
	defer server.Close()
	require.ErrorIs(t, f.Serve(t.Context()), fleet.ErrEvents)
	c := &client{t, f, server.URL}
	for _, path := range []string{"/v1/tokens/ZZFB00000001", "/v1/codes", "/v1/healthz"} {
		c.refused(500, "events_not_saved", "GET", path, "")
	}
	require.NoError(t, f.Close())
}
