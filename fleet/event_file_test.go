// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// TestEventFile checks that the file has every event in order, including the events that
// the log has dropped and the events of removed tokens.
func TestEventFile(t *testing.T) {
	var file bytes.Buffer
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := New(w, Config{Lots: []Lot{{Count: 20, Ready: true, Profile: "button-6"}}, LogSize: 10, Events: &file})
	require.NoError(t, err)
	removed := ""
	for m := range f.All(0) {
		_, err := m.Do((*virtual.Token).Press)
		require.NoError(t, err)
		if m.Tag() == 3 {
			removed = f.nameOf(3)
			require.NoError(t, f.Remove(m))
		}
	}
	w.Advance(time.Hour)
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())

	var want uint64
	kinds := map[string]int{}
	lines := json.NewDecoder(&file)
	for lines.More() {
		var l EventLine
		require.NoError(t, lines.Decode(&l))
		want++
		require.Equal(t, want, l.Seq)
		kinds[l.Event]++
		if l.Event == "removed" {
			require.Equal(t, removed, l.Token)
		}
	}
	require.Equal(t, f.Log().Seq(), want)
	require.Equal(t, 20, kinds["made"])
	require.Equal(t, 20, kinds["press"])
	require.Equal(t, 19, kinds["display-off"], "the removed token has none")
}

// brokenDisk fails after some writes.
type brokenDisk struct{ left int }

var errDisk = errors.New("no space left on device")

func (d *brokenDisk) Write(b []byte) (int, error) {
	if d.left--; d.left < 0 {
		return 0, errDisk
	}
	return len(b), nil
}

// TestEventFileFails: a file that cannot be written ends the fleet, once.
func TestEventFileFails(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := New(w, Config{Count: 1, Model: modelOf(t), Events: &brokenDisk{}})
	require.NoError(t, err)
	err = f.Serve(context.Background())
	require.ErrorIs(t, err, errDisk)
	require.ErrorIs(t, err, ErrEvents)
	require.EqualError(t, err, "writing the event log: no space left on device: the fleet ends, because later events "+
		"would be missing: make space or repair the folder, and start it again")
	require.NoError(t, f.Close(), "Serve has returned the error")

	w, err = virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err = New(w, Config{Count: 1, Model: modelOf(t), Events: &brokenDisk{}})
	require.NoError(t, err)
	require.ErrorIs(t, f.Close(), errDisk, "without Serve")
}

func modelOf(t *testing.T) *virtual.Model {
	t.Helper()
	m, err := virtual.ModelByName("button-6")
	require.NoError(t, err)
	return m
}
