// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// TestStuckButtonSparesTheBattery: a GO 7 switches off after about 32 s. A button held
// for a year therefore costs those 32 s of display and no more. 8 µA for 32 s are 7e-5
// mAh; 8 µA for a year would be 70 of the 90 mAh.
func TestStuckButtonSparesTheBattery(t *testing.T) {
	w := newWorld(t, 1)
	held, idle := newLockedToken(t, w, "button-6", virtual.Perfect()), newLockedToken(t, w, "button-6", virtual.Perfect())
	held.Hold(virtual.Year)
	w.Advance(virtual.Year - time.Second)
	require.Equal(t, dark, held.Display().Text)
	require.InDelta(t, idle.Display().Battery, held.Display().Battery, 2e-6)
	w.Advance(time.Minute) // the button has come up
	held.Press()
	require.Equal(t, codeAt(t, held.Model().Profile(), w.Now()), held.Display().Text)
}

// TestHoldDuringSkew: the menu appears after the button has been held for six seconds,
// even if the clock is changed meanwhile.
func TestHoldDuringSkew(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, -4 * time.Second, 4 * time.Second, time.Hour} {
		w := newWorld(t, 1)
		k := newLockedToken(t, w, "button-6", virtual.Perfect())
		k.Hold(20 * time.Second)
		w.Advance(3 * time.Second)
		k.Skew(skew)
		w.Advance(2900 * time.Millisecond)
		require.NotEqual(t, "888888", k.Display().Text, "skewed by %v", skew)
		w.Advance(100 * time.Millisecond)
		require.Equal(t, "888888", k.Display().Text, "skewed by %v", skew)
	}
}
