// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"sync"
	"time"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// catchUpLocked simulates the token's life up to the world's present time. It runs the
// firmware whenever its state changes (display off, expiry), and handles the button
// coming up and the battery running empty. There are only a handful of these events in
// ten years. The caller must hold t.mu.
//
// If cold makes the LCD slow, the firmware must also run whenever the display changes.
// That is done only for the last moments before the present, whose changes can still be
// visible.
func (t *Token) catchUpLocked() {
	now := t.world.Now()
	t.passLocked(now)
	t.simulateLocked(now)
}

// simulateLocked is catchUpLocked up to another time.
func (t *Token) simulateLocked(now WorldTime) {
	stuck := 0
	slow := fadeTime(t.crystal.Temp)
	seen, paint := now.Add(-fadeMemory*slow), Forever
	if slow > 0 && t.powered && t.at < now {
		paint = t.wakeAtLocked(t.stepLocked()) // changes nothing: it only returns the next paint time
	}
	for t.powered {
		empty := t.battery.EmptyAt()
		next := min(t.wake, empty)
		if t.upAt != 0 {
			next = min(next, t.upAt)
		}
		if paint < next {
			next = min(next, max(paint, seen))
		}
		if next > now || next == Forever { // Forever also ends the loop at the end of time
			break
		}
		t.at = max(t.at, next)
		switch {
		case t.upAt != 0 && t.at >= t.upAt:
			t.upAt = 0
			t.emitLocked(EventRelease, 0)
		case empty <= t.at:
			before := t.witnessLocked()
			t.powerOffLocked()
			t.compareLocked(before)
			continue
		}
		if local := t.stepLocked(); slow > 0 {
			paint = t.wakeAtLocked(local)
		}
		if t.wake <= t.at {
			// The firmware has not done the work for which it woke up. It tries again
			// at growing intervals: simulating ten years of retries must not take ten
			// years.
			t.wake = t.at.Add(time.Millisecond << min(stuck, 40))
			stuck++
		}
	}
	t.at = max(t.at, now)
}

// borrowedHardware is a token's hardware as the firmware gets it for one call. It comes
// from a pool: an idle token holds none.
type borrowedHardware struct {
	hw      firmware.Hardware
	scratch [firmware.SlotSize]byte
}

var hardwarePool = sync.Pool{New: func() any { return new(borrowedHardware) }}

// borrowLocked lends the token's hardware to the firmware. Release it after use.
func (t *Token) borrowLocked() *borrowedHardware {
	h := hardwarePool.Get().(*borrowedHardware)
	h.hw = firmware.Hardware{
		Clock:    (*clock)(t),
		Flash:    (*memory)(t),
		LCD:      (*lcdDriver)(t),
		Button:   (*button)(t),
		Line:     (*line)(t),
		Supply:   (*supply)(t),
		Identity: (*identity)(t),
		Scratch:  &h.scratch,
	}
	if !t.world.noRig {
		h.hw.Rig = (*rig)(t)
	}
	return h
}

// returnLocked ends a call of the firmware.
func (t *Token) returnLocked(h *borrowedHardware) {
	h.release()
	t.restFlashLocked()
}

func (h *borrowedHardware) release() {
	h.hw = firmware.Hardware{}
	hardwarePool.Put(h)
}

// stepLocked runs the firmware at t.at and reports the changes. It returns when the
// display changes next, by the token's clock.
func (t *Token) stepLocked() (paint token.UnixMilli) {
	before := t.witnessLocked()
	paint = t.runLocked()
	t.compareLocked(before)
	return paint
}

// runLocked runs the firmware at t.at, if the battery can run it. It returns when the
// display changes next, by the token's clock.
func (t *Token) runLocked() (paint token.UnixMilli) {
	if t.powered && t.battery.emptyAt(t.at) {
		t.powerOffLocked()
	}
	if !t.powered {
		t.clicked, t.upAt = false, 0
		return firmware.Never
	}
	ops, presses := t.flashOpsLocked(), t.core.Presses()
	if t.conn != nil {
		t.openFlashLocked() // a request may restart the firmware, which then forgets its record
	}
	h := t.borrowLocked()
	w := t.core.Step(&h.hw)
	t.returnLocked(h)
	t.battery.Write(t.at, int(t.flashOpsLocked()-ops))
	if n := t.core.Presses(); n > presses {
		t.battery.Press(t.at, int(n-presses))
	}
	t.wake = t.wakeAtLocked(w.State)
	t.settleLocked()
	return w.Paint
}

