// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"crypto/subtle"

	"github.com/d204ef64/fob/token"
)

// Resync corrects a token's clock at the back office. It takes two consecutive codes,
// the second of which is the current one. The settings must be valid.
//
// [Check] must still be able to accept the step of the first code, and the second code
// must belong to the next step. Both must lie within ResyncWindow of the bank's own
// clock. The learned offset is not used, and therefore repeated corrections do not
// extend the reach. The answer is [Corrected] or [Refused]. Neither code authorises
// anything, then or later; the next code after them is accepted at once.
//
// Two codes that do not form such a pair are one failed attempt: guessing here has the
// same limit as elsewhere. Malformed codes follow Settings.CountMalformed. A token that
// is suspended, expired, revoked, reported or unknown is not corrected: a correction
// does not unlock a token (BK-07).
//
// The back office trusts the person who holds the token, and therefore accepts a clock
// anywhere within reach. Users correct their own token with [ResyncOwn].
func Resync(s Settings, t Token, st State, now token.UnixSeconds, first, second string) (Decision, State) {
	_, profile, _ := t.coder()
	step := profile.StepAt(now)
	d, after := resync(s, t, st, now, first, second, step-s.ResyncWindow, step+s.ResyncWindow)
	if d.Answer == Corrected {
		after.Drift = after.Drift.set(profile, d.Step, now)
	}
	return d, after
}

// ResyncOwn corrects the clock of a user's own token, like [Resync]. It is limited to
// the steps at which [Check] would use the two codes: the window, and the part of the
// look-ahead that the clock can have reached. A form submits both codes together, which
// hides the time between them. Only the bound of [Drift] protects this operation.
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

// resync searches for two codes, the second of which belongs to a step from low to
// high.
func resync(s Settings, t Token, st State, now token.UnixSeconds, first, second string, low, high int64) (Decision, State) {
	coder, profile, known := t.coder()
	formed := wellFormed(first, profile.Digits) && wellFormed(second, profile.Digits)
	// Search beyond low and high too, to distinguish a pair from a guess.
	expected := profile.StepAt(now) + st.Drift.Offset
	base, last := min(low, expected-s.LookAhead), max(high, expected+s.LookAhead)
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

// matchPair searches n steps from base on for a step whose code is first and whose next
// step's code is second. It skips steps before next. It takes the same time wherever
// the pair lies.
func matchPair(coder token.Coder, base, n, next int64, first, second string) (step int64, found bool) {
	var buf [token.MaxDigits]byte
	a, b := []byte(first), []byte(second)
	index, hit := 0, 0
	before := 0 // 1 if the step before this one has the first code
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
