// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

const day = 24 * time.Hour

// TestLifeDrift: 20 ppm are 1.728 s a day (see the drift table), and the drift is
// visible at the roll-over.
func TestLifeDrift(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "always-on-6", virtual.Perfect(), virtual.Trim(20))
	w.Advance(10 * day)
	require.InDelta(t, 17.28, k.Display().Error.Seconds(), 0.002)
	p := k.Model().Profile()
	w.Advance(40 * time.Second) // the world is 40 s into its step, the token 57 s
	before := k.Display().Text
	require.Equal(t, codeAt(t, p, w.Now()), before)
	w.Advance(5 * time.Second)
	require.Equal(t, codeAt(t, p, w.Now().Add(time.Minute)), k.Display().Text, "the token shows the next code")
	w.Advance(15 * time.Second)
	require.Equal(t, codeAt(t, p, w.Now()), k.Display().Text)
}

// TestLifeTemperature: at 0 °C a tuning fork loses 1.84 s a day, and at 10 °C its error
// is -7.7 ppm.
func TestLifeTemperature(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "always-on-6", virtual.Perfect())
	k.SetTemperature(0)
	w.Advance(day)
	r := k.Display()
	require.InDelta(t, -1.84, r.Error.Seconds(), 0.005)
	require.InDelta(t, -21.25, float64(r.PPM), 0.01)
	k.SetTemperature(25)
	w.Advance(day)
	require.InDelta(t, r.Error.Seconds(), k.Display().Error.Seconds(), 0.002, "at 25 °C the clock is accurate again")

	k.SetTemperature(95) // a hot LCD is completely black, but the token keeps working
	require.Equal(t, dark, k.Display().Text)
	require.True(t, k.Display().View.Black)
	require.Equal(t, serialproto.StateLocked, k.State())
}

// TestLifeTrim: the requested error applies at 25 °C, wherever the turnover is.
func TestLifeTrim(t *testing.T) {
	w := newWorld(t, 1)
	for range 50 {
		k := newLockedToken(t, w, "always-on-6", virtual.Trim(3.8))
		require.InDelta(t, 3.8, float64(k.Display().PPM), 1e-9)
		k.SetTrim(-7)
		require.InDelta(t, -7, float64(k.Display().PPM), 1e-9)
	}
}

// TestLifeDrop: data sheets allow 5 ppm for three falls from 75 cm.
func TestLifeDrop(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "always-on-6", virtual.Perfect())
	was := virtual.PPM(0)
	for range 20 {
		k.Drop()
		ppm := k.Display().PPM
		require.NotEqual(t, was, ppm)
		require.InDelta(t, float64(was), float64(ppm), 5)
		w.Advance(day)
		require.Equal(t, ppm, k.Display().PPM, "the frequency shift must be permanent")
		was = ppm
	}
}

// TestLifeAge: 3.8 ppm are 120 s a year and 240 s in two years (1 ppm is 31.6 s). The
// CR2032 of an always-on token lasts 7.7 years at 3 µA.
func TestLifeAge(t *testing.T) {
	w := newWorld(t, 1)
	m := modelOf(t, "always-on-6")
	k := w.NewToken(m, virtual.Perfect(), virtual.Trim(3.8))
	require.NoError(t, k.Program(serialNumber(t, "1"), expiringPayload(t, w, m, 2030, 12, 31), true))
	k.Age(2 * virtual.Year)
	r := k.Display()
	require.Equal(t, day0, w.Now(), "ageing does not advance the world")
	require.InDelta(t, 240, r.Error.Seconds(), 0.5)
	require.InDelta(t, 1-2/7.7, r.Battery, 0.01)
	require.Equal(t, serialproto.StateLocked, r.State)
	_, expiry := k.BackLabel()
	require.Equal(t, int32(730), daysOf(t, 2030, 12, 31)-expiry.Days())
	k.Age(3*virtual.Year + 2*day)
	require.Equal(t, serialproto.StateExpired, k.State())
	k.Age(3 * virtual.Year)
	require.Equal(t, serialproto.StateDead, k.State())

	k = w.NewToken(m, virtual.Perfect())
	require.NoError(t, k.Program(serialNumber(t, "1"), expiringPayload(t, w, m, 2030, 12, 31), true))
	k.CutPower(1) // would strike while the date is written
	k.AgeAt(virtual.Year, 0)
	r = k.Display()
	require.InDelta(t, -671, r.Error.Seconds(), 1, "error after a year at 0 °C")
	_, expiry = k.BackLabel()
	require.Equal(t, int32(365), daysOf(t, 2030, 12, 31)-expiry.Days())
	k.Age(-virtual.Year) // a negative duration is ignored
	require.Equal(t, r.Error, k.Display().Error)
}

