// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

// checkSameFuture checks that two tokens are equal now and stay equal as time advances.
func checkSameFuture(t *testing.T, w *virtual.World, a, b *virtual.Token) {
	t.Helper()
	for _, d := range []time.Duration{0, 10 * time.Second, time.Minute, virtual.Year} {
		w.Advance(d)
		require.Equal(t, a.Display(), b.Display())
		require.Equal(t, string(snapshotBytes(t, a)), string(snapshotBytes(t, b)))
	}
}

// TestSnapshotContinues takes snapshots of tokens while something is in progress.
func TestSnapshotContinues(t *testing.T) {
	for name, prepare := range map[string]func(w *virtual.World, k *virtual.Token){
		"at rest":    func(*virtual.World, *virtual.Token) {},
		"display on": func(w *virtual.World, k *virtual.Token) { k.Press(); w.Advance(20 * time.Second) },
		"held":       func(w *virtual.World, k *virtual.Token) { k.Hold(30 * time.Second); w.Advance(2 * time.Second) },
		"self-test":  func(w *virtual.World, k *virtual.Token) { selfTest(k); w.Advance(time.Second) },
		"old": func(w *virtual.World, k *virtual.Token) {
			w.Advance(3 * virtual.Year)
			k.Drop()
			k.SetTemperature(-5)
			k.Skew(time.Hour)
		},
		"broken": func(_ *virtual.World, k *virtual.Token) {
			k.Break(virtual.Segments{Bars: 1}, virtual.Segments{Bars: 2})
		},
		"armed":      func(_ *virtual.World, k *virtual.Token) { k.CutPower(2); k.FailFlash() },
		"no battery": func(w *virtual.World, k *virtual.Token) { k.Press(); k.RemoveBattery(); w.Advance(time.Hour) },
		"blinking":   func(_ *virtual.World, k *virtual.Token) { k.ReplaceBattery() },
		"empty":      func(w *virtual.World, _ *virtual.Token) { w.Advance(20 * virtual.Year) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			k := newLockedToken(t, w, "button-6")
			prepare(w, k)
			s := parseSnapshot(t, snapshotBytes(t, k))
			copied, err := w.Restore(s)
			require.NoError(t, err)
			other := w.NewToken(modelOf(t, "always-on-6"))
			require.NoError(t, other.Restore(s))
			require.Equal(t, k.HardwareID(), other.HardwareID())
			require.Equal(t, "button-6", other.Model().Name)
			require.Equal(t, k.FlashOps(), copied.FlashOps())
			snapshotThen := w.Now()
			checkSameFuture(t, w, k, copied)
			// Repeat the same life from the snapshot.
			late, err := w.Restore(s)
			require.NoError(t, err)
			require.Greater(t, w.Now(), snapshotThen)
			require.Equal(t, k.Display(), late.Display())
			for _, x := range []*virtual.Token{k, copied} {
				x.ReplaceBattery()
				x.Press()
			}
			checkSameFuture(t, w, k, copied)
		})
	}
}

