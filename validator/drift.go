// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"github.com/d204ef64/fob/token"
)

// Drift is the bank's estimate of a token's clock.
//
// # The proof in a code
//
// A token shows a code from the moment its clock enters the code's step. A code that is
// entered at an instant therefore proves that the token's clock had reached that step
// by then, and is not slower. It proves nothing about how fast the clock is, because
// codes are entered late: a second late, a minute late by a slow typist, or nine
// minutes late by a phisher. A clock moves by at most one step in
// Settings.DriftInterval.
//
// Shown is the strongest such proof. It determines the slowest that the clock can be at
// any later instant. A late entry leaves this bound unchanged or raises it, however
// often it is repeated and through whichever interface. No code from before the bound
// is accepted, and no pair of codes moves the clock to an earlier time.
//
// # Late codes must not lock out the owner
//
// Late codes that are physically possible make the bank believe that the clock is slow,
// and a thief may have entered them. Top, the highest expected step, therefore does not
// fall at once. It falls only after such codes have stood for DriftInterval without a
// code that contradicts them. Until then the owner's code, which seems early, is
// accepted: an early code cannot be phished.
//
// The zero value is a clock that was set correctly and has not been observed since.
type Drift struct {
	// Offset is how many steps the clock is ahead of the bank's, according to Shown.
	Offset int64

	// Top is the offset above which no code is expected. It is at least Offset.
	Top int64

	// TopAt is when Top last rose. Top falls with late codes and rises with codes that
	// are ahead of it. A late code may also raise Top, if the clock has gained while
	// the owner was away. TopAt is then set far enough back to keep possible all steps
	// that were possible before. Zero means that Top never rose, or that only
	// LookAhead bounds the clock: the first code was not ahead, and Top may rise long
	// after the clock did.
	TopAt token.UnixSeconds

	// LowerSince is when the first code below Top arrived after the last code at or
	// above Top; zero means none. Lower is the highest offset of a code since then.
	LowerSince token.UnixSeconds
	Lower      int64

	// Shown is how many seconds the clock was ahead of the bank's, at the least, at
	// ShownAt.
	Shown token.UnixSeconds

	// ShownAt is the time of Shown. Zero means that no code has proved anything yet.
	// The clock may then have drifted in its box by as much as Settings.LookAhead.
	ShownAt token.UnixSeconds
}

// DriftOf returns the estimate for a clock that is a given number of steps ahead.
func DriftOf(steps int64) Drift { return Drift{Offset: steps, Top: steps} }

// stepOf returns the length of a token's step.
func stepOf(p token.Profile) token.UnixSeconds { return p.StepStart(1) - p.StepStart(0) }

// slow is how many steps late an honest code may appear within the look-ahead: it is
// read before the display changes and sent afterwards.
const slow = 1

// passed returns by how many seconds a clock may have moved between two instants. If
// the bank's clock was set back, it returns 0.
func passed(s Settings, p token.Profile, since, now token.UnixSeconds) token.UnixSeconds {
	return max(now-since, 0) * stepOf(p) / s.DriftInterval
}

// slowest returns how many seconds the clock is ahead, at the least, at an instant.
// ShownAt must be set.
func (d Drift) slowest(s Settings, p token.Profile, now token.UnixSeconds) token.UnixSeconds {
	if now <= d.ShownAt {
		return d.Shown
	}
	return d.Shown - passed(s, p, d.ShownAt, now) - 1 // a second for rounding
}

// highest returns how many steps the clock can be ahead, at the most, at now, if Top
// was the highest offset at seen. At that time the clock was ahead by less than one
// step more than the code of Top proves, and a single second is enough to cross the end
// of a step. Late codes may have moved Top back by as much as the clock has gained
// since.
func (d Drift) highest(s Settings, p token.Profile, seen, now token.UnixSeconds) int64 {
	fast := p.StepStart(p.StepAt(seen)+d.Top+slow) - seen
	return max(d.Top+slow, p.StepAt(now+fast+2*passed(s, p, seen, now))-p.StepAt(now))
}