func daysOf(t *testing.T, year, month, d int) int32 {
	e, err := token.NewExpiry(year, month, d)
	require.NoError(t, err)
	return e.Days()
}

// TestLifeEventOrder advances ten years at once, and event by event: expiry, then the
// end of the battery. Both ways must give the same life.
func TestLifeEventOrder(t *testing.T) {
	states := func(step time.Duration) (seen []serialproto.State, end virtual.Reading, ops uint64) {
		w := newWorld(t, 5)
		m := modelOf(t, "always-on-6")
		k := w.NewToken(m)
		require.NoError(t, k.Program(serialNumber(t, "1"), expiringPayload(t, w, m, 2030, 12, 31), true))
		until := day0.Add(10 * virtual.Year)
		for w.Now() < until {
			w.Advance(min(step, time.Duration(until-w.Now())))
			if s := k.State(); len(seen) == 0 || seen[len(seen)-1] != s {
				seen = append(seen, s)
			}
		}
		return seen, k.Display(), k.FlashOps()
	}
	slow, slowEnd, slowOps := states(30 * day)
	require.Equal(t, []serialproto.State{
		serialproto.StateLocked, serialproto.StateExpired, serialproto.StateDead,
	}, slow)
	jump, jumpEnd, jumpOps := states(10 * virtual.Year)
	require.Equal(t, []serialproto.State{serialproto.StateDead}, jump)
	require.Equal(t, slowEnd, jumpEnd)
	require.Equal(t, slowOps, jumpOps, "the expiry was recorded before the battery was empty")
}

// TestLifeBatteryDuration: 220 mAh at 3 µA with a self-discharge of 1 % a year last 7.7
// years.
func TestLifeBatteryDuration(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "always-on-6")
	w.Advance(75 * virtual.Year / 10)
	require.Equal(t, serialproto.StateLocked, k.State())
	w.Advance(4 * virtual.Year / 10)
	r := k.Display()
	require.Equal(t, serialproto.StateDead, r.State)
	require.Equal(t, dark, r.Text)
	require.False(t, r.Powered)
	require.False(t, r.ClockSet)
	require.Zero(t, r.Battery)

	k.InsertBattery() // the battery is in already, and empty
	require.False(t, k.Display().Powered)
	k.ReplaceBattery()
	r = k.Display()
	require.True(t, r.Powered)
	require.Equal(t, serialproto.StateDead, r.State, "the clock is lost")
	require.Equal(t, "888888", r.Text, "all segments blink")
	w.Advance(500 * time.Millisecond)
	require.Equal(t, dark, k.Display().Text)
}

// TestLifeBattery: without a battery the clock loses its time.
func TestLifeBattery(t *testing.T) {
	w := newWorld(t, 1)
	m := modelOf(t, "button-6")
	k := w.NewToken(m)
	require.NoError(t, k.Program(serialNumber(t, "1"), payloadFor(w, m), false))
	k.InsertBattery() // the battery is in already: nothing happens
	require.True(t, k.Display().ClockSet)

	k.Press()
	k.RemoveBattery()
	k.Press()
	k.Hold(time.Hour)
	r := k.Display()
	require.Equal(t, dark, r.Text)
	require.Equal(t, serialproto.StateDead, r.State)
	require.Zero(t, r.Voltage)
	w.Advance(time.Minute)
	k.InsertBattery()
	r = k.Display()
	require.Equal(t, serialproto.StateProvisioned, r.State, "the token is not locked, so its clock can be set again")
	require.False(t, r.ClockSet)
	require.Zero(t, r.Error)

	k.ReplaceBattery()
	require.Equal(t, serialproto.StateProvisioned, k.State())
	require.InDelta(t, 1, k.Display().Battery, 1e-6)

	k = newLockedToken(t, w, "button-6")
	k.ReplaceBattery() // even a quick replacement interrupts the supply
	require.Equal(t, serialproto.StateDead, k.State())
}

