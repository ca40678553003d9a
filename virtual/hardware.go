// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"time"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/token"
)

// The hardware interfaces of a token, each a view of it. They are used only during a
// step, with t.mu held, and their time is t.at.
type (
	clock     Token
	lcdDriver Token
	button    Token
	supply    Token
	identity  Token
	rig       Token
)

var (
	_ firmware.Clock    = (*clock)(nil)
	_ firmware.LCD      = (*lcdDriver)(nil)
	_ firmware.Button   = (*button)(nil)
	_ firmware.Supply   = (*supply)(nil)
	_ firmware.Identity = (*identity)(nil)
	_ firmware.Rig      = (*rig)(nil)
	_ firmware.World    = (*clock)(nil)
	_ firmware.Eye      = (*rig)(nil)
)

// Now implements firmware.Clock.
func (t *clock) Now() (token.UnixMilli, bool) { return t.crystal.Now(t.at) }

// Set implements firmware.Clock.
func (t *clock) Set(to token.UnixMilli) {
	moved, valid := t.crystal.Now(t.at)
	if valid {
		moved = to - moved
	} else {
		moved = 0
	}
	t.crystal.Set(t.at, to)
	t.changes++
	(*Token)(t).emitLocked(EventClockSet, int64(moved))
}

// Uptime implements firmware.Clock.
func (t *clock) Uptime() int64 { return floorDiv(t.crystal.Local(t.at), int64(time.Millisecond)) }

// WorldTime implements firmware.World.
func (t *clock) WorldTime() token.UnixMilli { return t.at.Milli() }

// Digits implements firmware.LCD.
func (t *lcdDriver) Digits() int { return t.lcd.Digits() }

// Show implements firmware.LCD.
func (t *lcdDriver) Show(f firmware.Frame) { t.lcd.ShowAt(t.at, t.crystal.Temp, f) }

// Down implements firmware.Button.
func (t *button) Down() bool {
	if t.clicked {
		t.clicked = false
		return true
	}
	return t.upAt > t.at
}

// Voltage implements firmware.Supply.
func (t *supply) Voltage() firmware.Millivolts { return t.battery.Voltage(t.at) }

// HardwareID implements firmware.Identity.
func (t *identity) HardwareID() [8]byte { return t.origin.hardwareID() }

// Model implements firmware.Identity.
func (t *identity) Model() string { return t.model.Name }

// StaticKey implements firmware.Identity.
func (t *identity) StaticKey() *[32]byte {
	key := t.origin.derive("static key")
	return &key
}

// StationKey implements firmware.Identity.
func (t *identity) StationKey() *[32]byte { return &t.world.stationKey }

// Seen implements firmware.Eye.
func (t *rig) Seen() firmware.Frame {
	t.lcd.Settle(t.at, t.crystal.Temp)
	return t.lcd.Seen(t.battery.Voltage(t.at), t.crystal.Temp)
}

// Press implements firmware.Rig.
func (t *rig) Press(ms uint32) error {
	t.changes++
	if ms == 0 {
		(*Token)(t).emitLocked(EventPress, 0)
		t.clicked = true
		return nil
	}
	(*Token)(t).emitLocked(EventHold, int64(ms)*1e6)
	t.upAt = t.at + WorldTime(ms)*1e6
	return nil
}

// Supply implements firmware.Rig. For mv = 0 the battery is removed and reinserted
// after the answer has been sent, which also disconnects an external supply.
func (t *rig) Supply(mv firmware.Millivolts) error {
	t.changes++
	(*Token)(t).emitLocked(EventBattery, int64(mv))
	switch {
	case mv == 0:
		t.cutoff = true
	case mv <= t.battery.Spec.Cutoff: // the token would be off and could not receive a command to turn on
		return firmware.ErrRange
	default:
		t.battery.SetVoltage(t.at, mv)
	}
	return nil
}

// Temperature implements firmware.Rig.
func (t *rig) Temperature(milliCelsius int32) error {
	t.changes++
	(*Token)(t).emitLocked(EventTemperature, int64(milliCelsius))
	(*Token)(t).setTemperatureLocked(Celsius(milliCelsius) / 1000)
	return nil
}

// Skew implements firmware.Rig.
func (t *rig) Skew(ms int64) error {
	t.changes++
	(*Token)(t).emitLocked(EventSkew, ms)
	t.crystal.Skew(ms)
	return nil
}

// PowerCut implements firmware.Rig.
func (t *rig) PowerCut(n uint32) error {
	t.changes++
	(*Token)(t).emitLocked(EventArmed, 0)
	(*Token)(t).armCutLocked(n)
	return nil
}
