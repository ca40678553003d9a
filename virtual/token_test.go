// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

const dark = "      "

// TestTokenShowsRFC6238: 2005-03-18T01:58:29Z is a time of RFC 6238, appendix B. The
// code of a 60-second step was computed with oathtool, see token/testdata/x60.json.
func TestTokenShowsRFC6238(t *testing.T) {
	for model, want := range map[string]string{"always-on-6": "360094", "button-6": "360094", "button-8": "19360094"} {
		w, err := virtual.NewWorld(virtual.Config{At: time.Unix(1111111109, 0)})
		require.NoError(t, err)
		k := newLockedToken(t, w, model)
		k.Press()
		r := k.Display()
		require.Equal(t, want, r.Text, model)
		require.Equal(t, int64(0x11A91F6), r.Step)
		require.Equal(t, 31*time.Second, r.Left)
		require.Equal(t, token.UnixMilli(1111111109000), r.Clock)
		require.Equal(t, virtual.WorldTime(1111111109e9), r.World)
		require.True(t, r.ClockSet)
		require.Zero(t, r.Error)
		require.Equal(t, serialproto.StateLocked, r.State)
	}
}

// TestTokenAlwaysOn: there are six bars, of which one goes out every ten seconds, and a
// sign that blinks once a second (SID700).
func TestTokenAlwaysOn(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "always-on-6", virtual.Perfect())
	profile := k.Model().Profile()
	for second := range 130 {
		r := k.Display()
		require.Equal(t, codeAt(t, profile, w.Now()), r.Text)
		require.Equal(t, uint8(6-second%60/10), r.View.Frame().Bars, "second %d", second)
		require.NotZero(t, r.View.Lit.Icons, "first half of second %d", second)
		w.Advance(500 * time.Millisecond)
		require.Zero(t, k.Display().View.Lit.Icons, "second half of second %d", second)
		w.Advance(500 * time.Millisecond)
	}
}

func TestTokenPress(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-6", virtual.Perfect())
	profile := k.Model().Profile()
	require.Equal(t, dark, k.Display().Text)
	w.Advance(50 * time.Second)

	k.Press() // the code stays until its minute ends
	require.Equal(t, codeAt(t, profile, w.Now()), k.Display().Text)
	w.Advance(9999 * time.Millisecond)
	require.NotEqual(t, dark, k.Display().Text)
	w.Advance(time.Millisecond)
	require.Equal(t, dark, k.Display().Text)

	k.Press() // a second press switches the display off
	k.Press()
	require.Equal(t, dark, k.Display().Text)
	require.Equal(t, uint32(2), k.Display().Presses)

	k.Press()
	w.Advance(virtual.Year) // the display goes off although it is not read
	require.Equal(t, dark, k.Display().Text)
	require.Greater(t, k.Display().Battery, 0.85)
}

// TestTokenPressTimeout: a plain time-out continues over the roll-over and shows the
// next code.
func TestTokenPressTimeout(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-8", virtual.Perfect())
	w.Advance(50 * time.Second)
	k.Press()
	first := k.Display().Text
	w.Advance(10 * time.Second)
	require.Equal(t, codeAt(t, k.Model().Profile(), w.Now()), k.Display().Text)
	require.NotEqual(t, first, k.Display().Text)
	w.Advance(20 * time.Second)
	require.Equal(t, "        ", k.Display().Text)
}

func TestTokenHold(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-6", virtual.Perfect())
	k.Hold(10 * time.Second)
	code := k.Display().Text
	require.NotEqual(t, dark, code)
	w.Advance(6 * time.Second) // long enough to open the menu of a GO 6
	require.Equal(t, "888888", k.Display().Text)
	w.Advance(4 * time.Second) // the button comes up
	require.Equal(t, code, k.Display().Text)
	require.Equal(t, uint32(1), k.Display().Presses)
	k.Press()
	require.Equal(t, dark, k.Display().Text, "the button was released, so this is a new press")
}

func TestTokenBackLabel(t *testing.T) {
	w := newWorld(t, 1)
	m := modelOf(t, "button-6")
	k := w.NewToken(m)
	serial, expiry := k.BackLabel()
	require.True(t, serial.IsZero())
	require.True(t, expiry.IsZero())
	require.Equal(t, serialproto.StateBlank, k.State())

	p := expiringPayload(t, w, m, 2031, 1, 31)
	require.NoError(t, k.Program(serialNumber(t, "2600124800001"), p, false))
	require.Equal(t, serialproto.StateProvisioned, k.State())
	k.RemoveBattery() // the label is readable without a battery
	serial, expiry = k.BackLabel()
	require.Equal(t, "2600124800001", serial.String())
	require.Equal(t, p.Expiry, expiry)
}

