// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// snapshots returns tokens in different states, in their storage format.
func snapshots(t testing.TB) map[string][]byte {
	w := newWorld(t, 1)
	m := modelOf(t, "button-8")
	blank := w.NewToken(m)
	all := map[string][]byte{"blank": snapshotBytes(t, blank)}
	k := newLockedToken(t, w, "button-6")
	all["locked"] = snapshotBytes(t, k)
	k.Hold(time.Minute)
	k.Break(virtual.Segments{Bars: 1}, virtual.Segments{Bars: 2})
	w.Advance(time.Second)
	k.CutPower(3)
	all["held"] = snapshotBytes(t, k)
	require.NoError(t, blank.Program(serialNumber(t, "9"), expiringPayload(t, w, m, 2030, 1, 1), true))
	w.Advance(5 * virtual.Year)
	all["expired"] = snapshotBytes(t, blank)
	k.RemoveBattery()
	all["no-battery"] = snapshotBytes(t, k)
	w.Advance(20 * virtual.Year)
	all["dead"] = snapshotBytes(t, blank)
	return all
}

// FuzzSnapshot: no input causes a panic or a token that hangs. Accepted input gives a
// token that can be stored again at any time of its life. The corpus in testdata is the
// output of snapshots at the time of writing.
func FuzzSnapshot(f *testing.F) {
	for _, b := range snapshots(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s virtual.Snapshot
		if err := s.UnmarshalBinary(b); err != nil {
			require.ErrorIs(t, err, virtual.ErrSnapshot)
			return
		}
		w := newWorld(t, 1)
		k, err := w.Restore(s)
		require.NoError(t, err, "a snapshot that was read can be restored")
		again := func() { parseSnapshot(t, snapshotBytes(t, k)) }
		again()
		for _, act := range []func(){
			func() { k.Display() }, k.Press, func() { k.Hold(time.Minute) }, func() { w.Advance(time.Hour) },
			func() { k.Age(virtual.Year) }, k.Drop, func() { w.Advance(10 * virtual.Year) }, func() { k.Display() },
			k.ReplaceBattery, k.Press, func() { w.Advance(100 * virtual.Year) }, func() { selfTest(k) },
			func() { w.Advance(200 * virtual.Year) }, func() { k.Display() },
		} {
			act()
			again()
		}
	})
}
