// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/virtual"
)

// TestWrongStationKey runs a station with a key that its devices do not accept. It stops at
// the first one, which keeps its serial number, and goes on with the right key.
func TestWrongStationKey(t *testing.T) {
	b := newFast(t)
	right := b.config.Key
	var err error
	b.config.Key, err = host.GenerateStationKey()
	require.NoError(t, err)
	m := b.device()
	p := b.plug(m, 1)
	require.ErrorIs(t, line.New(b.config).Run(t.Context()), line.ErrStationKey)
	b.pull(p)
	e, _ := b.result(0, 1)
	require.Equal(t, line.Fail, e.Result)
	require.Contains(t, e.Reason, "message authentication failed")
	require.Equal(t, "the station stops: call the supervisor", e.Advice)
	require.Empty(t, e.Bin)
	require.Equal(t, serialproto.StateBlank, m.Token.State())
	c, err := b.batch.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, journal.Counts{Wanted: 10, Unfinished: 1}, c)

	b.config.Key = right
	b.start()
	again := b.one(m, 1)
	require.Equal(t, line.Pass, again.Result, again)
	require.Equal(t, e.Serial, again.Serial)
	b.check()
}

// TestOtherStationKey plugs in a device that another station's key programs, after the
// station's key was accepted. The fault is the device's: the station goes on.
func TestOtherStationKey(t *testing.T) {
	b := newFast(t)
	other, err := host.GenerateStationKey()
	require.NoError(t, err)
	w, err := virtual.NewWorld(virtual.Config{Mode: virtual.Real, Seed: 8, StationKey: other.Public()})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Model: b.model})
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	m, err := f.Add(w.NewToken(b.model))
	require.NoError(t, err)
	b.start()
	require.Equal(t, line.Pass, b.one(b.device(), 1).Result)
	in := b.fixture("s02")
	in.Store(&m)
	e, _ := b.wait(0, "result", func(e line.Event) bool { return e.Result == line.Fail })
	require.Equal(t, journal.Void, e.State)
	require.Equal(t, journal.BinRepair, e.Bin)
	require.Equal(t, line.Pass, b.one(b.device(), 1).Result)
	require.NoError(t, b.stop())
}