// window returns the steps whose codes are accepted at an instant. A code is accepted
// until Window steps after the slowest possible clock has stopped showing it. The
// window allows for at most the one step that a clock can lose in one DriftInterval;
// the code of a slower clock needs a second one. Seconds in Shown below a whole step do
// not widen the window (BK-03): they are how late the last code was typed.
func (d Drift) window(s Settings, p token.Profile, now token.UnixSeconds) (low, high int64) {
	step := p.StepAt(now)
	low, high = step+d.Offset-s.Window, step+d.Top+s.Window
	if d.ShownAt != 0 {
		low = p.StepAt(now+max(d.slowest(s, p, now), d.Shown-stepOf(p))) - s.Window
		whole := int64(d.Shown / stepOf(p)) // towards zero
		if now-d.ShownAt >= s.DriftInterval {
			whole--
		}
		low = max(low, step+whole-s.Window)
	}
	return low, high
}

// band returns the steps of the look-ahead, including the window: the steps within
// LookAhead that the clock can have reached. Check answers their codes by asking for
// the next one. If there are none, high is less than low.
func (d Drift) band(s Settings, p token.Profile, now token.UnixSeconds) (low, high int64) {
	step := p.StepAt(now)
	if s.LookAhead == 0 {
		return step, step - 1
	}
	low, high = step+d.Offset-s.LookAhead, step+d.Offset+s.LookAhead
	if d.ShownAt != 0 {
		low = max(low, p.StepAt(now+d.slowest(s, p, now))-slow)
		if d.TopAt != 0 {
			high = min(high, step+d.highest(s, p, d.TopAt, now))
		}
	}
	return max(low, step-s.ResyncWindow), min(high, step+s.ResyncWindow)
}

// learn returns the estimate after the code of a step was accepted, alone or as the
// second of two.
func (d Drift) learn(s Settings, p token.Profile, at int64, now token.UnixSeconds) Drift {
	length := stepOf(p)
	reach := token.UnixSeconds(s.ResyncWindow) * length
	raised := token.UnixSeconds(0) // the new TopAt if Top rises
	switch {
	// A late code may raise Top. The steps that were possible must stay possible.
	case d.TopAt != 0:
		more := d.highest(s, p, d.TopAt, now) - slow - max(at-p.StepAt(now), d.Top)
		raised = now - max(token.UnixSeconds(more)*s.DriftInterval/2, 0)
	case d.ShownAt == 0:
		raised = now
	}
	shown := max(min(p.StepStart(at)-now, reach), -reach)
	switch {
	// slowest's second for rounding is left out: each code would lose another second.
	case d.ShownAt == 0 || shown >= d.Shown-passed(s, p, d.ShownAt, now):
		d.Shown, d.ShownAt = shown, now
	case now > d.ShownAt: // the code proves less than is known: only time has passed
		lost := passed(s, p, d.ShownAt, now)
		d.Shown, d.ShownAt = max(d.Shown-lost, -reach), d.ShownAt+lost*s.DriftInterval/length
	}
	d.Offset = ceilDiv(int64(d.Shown), int64(length))
	seen := clamp(at-p.StepAt(now), 0, s.ResyncWindow)
	switch top := max(seen, d.Offset); {
	case top > d.Top:
		d.Top, d.TopAt, d.LowerSince, d.Lower = top, raised, 0, 0
	case top == d.Top:
		d.LowerSince, d.Lower = 0, 0
	case d.LowerSince == 0:
		d.LowerSince, d.Lower = now, top
	case now-d.LowerSince < s.DriftInterval:
		d.Lower = max(d.Lower, top)
	case top >= d.Lower:
		d.Top, d.LowerSince, d.Lower = top, 0, 0
	default:
		d.Top, d.LowerSince, d.Lower = d.Lower, now, top
	}
	d.Top = min(d.Top, d.Offset+max(s.LookAhead, s.Window))
	return d
}

// set returns the estimate after the back office has found the clock in a step.
func (d Drift) set(p token.Profile, at int64, now token.UnixSeconds) Drift {
	offset := at - p.StepAt(now)
	return Drift{Offset: offset, Top: offset, TopAt: now, Shown: p.StepStart(at) - now, ShownAt: now}
}

// ceilDiv returns a/b rounded up. b must be positive.
func ceilDiv(a, b int64) int64 {
	q := a / b
	if a%b > 0 {
		q++
	}
	return q
}

// clamp returns the value nearest to v within reach of middle.
func clamp(v, middle, reach int64) int64 {
	return min(max(v, middle-reach), middle+reach)
}
