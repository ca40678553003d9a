// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"iter"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// Past is a part of a token's life in which nothing happened to it: only time passed. It
// has a copy of the token at its beginning, so it can be looked at while the token lives
// on. It is safe for concurrent use. It holds the seed: keep it as secret as the token.
type Past struct {
	From, To WorldTime
	token    *Token // never simulated
}

// Watch lets the token report from now on each part of its life to the world's observer:
// see [Observer.Passing]. Each call needs one of [Token.Unwatch].
func (t *Token) Watch() {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	t.watches++
}

// Unwatch ends the effect of a call of [Token.Watch].
func (t *Token) Unwatch() {
	t.lock()
	defer t.unlock()
	t.watches--
}

// passLocked reports the part of the token's life from t.at to now, before it is simulated.
func (t *Token) passLocked(now WorldTime) {
	if t.watches > 0 && now > t.at && t.tag != 0 && t.world.observer != nil {
		t.world.observer.Passing(t, now, func() *Past { return &Past{t.at, now, t.copyLocked()} })
	}
}

// copyLocked returns a copy of the token that has no host and reports nothing.
func (t *Token) copyLocked() *Token {
	c := &Token{
		world: t.world, model: t.model, origin: t.origin,
		core: t.core, crystal: t.crystal, battery: t.battery, lcd: t.lcd, rest: t.rest,
		aged: t.aged, agedTo: t.agedTo, at: t.at, wake: t.wake, upAt: t.upAt,
		changes: t.changes, drops: t.drops, restarts: t.restarts, clicked: t.clicked, powered: t.powered,
	}
	c.core.Detach()
	c.lcd.Faults, c.lcd.Fade = copyOf(t.lcd.Faults), copyOf(t.lcd.Fade)
	if t.flash != nil {
		c.flash = mustFlash(t.flash.State())
	}
	return c
}

// Ahead returns the token's life from now to an instant, as it will be if nothing happens to
// the token.
func (t *Token) Ahead(to WorldTime) *Past {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	return &Past{t.at, to, t.copyLocked()}
}

// Reading reads the token at an instant of the past.
func (p *Past) Reading(at WorldTime) Reading {
	t := p.token.copyLocked()
	t.simulateLocked(at)
	return t.readLocked()
}

// Next returns when the text on the display or the state can change first after the past
// began, which may be after its end.
func (p *Past) Next() WorldTime {
	t := p.token.copyLocked()
	t.simulateLocked(p.From)
	return p.replay(t, Forever-1).next()
}

// Glance is the text on a token's display, and its state, at one instant.
type Glance struct {
	World WorldTime
	Text  string
	State serialproto.State
}

// Glances returns glances at the token from one instant of the past to another: one at the
// first, and one whenever the state can change; with displays, also whenever the text on
// the display can change.
func (p *Past) Glances(from, to WorldTime, displays bool) iter.Seq[Glance] {
	return func(yield func(Glance) bool) {
		at, to := max(from, p.From), min(to, p.To)
		if at > to {
			return
		}
		t := p.token.copyLocked()
		t.simulateLocked(at)
		r := p.replay(t, to)
		for at <= to {
			t.simulateLocked(at)
			if !yield(r.glance()) {
				return
			}
			next := t.nextLocked()
			if displays {
				next = r.next()
			}
			at = max(next, at+1)
		}
	}
}

// replay looks at a copy of a token again and again.
type replay struct {
	t      *Token
	to     WorldTime
	paint  token.UnixMilli // when the display changes next, blinking included, by the token's clock
	event  WorldTime       // the next event, at which the fields below are computed anew
	blinks int             // glances at a blinking display
	faint  WorldTime       // when the battery becomes too weak for a readable display
}

// enoughBlinks is the number of glances at a display that blinks: after that, it shows
// nothing new until the next event. It is half a minute, in which the cold has faded out
// all that was on the display before.
const enoughBlinks = 64

func (p *Past) replay(t *Token, to WorldTime) *replay {
	r := &replay{t: t, to: to, event: t.at}
	r.update()
	return r
}

// glance reads the text and the state.
func (r *replay) glance() Glance {
	r.update()
	t := r.t
	frame := t.lcd.Seen(t.battery.Voltage(t.at), t.crystal.Temp)
	return Glance{t.at, string(frame.AppendText(nil, t.model.Digits)), t.stateLocked()}
}

// update runs the firmware, which updates the LCD.
func (r *replay) update() {
	t := r.t
	r.paint = t.stepLocked()
	t.lcd.Settle(t.at, t.crystal.Temp)
	if r.event <= t.at {
		r.event, r.blinks = t.nextLocked(), 0
		r.faint = t.faintLocked(min(r.event, r.to))
	}
}

// next returns when the text or the state can change next. The tick and the bars, which
// change more often, are not part of the text.
func (r *replay) next() WorldTime {
	t, next := r.t, Forever
	switch profile := t.core.Profile(); {
	case r.paint == firmware.Never:
	case !t.crystal.Valid:
		if r.blinks++; r.blinks <= enoughBlinks {
			next = t.worldAtLocked(r.paint)
		}
	case !profile.Behaviour.Button && profile.Step > 0 && t.core.View().TestEnd == 0:
		local, _ := t.crystal.Now(t.at)
		next = t.worldAtLocked(profile.StepStart(profile.StepAtMilli(local) + 1).Milli())
	default:
		next = t.worldAtLocked(r.paint)
	}
	if r.faint > t.at {
		next = min(next, r.faint)
	}
	return min(next, t.nextLocked(), t.lcd.turns(t.crystal.Temp))
}

// faintLocked returns when the display becomes unreadable because the battery gets weak,
// if nothing else happens; [Forever] if it does not until to.
func (t *Token) faintLocked(to WorldTime) WorldTime {
	reads := func(w WorldTime) bool {
		return t.lcd.Contrast(t.battery.Voltage(w), t.crystal.Temp) >= readable
	}
	from := t.at
	if from >= to || t.lcd.Driven == (firmware.Frame{}) || !reads(from) || reads(to) {
		return Forever
	}
	for to-from > 1 { // the voltage only falls
		if middle := from + (to-from)/2; reads(middle) {
			from = middle
		} else {
			to = middle
		}
	}
	return to
}
