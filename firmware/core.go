// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"math"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// Version is the version of the firmware. Provisioning messages are bound to it.
const Version = "0.1.0"

// Never is a time that is never reached.
const Never token.UnixMilli = math.MaxInt64

// Wake holds the times, by the token's own clock, at which a Core must run again if
// nothing else happens first. A board sleeps until the earlier of the two. A caller
// that only needs the token's state at a later time, such as a virtual token that skips
// ten years, steps at the State times and ignores the Paint times: the display depends
// only on the state and the time.
type Wake struct {
	State token.UnixMilli // the next change of state
	Paint token.UnixMilli // the next change of the display
}

// Core is the firmware of one token. Call Boot once, then Step. It is not safe
// for concurrent use.
type Core struct {
	rec   record
	store store
	view  View
	shown Frame // the frame last sent to the LCD
	lit   bool  // shown is valid
	reset bool  // a restart is due at the end of the step
	valid bool  // the clock was set as of this step
	nonce nonce // of the last rig command
	link  *serialproto.Server

	hw  *Hardware       // set during Boot and Step only
	now token.UnixMilli // the token's clock in this step
}

// View is the part of a token's state that is kept in RAM: the effects of the button
// and the self-test on the display. Its times are by Clock.Uptime, which nothing can
// set. A restart clears the view.
type View struct {
	OffAt   int64  `json:"off_uptime,omitempty"`  // when the display goes off
	CodeAt  int64  `json:"code_uptime,omitempty"` // when a warning gives way to the code
	TestEnd int64  `json:"test_end_uptime,omitempty"`
	DownAt  int64  `json:"down_uptime,omitempty"` // when Down changed
	Step    uint32 `json:"step,omitempty"`        // low bits of the time step of the press
	On      bool   `json:"on,omitempty"`          // a press put the code on the display
	Down    bool   `json:"down,omitempty"`        // the button was down at the last step
	Stuck   bool   `json:"stuck,omitempty"`       // it has been down too long, and is ignored until it comes up
}

// Boot starts the token from the state in its flash. It keeps the attached line, if
// any.
func (c *Core) Boot(hw *Hardware) error {
	c.hw = hw
	err := c.boot()
	c.release()
	return err
}

func (c *Core) boot() error {
	// The nonce is kept: a rig command that restarts the device may be repeated, too.
	*c = Core{link: c.link, hw: c.hw, nonce: c.nonce}
	if c.link != nil {
		c.link.Reset()
	}
	if err := c.store.mount(c.hw, &c.rec); err != nil {
		// Not BLANK: a token that cannot read its state must not accept commands.
		c.rec.state, c.rec.death = serialproto.StateDead, deathFlash
		return err
	}
	// If the flash fails, the next boot or the next request tries again.
	switch {
	case c.rec.seedLen == 0 && c.store.traces:
		_ = c.store.purge(c.hw, &c.rec)
	case !c.store.settled():
		_ = c.store.settle(c.hw)
	}
	c.tick()
	c.updateState()
	c.paint()
	return nil
}

// Step handles everything pending: bytes on the line, the button, the clock. It returns
// the latest time at which it must be called again.
func (c *Core) Step(hw *Hardware) Wake {
	c.hw = hw
	paint := c.refresh()
	for c.link != nil && c.link.Next(hw.Line, (*device)(c)) {
		paint = c.refresh() // the request may have moved the clock or the button
	}
	if c.reset {
		// If the board cannot read its flash, it can only stay dark.
		_ = c.boot()
		paint = c.paint()
	}
	w := Wake{State: c.nextStateChange(), Paint: paint}
	c.release()
	return w
}

// refresh handles the effects of time and hardware, and returns the time of the next
// change of the display.
func (c *Core) refresh() token.UnixMilli {
	c.tick()
	c.updateState()
	c.pollButton()
	return c.paint()
}

// release ends a call: it clears the scratch memory and drops the reference to the
// hardware.
func (c *Core) release() {
	clear(c.hw.Scratch[:])
	c.hw = nil
}

// Attach gives the core the buffers of a serial line. A core without them ignores the
// line. Detach removes them.
func (c *Core) Attach(link *serialproto.Server) { c.link = link }