// TestSnapshotIsIndependentOfToken: later changes of the token do not change the
// snapshot.
func TestSnapshotIsIndependentOfToken(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-6")
	k.Break(virtual.Segments{Bars: 1}, virtual.Segments{})
	s := k.Snapshot()
	before, err := s.MarshalBinary()
	require.NoError(t, err)
	copied, err := w.Restore(s)
	require.NoError(t, err)
	for _, x := range []*virtual.Token{k, copied} {
		x.Break(virtual.Segments{Bars: 4}, virtual.Segments{Digits: [8]uint8{1}})
		x.Press()
		x.FailFlash()
	}
	after, err := s.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

// TestSnapshotOtherWorld: the token keeps its identity, and accepts the station of its
// new world.
func TestSnapshotOtherWorld(t *testing.T) {
	a := newWorld(t, 1)
	k := newLockedToken(t, a, "always-on-6", virtual.Perfect())
	s := parseSnapshot(t, snapshotBytes(t, k))
	b, err := virtual.NewWorld(virtual.Config{Seed: 2, At: a.Now().Time().Add(time.Hour)})
	require.NoError(t, err)
	moved, err := b.Restore(s)
	require.NoError(t, err)
	require.Equal(t, k.HardwareID(), moved.HardwareID())
	a.Advance(time.Hour)
	require.Equal(t, k.Display(), moved.Display())
	require.NotEqual(t, moved.HardwareID(), b.NewToken(k.Model()).HardwareID())

	// A world with the same seed does not make the same token again.
	again, err := virtual.NewWorld(virtual.Config{Seed: 1})
	require.NoError(t, err)
	_, err = again.Restore(s)
	require.NoError(t, err)
	require.NotEqual(t, k.HardwareID(), again.NewToken(k.Model()).HardwareID())

	// In a world whose clock is behind, the token waits.
	early, err := virtual.NewWorld(virtual.Config{At: day0.Time().Add(-time.Minute)})
	require.NoError(t, err)
	waiting, err := early.Restore(s)
	require.NoError(t, err)
	then := waiting.Display()
	early.Advance(time.Minute)
	require.Equal(t, then, waiting.Display())
	early.Advance(time.Minute)
	require.NotEqual(t, then, waiting.Display())
}

// TestSnapshotInvalid: invalid snapshots are rejected and change nothing.
func TestSnapshotInvalid(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-6")
	good := snapshotBytes(t, k)
	change := func(path string, value any) []byte {
		var m map[string]any
		require.NoError(t, json.Unmarshal(good, &m))
		at, keys := m, strings.Split(path, ".")
		for _, key := range keys[:len(keys)-1] {
			at = at[key].(map[string]any)
		}
		at[keys[len(keys)-1]] = value
		b, err := json.Marshal(m)
		require.NoError(t, err)
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":       nil,
		"not JSON":      []byte("fob"),
		"null":          []byte("null"),
		"cut off":       good[:len(good)-1],
		"version":       change("version", 2),
		"model":         change("model", "sundial"),
		"number":        change("origin.index", uint64(1)<<63),
		"before 1970":   change("at", -1),
		"LCD":           change("glass.positions", 8),
		"one page":      change("flash.pages", []any{map[string]any{}}),
		"page size":     change("flash.pageSize", 100),
		"page overflow": change("flash.pageSize", int64(1)<<62),
		"large memory":  change("flash.pageSize", 1<<20),
		"many pages":    change("flash.pages", make([]struct{}, 2000)),
		"long page":     change("flash.pages", []any{map[string]any{"data": make([]byte, 2048)}, map[string]any{}}),
		"trim":          change("crystal.trim", 1e9),
		"temperature":   change("crystal.temp", 1e9),
		"parabola":      change("crystal.b", 1e308),
		"negative age":  change("crystal.age", -1e18),
		"crystal ahead": change("crystal.anchor", int64(day0)+1),
		"battery ahead": change("cell.anchor", int64(day0)+1),
		"fraction":      change("crystal.frac", 1e30),
		"capacity":      change("cell.spec.capacity", 0),
		"current":       change("cell.spec.sleep", -1),
		"self":          change("cell.spec.selfDischarge", 1e30),
		"used":          change("cell.used", -1e300),
		"hot battery":   change("cell.temp", 1e30),
		"supply":        change("cell.override", -5),
	} {
		t.Run(name, func(t *testing.T) {
			s := parseSnapshot(t, good)
			err := s.UnmarshalBinary(b)
			if err == nil { // the flash is checked only when a token is made
				_, err = w.Restore(s)
				require.ErrorIs(t, k.Restore(s), virtual.ErrSnapshot)
			} else {
				_, whole := w.Restore(s)
				require.NoError(t, whole, "s must keep its value")
			}
			require.ErrorIs(t, err, virtual.ErrSnapshot)
			require.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString([]byte(rfcSeed))[:16])
			require.Equal(t, string(good), string(snapshotBytes(t, k)))
		})
	}
	_, err := w.Restore(virtual.Snapshot{})
	require.ErrorIs(t, err, virtual.ErrSnapshot)
	require.ErrorIs(t, k.Restore(virtual.Snapshot{}), virtual.ErrSnapshot)
	_, err = virtual.Snapshot{}.MarshalBinary()
	require.ErrorIs(t, err, virtual.ErrSnapshot)
}

// TestSnapshotDamagedFlash: a token with a damaged memory starts blank or from an older
// record, and it still is a usable token.
func TestSnapshotDamagedFlash(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-6")
	var m map[string]any
	require.NoError(t, json.Unmarshal(snapshotBytes(t, k), &m))
	m["flash"].(map[string]any)["pages"] = []any{map[string]any{"data": bytes.Repeat([]byte{0x5A}, 512)}, map[string]any{}}
	b, err := json.Marshal(m)
	require.NoError(t, err)
	rotten, err := w.Restore(parseSnapshot(t, b))
	require.NoError(t, err)
	require.Equal(t, serialproto.StateBlank, rotten.State())
	require.NoError(t, rotten.Program(serialNumber(t, "2"), payloadFor(w, rotten.Model()), true))
	require.Equal(t, serialproto.StateLocked, rotten.State())
}
