// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"github.com/d204ef64/fob/token"
)

// Drift is what the bank has learned of a token's clock.
//
// # What a code proves
//
// A token shows a code from the moment its clock enters the code's step. So a code
// that is entered at an instant proves that the token's clock had reached that step
// by then, and is no slower. It proves nothing about how fast the clock is, since
// codes are entered late: by a second, by a slow typist's minute, or by nine minutes
// by someone who phished them. And a clock moves by one step in
// Settings.LearnEvery at most.
//
// Shown is the best such proof. From it follows the slowest the clock can be at any
// later instant, and whatever is entered late, however often and through whichever
// channel, leaves this bound where it is or raises it. No code of an earlier time
// is accepted, and no pair of codes moves the clock to an earlier time.
//
// # What a late code must not take away
//
// Late codes that physics allows make the bank believe in a slow clock, and they may
// be a thief's. So Top, the highest step that is expected, does not fall with them
// until they have stood for LearnEvery without a code that contradicts them. Until
// then the owner's code, which then seems early, is accepted: an early code cannot be
// phished.
//
// The zero value is a clock of which nothing is known but that it was set to the time.
type Drift struct {
	// Offset is how many steps the clock is ahead of the bank's, as Shown has it.
	Offset int64

	// Top is the offset above which no code is expected, at least Offset.
	Top int64

	// TopAt is when Top rose last: it falls with late codes, and rises with those
	// that are ahead of it. A late code may raise it too, when the clock has gained
	// and the owner was away. TopAt is then so long ago that what was possible
	// before stays possible. Zero is never, or that nothing bounds it but SecondBand:
	// the first code was not ahead, so that a rise may come long after the clock's.
	TopAt token.UnixSeconds

	// LowerSince is when the first code below Top came after the last one of Top
	// or more; zero is none. Lower is the highest offset of a code since then.
	LowerSince token.UnixSeconds
	Lower      int64

	// Shown is how many seconds the clock was ahead of the bank's at least, at
	// ShownAt.
	Shown token.UnixSeconds

	// ShownAt is when Shown was so; zero means that no code has shown anything
	// yet. Then the clock may have drifted in its box by as much as
	// Settings.SecondBand.
	ShownAt token.UnixSeconds
}

// DriftOf returns what is known of a clock that is said to be some steps ahead.
func DriftOf(steps int64) Drift { return Drift{Offset: steps, Top: steps} }

// stepOf returns how long a token's step is.
func stepOf(p token.Profile) token.UnixSeconds { return p.StepStart(1) - p.StepStart(0) }

// slow is by how many steps an honest code may seem late within a second-code band:
// one that is read before the display changes and sent after it.
const slow = 1

// passed returns by how many seconds a clock may have moved between two instants.
// A clock of ours that was set back gives none.
func passed(s Settings, p token.Profile, since, now token.UnixSeconds) token.UnixSeconds {
	return max(now-since, 0) * stepOf(p) / s.LearnEvery
}

// slowest returns how many seconds the clock is ahead at least, at an instant. A code
// must have shown something.
func (d Drift) slowest(s Settings, p token.Profile, now token.UnixSeconds) token.UnixSeconds {
	if now <= d.ShownAt {
		return d.Shown
	}
	return d.Shown - passed(s, p, d.ShownAt, now) - 1 // a second for rounding
}

// highest returns the most steps that the clock can be ahead at an instant, when Top was
// the highest that was seen at another. The clock was then ahead by less than a whole
// step more than the code of Top proves, and a second is enough to cross the end of a
// step. Late codes may have taken Top as far back as the clock went ahead since.
func (d Drift) highest(s Settings, p token.Profile, seen, now token.UnixSeconds) int64 {
	fast := p.StepStart(p.StepAt(seen)+d.Top+slow) - seen
	return max(d.Top+slow, p.StepAt(now+fast+2*passed(s, p, seen, now))-p.StepAt(now))
}

