// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"crypto/subtle"

	"github.com/d204ef64/fob/token"
)

// Resync corrects a token's clock at the desk, with two codes that the token
// showed one after the other, the second being the present one. The settings must
// be valid.
//
// The first code's step must be one that [Check] could still accept, the second's
// is the next one, and both lie within ResyncReach of the bank's own clock: not of
// what was learned, so that the reach is the same however often it is done. The
// answer is [Corrected] or [Refused]. Neither code authorises anything, then or
// later; the code after them is good at once.
//
// Two codes that are no such pair are one wrong entry, so that guessing here
// ends as it does elsewhere; malformed ones follow Settings.CountMalformed. A
// token that is suspended, expired, revoked, reported or unknown is not
// corrected: a correction lifts no suspension (BK-07).
//
// The desk believes the person who holds the token, and so its clock may have gone
// anywhere. A user has [ResyncOwn].
func Resync(s Settings, t Token, st State, now token.UnixSeconds, first, second string) (Decision, State) {
	_, profile, _ := t.coder()
	step := profile.StepAt(now)
	d, after := resync(s, t, st, now, first, second, step-s.ResyncReach, step+s.ResyncReach)
	if d.Answer == Corrected {
		after.Drift = after.Drift.set(profile, d.Step, now)
	}
	return d, after
}

// ResyncOwn corrects the clock of the token that a user holds, like [Resync], but
// within what [Check] would do with the two codes: the window, and the steps of
// SecondBand at which the clock can be. A form that has both codes tells nothing of
// the time between them, so that only [Drift]'s bound guards it.
func ResyncOwn(s Settings, t Token, st State, now token.UnixSeconds, first, second string) (Decision, State) {
	_, profile, _ := t.coder()
	low, high := st.Drift.window(s, profile, now)
	if l, h := st.Drift.band(s, profile, now); l <= h {
		low, high = min(low, l), max(high, h)
	}
	d, after := resync(s, t, st, now, first, second, low, high)
	if d.Answer == Corrected {
		after.Drift = after.Drift.learn(s, profile, d.Step, now)
	}
	return d, after
}

// resync looks for two codes of which the second is of a step from low to high.
func resync(s Settings, t Token, st State, now token.UnixSeconds, first, second string, low, high int64) (Decision, State) {
	coder, profile, known := t.coder()
	formed := wellFormed(first, profile.Digits) && wellFormed(second, profile.Digits)
	// Beyond low and high the pair is looked for as well, to tell it from a guess.
	expected := profile.StepAt(now) + st.Drift.Offset
	base, last := min(low, expected-s.SecondBand), max(high, expected+s.SecondBand)
	at, found := matchPair(coder, base-1, last-base+1, st.Next, first, second)

	if reason, rule := t.barred(st, known, now); reason != ReasonNone {
		return Decision{Reason: reason, Rule: rule}, st
	}
	switch {
	case !formed:
		return st.refuse(s, ReasonMalformed, s.CountMalformed)
	case !found:
		return st.refuse(s, ReasonWrong, true)
	case !in(at+1, low, high):
		return st.refuse(s, ReasonOutOfTime, s.CountReplayed)
	}
	return st.correct(at+1, st.Drift)
}

// matchPair looks for the step whose code is first, and the next step's second,
// among n steps from base on, those before next left out. It takes the same time
// wherever the pair lies.
func matchPair(coder token.Coder, base, n, next int64, first, second string) (step int64, found bool) {
	var buf [token.MaxDigits]byte
	a, b := []byte(first), []byte(second)
	index, hit := 0, 0
	before := 0 // whether the step before this one has the first code
	for i := range int(n) + 1 {
		code := coder(buf[:0], base+int64(i))
		pair := before & subtle.ConstantTimeCompare(code, b)
		index = subtle.ConstantTimeSelect(pair&^hit, i-1, index)
		hit |= pair
		before = subtle.ConstantTimeCompare(code, a)
		if base+int64(i) < next {
			before = 0
		}
	}
	return base + int64(index), hit == 1
}