// settleLocked applies the effects of the firmware's work on the hardware.
func (t *Token) settleLocked() {
	if !t.flashPoweredLocked() { // the supply failed during a flash operation
		t.bootLocked()
	}
	if t.cutoff {
		t.cutoff = false
		t.powerOffLocked()
		t.battery.SetVoltage(t.at, 0) // back to the battery, in case an external supply had replaced it
		t.powerOnLocked()
	}
	var load Load
	if t.drawsLocked() {
		load |= LoadDisplay
	}
	t.battery.Draw(t.at, load)
}

// drawsLocked reports whether the display draws current. A blinking display counts as
// always on. So does a button that is held, until it counts as stuck, because holding
// it finally lights all segments. The charge that is used must not depend on the times
// at which the token was read.
func (t *Token) drawsLocked() bool {
	if t.lcd.Driven != (firmware.Frame{}) {
		return true
	}
	state, view := t.core.State(), t.core.View()
	blinks := !t.crystal.Valid && (state == serialproto.StateProvisioned || state == serialproto.StateDead)
	return t.powered && (blinks || view.Down && !view.Stuck && t.core.Profile().Behaviour.Button)
}

// bootLocked restarts the firmware. If a power cut strikes during the boot, it starts
// the firmware once more. A token that cannot read its flash runs too: it is DEAD.
func (t *Token) bootLocked() {
	t.wake = Forever
	for range 3 {
		t.restarts++
		t.conn.reset()
		t.openFlashLocked().PowerOn() // before the firmware forgets its record
		h := t.borrowLocked()
		err := t.core.Boot(&h.hw)
		if err == nil || t.flashPoweredLocked() {
			t.wake = t.wakeAtLocked(t.core.Step(&h.hw).State)
		}
		t.returnLocked(h)
		if t.flashPoweredLocked() {
			return
		}
	}
}

// powerOnLocked starts the token if its battery can run it. Its clock then counts up
// from zero.
func (t *Token) powerOnLocked() {
	if t.battery.Voltage(t.at) > t.battery.Spec.Cutoff {
		t.crystal.Lose(t.at)
		t.powered = true
		t.emitLocked(EventPowerOn, 0)
		t.bootLocked()
	}
}

// powerOffLocked removes the supply: RAM, clock and display are lost. Core keeps only
// the data that is printed on the back label.
func (t *Token) powerOffLocked() {
	t.powered = false
	t.emitLocked(EventPowerLost, 0)
	t.crystal.Lose(t.at)
	t.battery.Draw(t.at, 0)
	t.core.SetView(firmware.View{})
	t.lcd.Show(firmware.Frame{})
	t.restarts++
	t.conn.reset()
	t.upAt, t.clicked, t.wake = 0, false, Forever
}

// wakeAtLocked returns when the firmware must run, if it has asked for a time by the
// token's clock. The firmware converts the ends of displays, which it measures by the
// uptime, to that clock. The milliseconds of the two need not begin at the same time, so
// the firmware runs when the first of them gets there, and again for the second.
// Otherwise the instant of an event would depend on when the token was read.
func (t *Token) wakeAtLocked(local token.UnixMilli) WorldTime {
	byClock := t.worldAtLocked(local)
	if v := t.core.View(); byClock == Forever || !v.On && !v.Down && v.TestEnd == 0 {
		return byClock
	}
	now, _ := t.crystal.Now(t.at)
	const most = token.UnixMilli(1 << 40) // ms
	if left := local - now; left < most {
		uptime := floorDiv(t.crystal.Local(t.at), int64(time.Millisecond)) + int64(left)
		byUptime := t.crystal.World(uptime * int64(time.Millisecond))
		if byUptime > t.at && (byUptime < byClock || byClock <= t.at) {
			return byUptime
		}
	}
	return byClock
}

// worldAtLocked converts a time that the firmware requested to world time.
func (t *Token) worldAtLocked(local token.UnixMilli) WorldTime {
	if local == firmware.Never {
		return Forever
	}
	return t.crystal.When(local)
}
