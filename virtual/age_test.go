// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// lives makes tokens in every state in which they can be aged.
var lives = map[string]func(t testing.TB, w *virtual.World, model string) *virtual.Token{
	"blank": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		return w.NewToken(modelOf(t, model))
	},
	"provisioned": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		m := modelOf(t, model)
		k := w.NewToken(m)
		require.NoError(t, k.Program(serialNumber(t, "1"), expiringPayload(t, w, m, 2030, 12, 31), false))
		return k
	},
	"locked": newExpiringToken,
	"without a date": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		return newLockedToken(t, w, model)
	},
	"expired": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		k := newExpiringToken(t, w, model)
		k.Age(5*virtual.Year + 3*time.Hour)
		require.Equal(t, serialproto.StateExpired, k.State())
		return k
	},
	"without a battery": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		k := newExpiringToken(t, w, model)
		k.RemoveBattery()
		return k
	},
	"without a battery, a power cut armed": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		k := newExpiringToken(t, w, model)
		k.CutPower(1)
		k.RemoveBattery()
		return k
	},
	"empty": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		k := newExpiringToken(t, w, model)
		k.Age(15 * virtual.Year)
		require.Equal(t, serialproto.StateDead, k.State())
		return k
	},
	"empty, a power cut armed": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		k := newExpiringToken(t, w, model)
		k.Age(15 * virtual.Year)
		k.CutPower(1)
		return k
	},
	"nearly empty": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		k := newExpiringToken(t, w, model)
		k.Age(75 * virtual.Year / 10)
		return k
	},
	"with a new battery": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		k := newExpiringToken(t, w, model)
		k.ReplaceBattery()
		return k
	},
	"a power cut armed": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		k := newExpiringToken(t, w, model)
		k.CutPower(1)
		return k
	},
	"a flash fault armed": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		k := newExpiringToken(t, w, model)
		k.FailFlash()
		return k
	},
	"button held": func(t testing.TB, w *virtual.World, model string) *virtual.Token {
		k := newExpiringToken(t, w, model)
		k.SetTemperature(40)
		k.Drop()
		k.Skew(time.Hour)
		k.Press()
		return k
	},
}

// newExpiringToken returns a token in the field that expires five years from now.
func newExpiringToken(t testing.TB, w *virtual.World, model string) *virtual.Token {
	m := modelOf(t, model)
	k := w.NewToken(m)
	require.NoError(t, k.Program(serialNumber(t, "1"), expiringPayload(t, w, m, 2030, 12, 31), true))
	return k
}

// TestAgeInAnyParts: ageing in parts has the same effect as ageing by the sum, in every
// state of a token and for any parts. The dates agree exactly, the clocks to a
// millisecond (each part is rounded to a nanosecond), and the charges to a few flash
// operations of 20 µC, because a log that holds more dates may have to erase a page.
func TestAgeInAnyParts(t *testing.T) {
	for name, life := range lives {
		t.Run(name, func(t *testing.T) {
			proptest.Check(t, func(rt *rapid.T) {
				model := rapid.SampledFrom([]string{"always-on-6", "button-6"}).Draw(rt, "model")
				unit := rapid.SampledFrom([]time.Duration{1, time.Second, time.Hour, day, virtual.Year}).Draw(rt, "unit")
				longest := min(int64(4*virtual.Year)/int64(unit), 400) * int64(unit)
				parts := rapid.SliceOfN(rapid.Int64Range(0, longest), 1, 8).Draw(rt, "parts")
				at := virtual.Celsius(rapid.IntRange(-20, 60).Draw(rt, "°C"))
				compareAges(t, rt, life, model, parts, at)
			})
		})
	}
}

// TestAgeInKnownParts covers splits that went wrong in the past: 24 times 12 hours is
// 12 days, and 6 times a year of 365.25 days is six years.
func TestAgeInKnownParts(t *testing.T) {
	for _, c := range []struct {
		n    int
		part time.Duration
	}{{24, 12 * time.Hour}, {6, virtual.Year}, {3, virtual.Year}, {1000, 86 * time.Second}} {
		parts := make([]int64, c.n)
		for i := range parts {
			parts[i] = int64(c.part)
		}
		for name, life := range lives {
			t.Run(fmt.Sprintf("%s/%d times %v", name, c.n, c.part), func(t *testing.T) {
				compareAges(t, t, life, "always-on-6", parts, virtual.RoomTemperature)
			})
		}
	}
}

