// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"errors"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// nonce identifies a repeated rig command.
type nonce struct {
	value   uint32
	command uint8
}

// device implements the protocol's device on a Core.
type device Core

var _ serialproto.Device = (*device)(nil)

func (d *device) core() *Core { return (*Core)(d) }

// accessDenied returns the reason why the clock and the code cannot be accessed in the
// current state. A clock that could be set would let anyone collect future codes.
func (d *device) accessDenied() serialproto.Status {
	switch d.rec.state {
	case serialproto.StateLocked, serialproto.StateExpired:
		return serialproto.StatusLocked
	case serialproto.StateDead:
		return serialproto.StatusDead
	}
	return serialproto.StatusOK
}

// Info implements serialproto.Device.
func (d *device) Info(m *serialproto.Info) {
	_, set := d.hw.Clock.Now()
	*m = serialproto.Info{
		HardwareID: d.hw.Identity.HardwareID(),
		Serial:     d.rec.serial,
		Model:      d.hw.Identity.Model(),
		Firmware:   Version,
		State:      d.rec.state,
		Expiry:     d.rec.expiry,
		Presses:    d.rec.presses,
		Supply:     int32(d.hw.Supply.Voltage()),
		ClockSet:   set,
	}
}

// Clock implements serialproto.Device.
func (d *device) Clock() (t token.UnixMilli, set bool, e serialproto.Status) {
	if e := d.accessDenied(); e != serialproto.StatusOK {
		return 0, false, e
	}
	t, set = d.hw.Clock.Now()
	return t, set, serialproto.StatusOK
}

// SetClock implements serialproto.Device.
func (d *device) SetClock(t token.UnixMilli) serialproto.Status {
	if e := d.accessDenied(); e != serialproto.StatusOK {
		return e
	}
	if !serialproto.ValidClock(t) {
		return serialproto.StatusInvalid
	}
	d.hw.Clock.Set(t)
	d.core().tick()
	return serialproto.StatusOK
}

// Display implements serialproto.Device.
func (d *device) Display(m *serialproto.Display) serialproto.Status {
	if e := d.accessDenied(); e != serialproto.StatusOK {
		return e
	}
	if d.rec.state != serialproto.StateProvisioned {
		return serialproto.StatusNotProvisioned
	}
	c := d.core()
	c.tick()
	if !c.valid {
		return serialproto.StatusClockNotSet
	}
	step, left := c.step()
	p := &c.rec.profile
	code := token.AppendCode(m.Code[:0], c.rec.key(), p.Algorithm, p.Digits, step)
	m.Size, m.Step, m.Left = len(code), step, int64(left)
	return serialproto.StatusOK
}

// Lock implements serialproto.Device. Locking a locked token has no effect.
func (d *device) Lock() serialproto.Status {
	switch d.rec.state {
	case serialproto.StateLocked, serialproto.StateExpired:
		return d.core().settle()
	case serialproto.StateDead:
		return serialproto.StatusDead
	case serialproto.StateProvisioned:
	default:
		return serialproto.StatusNotProvisioned
	}
	c := d.core()
	c.tick()
	if !c.valid { // a locked token without a clock would die at once
		return serialproto.StatusClockNotSet
	}
	var next record
	next.set(&c.rec)
	next.state = serialproto.StateLocked
	next.transcript = serialproto.Transcript{}
	e := c.save(&next)
	clear(next.seed[:])
	return e
}

// Uptime implements serialproto.Device. It is available in every state: it reveals the
// speed of the crystal, but not the time of the clock.
func (d *device) Uptime() serialproto.Uptime {
	world, ok := d.core().worldTime()
	return serialproto.Uptime{Milli: d.hw.Clock.Uptime(), HasWorld: ok, World: world}
}

// worldTime returns the time of the world in which simulated hardware lives.
func (c *Core) worldTime() (t token.UnixMilli, ok bool) {
	w, ok := c.hw.Clock.(World)
	if !ok {
		return 0, false
	}
	return w.WorldTime(), true
}

// Wipe implements serialproto.Device. It keeps the serial number so the production line
// can still identify the token.
func (d *device) Wipe(serial token.Serial) serialproto.Status {
	c := d.core()
	switch {
	case c.rec.state == serialproto.StateBlank:
		return serialproto.StatusNotProvisioned
	case serial != c.rec.serial:
		return serialproto.StatusSerialMismatch
	case c.rec.state == serialproto.StateWiped && c.store.settled():
		return serialproto.StatusOK
	}
	var next record
	next.set(&c.rec)
	next.eraseSeed()
	next.state, next.death = serialproto.StateWiped, deathNone
	next.presses = 0
	c.view = View{}
	return c.purge(&next)
}

// Reset implements serialproto.Device.
func (d *device) Reset() { d.reset = true }

// HasRig implements serialproto.Device.
func (d *device) HasRig() bool { return d.hw.Rig != nil }

// Rig implements serialproto.Device.
func (d *device) Rig(command uint8, m *serialproto.RigRequest) serialproto.Status {
	n := nonce{m.Nonce, command}
	if m.Nonce != 0 && n == d.nonce {
		return serialproto.StatusOK // repeated because the response was lost
	}
	rig, v := d.hw.Rig, m.Value
	if v < -1<<40 || v > 1<<40 { // 35 years in milliseconds
		return serialproto.StatusInvalid
	}
	fits := func(low, high int64) bool { return v >= low && v <= high }
	const hour = 60 * 60 * 1000
	ok, err := false, error(nil)
	switch command {
	case serialproto.CmdRigPress:
		ok, err = true, rig.Press(0)
	case serialproto.CmdRigHold:
		if ok = fits(0, hour); ok {
			err = rig.Press(uint32(v))
		}
	case serialproto.CmdRigSupply:
		if ok = fits(0, 6000); ok {
			err = rig.Supply(Millivolts(v))
		}
	case serialproto.CmdRigTemperature:
		if ok = fits(-60_000, 120_000); ok {
			err = rig.Temperature(int32(v))
		}
	case serialproto.CmdRigSkew:
		ok, err = true, rig.Skew(v)
	case serialproto.CmdRigPowerCut:
		if ok = fits(1, 1<<31); ok {
			err = rig.PowerCut(uint32(v))
		}
	}
	switch {
	case !ok, errors.Is(err, ErrRange):
		return serialproto.StatusInvalid
	case errors.Is(err, ErrUnsupported):
		return serialproto.StatusUnsupported
	case err != nil:
		return serialproto.StatusUnknown
	}
	d.nonce = n
	return serialproto.StatusOK
}

// RigDisplay implements serialproto.Device.
func (d *device) RigDisplay(m *serialproto.RigDisplay) {
	c := d.core()
	step, left := int64(0), token.UnixMilli(0)
	if c.rec.profile.Step > 0 {
		step, left = c.step()
	}
	seen := c.shown
	if eye, ok := c.hw.Rig.(Eye); ok {
		seen = eye.Seen()
	}
	*m = serialproto.RigDisplay{
		Digits:   seen.Digits,
		Size:     c.hw.LCD.Digits(),
		Bars:     seen.Bars,
		Icons:    uint8(seen.Icons),
		State:    c.rec.state,
		Now:      c.now,
		ClockSet: c.valid,
		Step:     step,
		Left:     int64(left),
	}
	m.World, m.HasWorld = c.worldTime()
	seen.AppendText(m.Text[:0], m.Size)
}