// window returns the steps whose codes are accepted at an instant: until Window
// steps after the token has ceased to show them, as the slowest clock would, but for
// what it may have lost in more than one LearnEvery: that asks for a second code.
// Seconds by which the clock is not known to be slow widen nothing (BK-03): they are
// how late the last code was typed.
func (d Drift) window(s Settings, p token.Profile, now token.UnixSeconds) (low, high int64) {
	step := p.StepAt(now)
	low, high = step+d.Offset-s.Window, step+d.Top+s.Window
	if d.ShownAt != 0 {
		low = p.StepAt(now+max(d.slowest(s, p, now), d.Shown-stepOf(p))) - s.Window
		whole := int64(d.Shown / stepOf(p)) // towards zero
		if now-d.ShownAt >= s.LearnEvery {
			whole--
		}
		low = max(low, step+whole-s.Window)
	}
	return low, high
}

// band returns the steps whose codes are answered with the wish for the next one,
// those of the window included: where the clock can be, within SecondBand. Where
// there are none, high is less than low.
func (d Drift) band(s Settings, p token.Profile, now token.UnixSeconds) (low, high int64) {
	step := p.StepAt(now)
	if s.SecondBand == 0 {
		return step, step - 1
	}
	low, high = step+d.Offset-s.SecondBand, step+d.Offset+s.SecondBand
	if d.ShownAt != 0 {
		low = max(low, p.StepAt(now+d.slowest(s, p, now))-slow)
		if d.TopAt != 0 {
			high = min(high, step+d.highest(s, p, d.TopAt, now))
		}
	}
	return max(low, step-s.ResyncReach), min(high, step+s.ResyncReach)
}

// learn returns what is known after the code of a step was accepted, alone or as the
// second of two.
func (d Drift) learn(s Settings, p token.Profile, at int64, now token.UnixSeconds) Drift {
	length := stepOf(p)
	reach := token.UnixSeconds(s.ResyncReach) * length
	raised := token.UnixSeconds(0) // when Top is
	switch {
	// A late code may be the one that raises it: what was possible stays so.
	case d.TopAt != 0:
		more := d.highest(s, p, d.TopAt, now) - slow - max(at-p.StepAt(now), d.Top)
		raised = now - max(token.UnixSeconds(more)*s.LearnEvery/2, 0)
	case d.ShownAt == 0:
		raised = now
	}
	shown := max(min(p.StepStart(at)-now, reach), -reach)
	switch {
	// Without slowest's second for rounding: it would be lost again with each code.
	case d.ShownAt == 0 || shown >= d.Shown-passed(s, p, d.ShownAt, now):
		d.Shown, d.ShownAt = shown, now
	case now > d.ShownAt: // it proves less than is known: only time has passed
		lost := passed(s, p, d.ShownAt, now)
		d.Shown, d.ShownAt = max(d.Shown-lost, -reach), d.ShownAt+lost*s.LearnEvery/length
	}
	d.Offset = ceilDiv(int64(d.Shown), int64(length))
	seen := clamp(at-p.StepAt(now), 0, s.ResyncReach)
	switch top := max(seen, d.Offset); {
	case top > d.Top:
		d.Top, d.TopAt, d.LowerSince, d.Lower = top, raised, 0, 0
	case top == d.Top:
		d.LowerSince, d.Lower = 0, 0
	case d.LowerSince == 0:
		d.LowerSince, d.Lower = now, top
	case now-d.LowerSince < s.LearnEvery:
		d.Lower = max(d.Lower, top)
	case top >= d.Lower:
		d.Top, d.LowerSince, d.Lower = top, 0, 0
	default:
		d.Top, d.LowerSince, d.Lower = d.Lower, now, top
	}
	d.Top = min(d.Top, d.Offset+max(s.SecondBand, s.Window))
	return d
}

// set returns what is known after the desk has seen that the clock is in a step.
func (d Drift) set(p token.Profile, at int64, now token.UnixSeconds) Drift {
	offset := at - p.StepAt(now)
	return Drift{Offset: offset, Top: offset, TopAt: now, Shown: p.StepStart(at) - now, ShownAt: now}
}

// ceilDiv returns a/b rounded up; b is positive.
func ceilDiv(a, b int64) int64 {
	q := a / b
	if a%b > 0 {
		q++
	}
	return q
}

// clamp returns the value nearest to v that is no farther from middle than reach.
func clamp(v, middle, reach int64) int64 {
	return min(max(v, middle-reach), middle+reach)
}
