// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

const (
	dayMilli   = 24 * 60 * 60 * 1000
	halfSecond = 500 // the tick is on for the first half of each second
)

// readable reports whether the token shows anything in its state, either codes or the
// message at the end of its life.
func (c *Core) readable() bool {
	switch c.rec.state {
	case serialproto.StateProvisioned, serialproto.StateLocked:
		return true
	case serialproto.StateExpired:
		// Moving the clock back does not bring codes back.
		return !c.goesBlank() || c.rec.death != deathBlank && c.expired() && c.now < c.blankAt()
	case serialproto.StateDead:
		return c.rec.death == deathPresses
	}
	return false
}

// hasMessage reports whether "EEEEEE" is shown instead of codes.
func (c *Core) hasMessage() bool {
	switch c.rec.state {
	case serialproto.StateExpired:
		return c.rec.profile.Behaviour.Expiry == token.ExpiryMessage
	case serialproto.StateDead:
		return c.rec.death == deathPresses
	}
	return false
}

// blankAt returns the time at which an expired token's display goes blank.
func (c *Core) blankAt() token.UnixMilli {
	return c.rec.ends.Milli() + token.UnixMilli(c.rec.profile.Behaviour.BlankDelayDays)*dayMilli
}

// paint updates the LCD and returns the time of its next change.
func (c *Core) paint() token.UnixMilli {
	f, next := c.frame()
	if !c.lit || f != c.shown {
		c.shown, c.lit = f, true
		c.hw.LCD.Show(f)
	}
	return next
}

// frame returns the current frame and the time of its next change.
func (c *Core) frame() (f Frame, next token.UnixMilli) {
	digits := c.hw.LCD.Digits()
	b := &c.rec.profile.Behaviour
	state := c.rec.state
	showing := !b.Button || c.view.On
	switch {
	case c.view.TestEnd != 0:
		return AllSegments(digits), c.clockTimeAt(c.view.TestEnd)
	case c.heldLong():
		return AllSegments(digits), c.clockTimeAt(c.view.DownAt + stuckTime)
	case !c.valid && state == serialproto.StateProvisioned,
		state == serialproto.StateDead && c.rec.death == deathClock:
		// The clock is lost: all segments blink, once a second.
		f, next = Frame{}, min(nextHalf(c.now), c.holdEnd())
		if onHalf(c.now) {
			f = AllSegments(digits)
		}
		return f, next
	case showing && c.hasMessage():
		return c.message("EEEEEE", digits)
	case !showing || !c.readable():
		return Frame{}, c.holdEnd()
	case b.Button && c.clockTimeAt(c.view.CodeAt) > c.now:
		if c.pressLimitExceeded() {
			f, _ = c.message("EEEEEE", digits)
		} else {
			f = c.batteryWarning(digits)
		}
		return f, min(c.clockTimeAt(c.view.CodeAt), c.offTime(), c.holdEnd())
	}
	f, next = c.code(digits)
	if b.Button {
		next = min(next, c.offTime(), c.holdEnd())
	}
	return f, next
}

// message returns a frame with text, which stays until the display goes off.
func (c *Core) message(text string, digits int) (f Frame, next token.UnixMilli) {
	for i := range min(len(text), digits) {
		f.Digits[i], _ = Glyph(text[i])
	}
	if c.view.On {
		return f, min(c.offTime(), c.holdEnd())
	}
	return f, Never
}

// batteryWarning returns the frame "bAtt 05", with the percentage on the right, padded
// with a zero.
func (c *Core) batteryWarning(digits int) (f Frame) {
	f.Icons = IconBattery
	left := min(c.batteryPercent(), 99)
	text := [2]byte{'0' + byte(left/10), '0' + byte(left%10)}
	f.setText(text[:], digits)
	for i := range len("bAtt") {
		f.Digits[i], _ = Glyph("bAtt"[i])
	}
	return f
}

// code returns a frame with the code of the current step and its countdown.
func (c *Core) code(digits int) (f Frame, next token.UnixMilli) {
	p := &c.rec.profile
	step, left := c.step()
	text := c.hw.Scratch[:0] // not on the stack, where TinyGo would allocate it on the heap
	f.setText(token.AppendCode(text, c.rec.key(), p.Algorithm, p.Digits, step), digits)
	next = min(nextHalf(c.now), c.now+left)
	if onHalf(c.now) {
		f.Icons |= IconTick
	}
	if p.Behaviour.Button && c.lowBattery() {
		f.Icons |= IconBattery
	}
	if bars := int64(p.Behaviour.Bars); bars > 0 {
		// All bars are lit in the first part of the step, and one in the last. A part
		// need not be a whole number of milliseconds, as with six bars in 20 s.
		whole := int64(p.Step) * 1000
		lit := (int64(left)*bars + whole - 1) / whole
		f.Bars = uint8(lit)
		next = min(next, c.now+left-token.UnixMilli((lit-1)*whole/bars))
	}
	return f, next
}

// step returns the time step (RFC 6238, section 4.2) and the milliseconds
// until it ends.
func (c *Core) step() (step int64, left token.UnixMilli) {
	p := &c.rec.profile
	step = p.StepAtMilli(c.now)
	return step, p.StepStart(step+1).Milli() - c.now
}

// offTime returns the time at which a display lit by a press goes off.
func (c *Core) offTime() token.UnixMilli {
	off := c.clockTimeAt(c.view.OffAt)
	if c.rec.profile.Behaviour.UntilStepEnd && !c.hasMessage() {
		_, left := c.step()
		off = min(off, c.now+left)
	}
	return off
}

// holdEnd returns the time at which a button that is down now will have been held
// long enough, or Never.
func (c *Core) holdEnd() token.UnixMilli {
	if c.buttonHeld() && !c.heldLong() {
		return c.clockTimeAt(c.view.DownAt + holdTime)
	}
	return Never
}

// clockTimeAt converts an uptime to a time of the token's clock, if the clock is not
// moved.
func (c *Core) clockTimeAt(up int64) token.UnixMilli {
	return c.now + token.UnixMilli(up-c.hw.Clock.Uptime())
}

// nextStateChange returns the time at which time alone changes the token's state.
func (c *Core) nextStateChange() token.UnixMilli {
	next := Never
	if c.view.On {
		next = c.offTime()
	}
	if c.view.TestEnd != 0 { // then a dark display draws no more current
		next = min(next, c.clockTimeAt(c.view.TestEnd))
	}
	if c.buttonHeld() {
		next = min(next, c.clockTimeAt(c.view.DownAt+stuckTime))
	}
	if c.rec.ends == 0 || !c.valid {
		return next
	}
	switch c.rec.state {
	case serialproto.StateLocked:
		next = min(next, c.rec.ends.Milli())
	case serialproto.StateExpired:
		if at := c.blankAt(); c.now < at && c.goesBlank() && c.rec.death != deathBlank {
			next = min(next, at)
			if !c.expired() { // its clock was moved back, so the days until then start over
				next = min(next, c.rec.ends.Milli())
			}
		}
	}
	return next
}

func onHalf(t token.UnixMilli) bool { return floorMod(t, 1000) < halfSecond }

func nextHalf(t token.UnixMilli) token.UnixMilli {
	return t - floorMod(t, halfSecond) + halfSecond
}

func floorMod(t, m token.UnixMilli) token.UnixMilli { return (t%m + m) % m }