// Detach removes the buffers of the serial line, which the core then ignores.
func (c *Core) Detach() { c.link = nil }

// State returns the state in the token's life cycle.
func (c *Core) State() serialproto.State { return c.rec.state }

// Serial returns the serial number. It is zero before provisioning.
func (c *Core) Serial() token.Serial { return c.rec.serial }

// Expiry returns the expiry date. It is zero if there is none.
func (c *Core) Expiry() token.Expiry { return c.rec.expiry }

// Profile returns the provisioned profile. It is the zero value before provisioning.
func (c *Core) Profile() token.Profile { return c.rec.profile }

// Presses returns the number of times that the button has shown a code.
func (c *Core) Presses() uint32 { return c.rec.presses }

// View returns the state in RAM, for a snapshot.
func (c *Core) View() View { return c.view }

// SetView restores a view returned by View. It must be called after Boot.
func (c *Core) SetView(v View) { c.view = v }

// tick reads the clock. It is called once per step, so the whole step uses the same
// time.
func (c *Core) tick() { c.now, c.valid = c.hw.Clock.Now() }

// updateState applies the effects of time and power on the token's state.
func (c *Core) updateState() {
	r := &c.rec
	switch {
	case !c.valid && c.diesOnClockLoss():
		c.die(deathClock)
	case c.valid && r.state == serialproto.StateLocked && c.expired():
		var next record
		next.set(r)
		next.state = serialproto.StateExpired
		if c.goesBlank() && c.now >= c.blankAt() {
			next.death = deathBlank
		}
		c.saveAnyway(&next)
	case c.valid && r.state == serialproto.StateExpired && c.goesBlank() && r.death != deathBlank && c.now >= c.blankAt():
		var next record
		next.set(r)
		next.death = deathBlank
		c.saveAnyway(&next)
	}
	// A view from a snapshot with another uptime must not leave the display on.
	up := c.hw.Clock.Uptime()
	if on := c.view.OffAt - up; c.view.On && (on <= 0 || on > c.showTime() || !c.readable() || c.stepEnded()) {
		c.view.On = false
	}
	if left := c.view.TestEnd - up; left <= 0 || left > testTime {
		c.view.TestEnd = 0
	}
}

// stepEnded reports whether the code on the display disappears because its time step has
// ended. Moving the clock also ends the step.
func (c *Core) stepEnded() bool {
	if !c.rec.profile.Behaviour.UntilStepEnd || c.hasMessage() {
		return false
	}
	step, _ := c.step()
	return uint32(step) != c.view.Step
}

// saveAnyway makes next the state even if the flash fails, because time does not wait
// for the flash.
func (c *Core) saveAnyway(next *record) {
	c.save(next)
	c.rec.set(next)
	clear(next.seed[:])
}

// goesBlank reports whether the token's display goes blank forever some days after the
// expiry date.
func (c *Core) goesBlank() bool {
	switch c.rec.state {
	case serialproto.StateLocked, serialproto.StateExpired:
		return c.rec.profile.Behaviour.Expiry == token.ExpiryBlank
	}
	return false
}

// diesOnClockLoss reports whether the token dies when it loses its clock.
func (c *Core) diesOnClockLoss() bool {
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

// die ends the token's life, even if the flash fails. Losing the clock also destroys
// the seed if the profile says so, as in tokens that keep both in RAM.
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

// save makes next the token's state, in flash first. If it fails with ErrFlash, either
// the state is unchanged, or it is next and an older record is left in flash. Repeating
// the request tries again.
func (c *Core) save(next *record) serialproto.Status {
	sequence := next.sequence
	return c.adopt(next, sequence, c.store.append(c.hw, next))
}

// purge is like save, for a state without a seed. It leaves no trace of a seed in
// flash.
func (c *Core) purge(next *record) serialproto.Status {
	sequence := next.sequence
	return c.adopt(next, sequence, c.store.purge(c.hw, next))
}

// adopt makes next the current state if it was written, and returns the status of the
// write.
func (c *Core) adopt(next *record, sequence uint32, err error) serialproto.Status {
	if err == nil || next.sequence != sequence {
		c.rec.set(next)
	}
	return flashErr(err)
}

// settle completes a change of state that a flash failure left incomplete.
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
