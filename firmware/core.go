// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"math"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// Version is the firmware's version. Provisioning messages are bound to it.
const Version = "0.1.0"

// Never is a time that does not come.
const Never token.UnixMilli = math.MaxInt64

// Wake says when a Core must run again if nothing else happens first, by the
// token's own clock. A board sleeps until the earlier of the two. Something
// that only wants the token's state at a later time, such as a virtual token
// that skips ten years, steps at State times and leaves the Paints out: the
// display is a function of the state and the time.
type Wake struct {
	State token.UnixMilli // the next change of state
	Paint token.UnixMilli // the next change of what the display shows
}

// Core is the firmware of one token. Call Boot once, then Step. It is not safe
// for concurrent use.
type Core struct {
	rec   record
	store store
	view  View
	shown Frame // what the LCD was last told
	lit   bool  // shown is valid
	reset bool  // a restart is due at the end of the step
	valid bool  // the clock has been set, in this step
	nonce nonce // of the last rig command
	link  *serialproto.Server

	hw  *Hardware       // set during Boot and Step only
	now token.UnixMilli // the token's clock in this step
}

// View is the part of a token's state that lives in RAM: what the button and
// the self-test put on the display. Its times are those of Clock.Uptime, which
// nothing moves. A restart clears the view.
type View struct {
	OffAt   int64  `json:"off_uptime,omitempty"`  // when the display goes off
	CodeAt  int64  `json:"code_uptime,omitempty"` // until then a warning stands there
	TestEnd int64  `json:"test_end_uptime,omitempty"`
	DownAt  int64  `json:"down_uptime,omitempty"` // when Down changed
	Step    uint32 `json:"step,omitempty"`        // the time step of the press, its low bits
	On      bool   `json:"on,omitempty"`          // a press put the code on the display
	Down    bool   `json:"down,omitempty"`        // the button was down at the last step
	Stuck   bool   `json:"stuck,omitempty"`       // it has been down for too long, and counts again once it comes up
}

// Boot starts the token from what its flash holds. Attached lines stay
// attached.
func (c *Core) Boot(hw *Hardware) error {
	c.hw = hw
	err := c.boot()
	c.leave()
	return err
}

func (c *Core) boot() error {
	// A rig command that restarts the device may be sent again as well.
	*c = Core{link: c.link, hw: c.hw, nonce: c.nonce}
	if c.link != nil {
		c.link.Reset()
	}
	if err := c.store.mount(c.hw, &c.rec); err != nil {
		// Not BLANK: a token that cannot read its state must obey nobody.
		c.rec.state, c.rec.death = serialproto.StateDead, deathFlash
		return err
	}
	// Where the flash fails, the next boot and the next request try again.
	switch {
	case c.rec.seedLen == 0 && c.store.traces:
		_ = c.store.purge(c.hw, &c.rec)
	case !c.store.settled():
		_ = c.store.settle(c.hw)
	}
	c.tick()
	c.watch()
	c.paint()
	return nil
}

// Step handles whatever is pending: bytes on the line, the button, the clock.
// It returns when it must be called again at the latest.
func (c *Core) Step(hw *Hardware) Wake {
	c.hw = hw
	paint := c.look()
	for c.link != nil && c.link.Next(hw.Line, (*device)(c)) {
		paint = c.look() // the request may have moved the clock or the button
	}
	if c.reset {
		// A board that cannot read its flash can do nothing but stay dark.
		_ = c.boot()
		paint = c.paint()
	}
	w := Wake{State: c.nextState(), Paint: paint}
	c.leave()
	return w
}

// look works off what time and hardware did, and returns when the display
// changes next.
func (c *Core) look() token.UnixMilli {
	c.tick()
	c.watch()
	c.pollButton()
	return c.paint()
}

// leave gives the hardware back at the end of a call.
func (c *Core) leave() {
	clear(c.hw.Scratch[:])
	c.hw = nil
}

// Attach gives the core a serial line's worth of buffers; without one it does
// not look at the line. Detach takes them away again.
func (c *Core) Attach(link *serialproto.Server) { c.link = link }

// Detach makes the core leave the line alone.
func (c *Core) Detach() { c.link = nil }

// State returns where the token is in its life.
func (c *Core) State() serialproto.State { return c.rec.state }

// Serial returns the serial number, zero before provisioning.
func (c *Core) Serial() token.Serial { return c.rec.serial }

// Expiry returns the expiry date, zero for none.
func (c *Core) Expiry() token.Expiry { return c.rec.expiry }

