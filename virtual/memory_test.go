// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// TestRestingFlash checks that the flash of a token reads the same after it has been at
// rest, also after faults.
func TestRestingFlash(t *testing.T) {
	resting := 0
	proptest.Check(t, func(t *rapid.T) {
		w, err := NewWorld(Config{Seed: rapid.Uint64Min(1).Draw(t, "seed"), StationKey: [32]byte{1}})
		require.NoError(t, err)
		m := &models[rapid.IntRange(0, len(models)-1).Draw(t, "model")]
		k := w.NewToken(m)
		expiry, err := token.NewExpiry(2027, 6, 30)
		require.NoError(t, err)
		serial, err := token.ParseSerial("1000042")
		require.NoError(t, err)
		p := &serialproto.Payload{
			Seed: []byte("12345678901234567890"), Profile: m.Profile(), Clock: w.Now().Milli(),
			Expiry: expiry, Ends: expiry.EndsAt(token.TokyoOffset),
		}
		t.Repeat(map[string]func(*rapid.T){
			"program": func(t *rapid.T) { _ = k.Program(serial, p, rapid.Bool().Draw(t, "lock")) },
			"press":   func(*rapid.T) { k.Press() },
			"cut":     func(t *rapid.T) { k.CutPower(rapid.Uint32Range(1, 9).Draw(t, "n")) },
			"fail":    func(*rapid.T) { k.FailFlash() },
			"mend":    func(*rapid.T) { k.Mend() },
			"battery": func(*rapid.T) { k.RemoveBattery(); k.InsertBattery() },
			"age":     func(t *rapid.T) { k.Age(time.Duration(rapid.Int64Range(0, int64(Year)).Draw(t, "d"))) },
			"advance": func(t *rapid.T) { w.Advance(time.Duration(rapid.Int64Range(0, int64(Year)).Draw(t, "d"))) },
			"": func(t *rapid.T) {
				k.mu.Lock()
				defer k.mu.Unlock()
				k.catchUpLocked()
				if k.flash == nil {
					resting++
				}
				before := k.openFlashLocked().State()
				record := k.core
				k.restFlashLocked()
				require.Equal(t, before, k.openFlashLocked().State())
				k.restFlashLocked()
				// The firmware finds the same record when it restarts.
				h := k.borrowLocked()
				defer k.returnLocked(h)
				k.openFlashLocked()
				if k.core.Boot(&h.hw) == nil && !k.flashArmedLocked() {
					require.Equal(t, record.Serial(), k.core.Serial())
					require.Equal(t, record.Expiry(), k.core.Expiry())
					require.Equal(t, record.Presses(), k.core.Presses())
					require.Equal(t, record.Key(), k.core.Key())
				}
				k.core.SetView(record.View())
			},
		})
	})
	require.Positive(t, resting, "the test covers tokens at rest")
}

// TestRestingFlashLeavesNoSeed checks that the memory that tokens share does not keep a
// seed.
func TestRestingFlashLeavesNoSeed(t *testing.T) {
	w, err := NewWorld(Config{Seed: 1, StationKey: [32]byte{1}})
	require.NoError(t, err)
	k := w.NewToken(&models[0])
	serial, err := token.ParseSerial("1000042")
	require.NoError(t, err)
	p := &serialproto.Payload{Seed: []byte("12345678901234567890"), Profile: models[0].Profile(), Clock: w.Now().Milli()}
	require.NoError(t, k.Program(serial, p, true))
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.openFlashLocked()
	require.Contains(t, string(f.Image()), string(p.Seed))
	k.restFlashLocked()
	require.Nil(t, k.flash)
	for _, page := range f.pages {
		require.NotContains(t, string(page.data[:cap(page.data)]), string(p.Seed))
	}
}