func compareAges(t testing.TB, rt require.TestingT, life func(testing.TB, *virtual.World, string) *virtual.Token, model string, parts []int64, at virtual.Celsius) {
	whole, split := life(t, newWorld(t, 1), model), life(t, newWorld(t, 1), model)
	sum := time.Duration(0)
	for _, p := range parts {
		sum += time.Duration(p)
		split.AgeAt(time.Duration(p), at)
	}
	whole.AgeAt(sum, at)
	a, b := whole.Display(), split.Display()
	_, dateA := whole.BackLabel()
	_, dateB := split.BackLabel()
	require.Equal(rt, dateA, dateB)
	require.InDelta(rt, float64(a.Clock), float64(b.Clock), 1)
	require.InDelta(rt, float64(a.PPM), float64(b.PPM), 1e-9)
	require.InDelta(rt, a.Battery, b.Battery, 5e-7)
	require.Equal(rt, a.State, b.State)
	require.Equal(rt, a.Powered, b.Powered)
	require.Equal(rt, a.ClockSet, b.ClockSet)
	checkUnpoweredIsDark(rt, whole)
	checkUnpoweredIsDark(rt, split)
}

// checkUnpoweredIsDark checks that a token without a usable supply is dark and dead.
func checkUnpoweredIsDark(t require.TestingT, k *virtual.Token) {
	r := k.Display()
	if r.Voltage > 2000 { // the cut-off voltage of both batteries
		return
	}
	require.False(t, r.Powered)
	require.Equal(t, serialproto.StateDead, r.State)
	require.Empty(t, r.View.Lit)
	require.False(t, r.ClockSet)
}

// TestAgeWithoutPower: no operation on a token without power starts it.
func TestAgeWithoutPower(t *testing.T) {
	for _, name := range []string{"without a battery, a power cut armed", "empty, a power cut armed", "empty", "without a battery"} {
		for _, c := range []virtual.Celsius{25, 60} { // when warm, an LCD needs a lower voltage than the firmware
			w := newWorld(t, 1)
			k := lives[name](t, w, "button-8")
			k.SetTemperature(c)
			for _, act := range []func(){
				func() { k.Age(400 * day) }, func() { k.Press() }, func() { k.Hold(time.Minute) },
				func() { k.Skew(time.Hour) }, k.Drop, k.FailFlash, func() { k.CutPower(1) },
				func() { k.Age(day) }, func() { w.Advance(day) },
			} {
				act()
				checkUnpoweredIsDark(t, k)
				require.False(t, k.Display().Powered, name)
			}
		}
	}
}

// TestAgeBackdatesExpiry: an aged token has the date of a token that was made d earlier.
func TestAgeBackdatesExpiry(t *testing.T) {
	w := newWorld(t, 1)
	k := newExpiringToken(t, w, "always-on-6")
	date := func() token.Expiry {
		_, e := k.BackLabel()
		return e
	}
	last := daysOf(t, 2030, 12, 31)
	k.Age(23 * time.Hour)
	require.Equal(t, last, date().Days())
	k = restore(t, w, k) // a snapshot keeps the remainder of the day
	k.Age(time.Hour)
	require.Equal(t, last-1, date().Days())
	k.Age(36 * time.Hour)
	require.Equal(t, last-2, date().Days())

	// Provisioning discards the remainder of the day.
	m := modelOf(t, "always-on-6")
	k = w.NewToken(m)
	k.Age(23 * time.Hour)
	require.NoError(t, k.Program(serialNumber(t, "1"), expiringPayload(t, w, m, 2030, 12, 31), true))
	k.Age(23 * time.Hour)
	require.Equal(t, last, date().Days())
}

// TestAgeExpiresBeforeBatteryIsEmpty: ageing processes events in order.
func TestAgeExpiresBeforeBatteryIsEmpty(t *testing.T) {
	w := newWorld(t, 1)
	k, other := newExpiringToken(t, w, "always-on-6"), newExpiringToken(t, w, "always-on-6")
	k.Age(10 * virtual.Year)
	for range 10 {
		other.Age(virtual.Year)
	}
	require.Equal(t, serialproto.StateDead, k.State())
	ops := k.FlashOps()
	require.Greater(t, ops, newExpiringToken(t, w, "always-on-6").FlashOps()+1, "date and expiry were written")
	k.ReplaceBattery()
	other.ReplaceBattery()
	require.Equal(t, other.Display().Text, k.Display().Text)
}

func restore(t testing.TB, w *virtual.World, k *virtual.Token) *virtual.Token {
	back, err := w.Restore(parseSnapshot(t, snapshotBytes(t, k)))
	require.NoError(t, err)
	return back
}