// Profile returns what was provisioned; the zero value before.
func (c *Core) Profile() token.Profile { return c.rec.profile }

// Presses returns how often the button has put a code on the display.
func (c *Core) Presses() uint32 { return c.rec.presses }

// View returns the state in RAM, for a snapshot.
func (c *Core) View() View { return c.view }

// SetView puts back what View returned, after Boot.
func (c *Core) SetView(v View) { c.view = v }

// tick reads the clock once: one step sees one time.
func (c *Core) tick() { c.now, c.valid = c.hw.Clock.Now() }

// watch notices what time and power did to the token.
func (c *Core) watch() {
	r := &c.rec
	switch {
	case !c.valid && c.fielded():
		c.die(deathClock)
	case c.valid && r.state == serialproto.StateLocked && c.expired():
		var next record
		next.set(r)
		next.state = serialproto.StateExpired
		if c.blanks() && c.now >= c.blankAt() {
			next.death = deathBlank
		}
		c.outlive(&next)
	case c.valid && r.state == serialproto.StateExpired && c.blanks() && r.death != deathBlank && c.now >= c.blankAt():
		var next record
		next.set(r)
		next.death = deathBlank
		c.outlive(&next)
	}
	// A view from a snapshot of another uptime must not leave the display on.
	up := c.hw.Clock.Uptime()
	if on := c.view.OffAt - up; c.view.On && (on <= 0 || on > c.showTime() || !c.readable() || c.stepOver()) {
		c.view.On = false
	}
	if left := c.view.TestEnd - up; left <= 0 || left > testTime {
		c.view.TestEnd = 0
	}
}

// stepOver reports whether the code that a press put on the display is to go with
// its step, which also ends when the clock is moved.
func (c *Core) stepOver() bool {
	if !c.rec.profile.Behaviour.UntilStepEnd || c.hasMessage() {
		return false
	}
	step, _ := c.step()
	return uint32(step) != c.view.Step
}

// outlive makes next the state that time has brought: it does not wait for a flash
// that fails.
func (c *Core) outlive(next *record) {
	c.save(next)
	c.rec.set(next)
	clear(next.seed[:])
}

// blanks reports whether the token is one whose display goes blank for ever, some
// days after it has expired.
func (c *Core) blanks() bool {
	switch c.rec.state {
	case serialproto.StateLocked, serialproto.StateExpired:
		return c.rec.profile.Behaviour.Expiry == token.ExpiryBlank
	}
	return false
}

// fielded reports whether the token is one that loses its life with its clock.
func (c *Core) fielded() bool {
	switch c.rec.state {
	case serialproto.StateLocked, serialproto.StateExpired:
		return true
	case serialproto.StateDead:
		return c.rec.death == deathPresses // its seed is still there
	}
	return false
}

func (c *Core) expired() bool {
	return c.rec.ends != 0 && c.now >= c.rec.ends.Milli()
}

// die ends the token's life, whether or not the flash takes note of it. Losing
// the clock destroys the seed where the profile says so, as in tokens that keep
// both in RAM.
func (c *Core) die(why death) {
	var next record
	next.set(&c.rec)
	next.state, next.death = serialproto.StateDead, why
	if why == deathClock && next.profile.Behaviour.ClockLossErases {
		next.eraseSeed()
		c.purge(&next)
	} else {
		c.save(&next)
	}
	c.rec.set(&next)
	clear(next.seed[:])
}

// save makes next the token's state, in flash first. Where it fails, with
// ErrFlash, the token is what it was, or it is next and an older record is left in
// flash: the same request tries again.
func (c *Core) save(next *record) serialproto.Status {
	sequence := next.sequence
	return c.adopt(next, sequence, c.store.append(c.hw, next))
}

// purge is save for a state without a seed: no trace of one stays in flash.
func (c *Core) purge(next *record) serialproto.Status {
	sequence := next.sequence
	return c.adopt(next, sequence, c.store.purge(c.hw, next))
}

// adopt makes next the state in use if it was written, and says how that went.
func (c *Core) adopt(next *record, sequence uint32, err error) serialproto.Status {
	if err == nil || next.sequence != sequence {
		c.rec.set(next)
	}
	return flashErr(err)
}

// settle finishes a change of state that the flash has half refused.
func (c *Core) settle() serialproto.Status {
	if c.store.settled() {
		return serialproto.StatusOK
	}
	return flashErr(c.store.settle(c.hw))
}

func flashErr(err error) serialproto.Status {
	if err != nil {
		return serialproto.StatusFlash
	}
	return serialproto.StatusOK
}