// TestLifeDoesNotDependOnSteps: the resulting token does not depend on the size of the
// steps in which time advances.
func TestLifeDoesNotDependOnSteps(t *testing.T) {
	for _, model := range []string{"always-on-6", "button-6", "button-8"} {
		for _, years := range []int{1, 7, 10} {
			one, many := newWorld(t, 9), newWorld(t, 9)
			a, b := newLockedToken(t, one, model), newLockedToken(t, many, model)
			a.Press()
			b.Press()
			one.Advance(time.Duration(years) * virtual.Year)
			for range years {
				many.Advance(virtual.Year)
				b.Display()
			}
			require.Equal(t, a.Display(), b.Display())
			require.Equal(t, string(snapshotBytes(t, a)), string(snapshotBytes(t, b)), "%s after %d years", model, years)
		}
	}
}

// TestLifeDoesNotDependOnReads: the charge that a token uses does not depend on when the
// token is read. The cases are the segments that light up in a self-test, under a held
// button, and blinking after the loss of the clock.
func TestLifeDoesNotDependOnReads(t *testing.T) {
	for name, begin := range map[string]func(k *virtual.Token){
		"self-test": selfTest,
		"hold":      func(k *virtual.Token) { k.Hold(7 * day) },
		"second hold": func(k *virtual.Token) {
			k.Press()
			k.Hold(7 * day)
		},
		"blinking": (*virtual.Token).ReplaceBattery,
	} {
		t.Run(name, func(t *testing.T) {
			one, many := newWorld(t, 9), newWorld(t, 9)
			a, b := newLockedToken(t, one, "button-6"), newLockedToken(t, many, "button-6")
			begin(a)
			begin(b)
			one.Advance(5 * virtual.Year)
			for range 40 {
				many.Advance(333 * time.Millisecond)
				b.Display()
			}
			many.AdvanceTo(one.Now())
			x, y := a.Display(), b.Display()
			require.InDelta(t, x.Battery, y.Battery, 1e-9)
			require.Equal(t, x.Text, y.Text)
			require.Equal(t, x.State, y.State)
			if name == "self-test" {
				require.Greater(t, x.Battery, 0.4, "after five of nine years")
			}
		})
	}
}

// TestLifePressLimit: the manufacturer of the c200 promises 14,000 presses.
func TestLifePressLimit(t *testing.T) {
	w := newWorld(t, 1)
	m := modelOf(t, "button-6")
	p := payloadFor(w, m)
	p.Profile.Behaviour.PressLimit = 20
	k := w.NewToken(m, virtual.Perfect())
	require.NoError(t, k.Program(serialNumber(t, "1"), p, true))
	press := func() string {
		w.Advance(2 * time.Minute)
		k.Press()
		return k.Display().Text
	}
	for n := range 18 {
		require.NotContains(t, press(), "bAtt", "press %d", n)
	}
	require.Equal(t, "bAtt05", press())
	require.Equal(t, "bAtt00", press())
	for n := range uint32(10) {
		require.Equal(t, "EEEEEE", press(), "the press limit is reached")
		w.Advance(2 * time.Second)
		require.Equal(t, codeAt(t, p.Profile, w.Now()), k.Display().Text, "the token still shows codes after the press limit")
		require.Equal(t, serialproto.StateLocked, k.State())
		require.Equal(t, 21+n, k.Display().Presses)
	}
}

// TestHeldWhileBlinking checks that a token whose segments blink, because its clock is
// lost, wakes up when its button has been held for six seconds, and not half a second
// later.
func TestHeldWhileBlinking(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-6", virtual.Perfect())
	k.ReplaceBattery()
	w.Advance(700 * time.Millisecond)
	k.Hold(10 * time.Second)
	w.Advance(5950 * time.Millisecond)
	require.Equal(t, dark, k.Display().Text)
	require.Equal(t, w.Now().Add(50*time.Millisecond), k.Display().Next)
	w.Advance(50 * time.Millisecond)
	require.Equal(t, "888888", k.Display().Text)
}