func TestTokenProgramErrors(t *testing.T) {
	w := newWorld(t, 1)
	m := modelOf(t, "button-6")
	eight := payloadFor(w, m)
	eight.Profile.Digits = 8
	short := payloadFor(w, m)
	short.Seed = short.Seed[:15]
	for want, p := range map[serialproto.Err]*serialproto.Payload{
		serialproto.ErrProfile: eight, serialproto.ErrSeedLength: short,
	} {
		k := w.NewToken(m)
		require.ErrorIs(t, k.Program(serialNumber(t, "1"), p, true), want)
		require.Equal(t, serialproto.StateBlank, k.State())
	}
	k := newLockedToken(t, w, "button-6")
	require.ErrorIs(t, k.Program(serialNumber(t, "1"), payloadFor(w, m), true), serialproto.ErrLocked)
	k = w.NewToken(m)
	k.RemoveBattery()
	require.ErrorIs(t, k.Program(serialNumber(t, "1"), payloadFor(w, m), true), serialproto.ErrDead)
}

func TestTokenSkew(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "always-on-6", virtual.Perfect())
	for _, c := range []struct{ by, want time.Duration }{
		{30 * time.Second, 30 * time.Second},
		{-90 * time.Second, -time.Minute},
		{24 * time.Hour, 24*time.Hour - time.Minute},
	} {
		k.Skew(c.by)
		r := k.Display()
		require.Equal(t, c.want, r.Error)
		require.Equal(t, w.Now().Add(c.want).Milli(), r.Clock)
		require.Equal(t, codeAt(t, k.Model().Profile(), w.Now().Add(c.want)), r.Text)
	}
	for range 4 { // beyond the range of a Duration
		k.Skew(1<<63 - 1)
	}
	require.Greater(t, k.Display().Error, 292*virtual.Year)
}

func TestTokenBreak(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{At: time.Unix(1111111109, 0)})
	require.NoError(t, err)
	k := newLockedToken(t, w, "always-on-6") // shows 360094
	var dead, ghost virtual.Segments
	dead.Digits[2] = 1 << 5                         // f of the first 0
	ghost.Digits[0] = 1 << 4                        // e of the 3
	ghost.Digits[1], dead.Digits[5] = 1<<1, 0x7F&^6 // b of the 6; only the bars of the 4 remain
	k.Break(dead, virtual.Segments{})
	k.Break(virtual.Segments{}, ghost)
	r := k.Display()
	require.Equal(t, "?8?091", r.Text)
	require.Equal(t, int64(0x11A91F6), r.Step)
	k.RemoveBattery()
	require.Equal(t, dark, k.Display().Text, "a ghost segment needs a supply")

	k = newLockedToken(t, w, "always-on-6")
	k.Break(dead, ghost)
	k.Break(virtual.Segments{}, virtual.Segments{})
	require.Equal(t, "360094", k.Display().Text)
}

// TestTokenFlashFaults: neither a failed nor an interrupted write costs the token more
// than a press.
func TestTokenFlashFaults(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-6", virtual.Perfect())
	profile := k.Model().Profile()
	k.FailFlash()
	k.Press()
	require.Equal(t, codeAt(t, profile, w.Now()), k.Display().Text)
	require.Equal(t, uint32(1), k.Display().Presses)
	w.Advance(time.Minute)
	for n := uint32(1); n <= 8; n++ {
		before := k.FlashOps()
		k.CutPower(n)
		for range 2 * n {
			k.Press()
			w.Advance(time.Minute)
		}
		require.GreaterOrEqual(t, k.FlashOps(), before+uint64(n))
		r := k.Display()
		require.Equal(t, serialproto.StateLocked, r.State)
		require.Zero(t, r.Error, "the clock is kept")
		k.Press()
		require.Equal(t, codeAt(t, profile, w.Now()), k.Display().Text)
		k.Press()
	}
}

// TestTokenChanges: a store uses Changes to decide whether it must save the token
// again.
func TestTokenChanges(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-6")
	seen := map[uint64]bool{k.Changes(): true}
	k.Display()
	w.Advance(time.Hour)
	require.True(t, seen[k.Changes()], "reading and waiting must not change Changes")
	old := k.Snapshot()
	for _, change := range []func(){
		k.Press, k.Drop, k.RemoveBattery, k.InsertBattery,
		func() { k.Skew(time.Second) }, func() { k.SetTemperature(10) },
		func() { require.NoError(t, k.Restore(old)) }, func() { require.NoError(t, k.Restore(old)) },
	} {
		change()
		require.False(t, seen[k.Changes()])
		seen[k.Changes()] = true
	}
}

func TestTokenReadingIsConsistent(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "always-on-6", virtual.Trim(12))
	for range 200 {
		w.Advance(7*time.Second + 123*time.Millisecond)
		r := k.Display()
		p := k.Model().Profile()
		require.Equal(t, w.Now(), r.World)
		require.Equal(t, r.Clock, r.World.Add(r.Error).Milli())
		require.Equal(t, p.StepAtMilli(r.Clock), r.Step)
		require.Equal(t, r.Text, codeAt(t, p, virtual.WorldTime(r.Clock)*1e6))
		require.Equal(t, r.Left.Milliseconds(), int64(p.StepStart(r.Step+1).Milli()-r.Clock))
		require.Equal(t, strings.TrimSpace(r.Text), r.Text)
	}
}
