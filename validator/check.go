// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// Decision is the bank's decision about a code. Only Answer is shown outside the bank.
type Decision struct {
	Answer        Answer
	Reason        Reason
	Rule          Rule
	Step          int64 // Accepted and NextCode: step of the code; Corrected: of the second code; else 0
	FailedAttempt bool  // the entry counted as a failed attempt
}

// Check decides about a code that was entered for a token at an instant, and returns
// the decision and the token's new state. The settings must be valid.
//
//   - A code is accepted if its step is within Window of the expected step and higher
//     than the last accepted step (BK-02, BK-03). Older codes are refused even if they
//     were never entered.
//   - A code outside the window but within the look-ahead (LookAhead), at a step that
//     the token's clock can have reached (see [Drift]), is not accepted; Check asks for
//     the code after it. If that code follows after the time that the display takes to
//     change, the clock is corrected. Neither code authorises anything, then or later,
//     because both are past their time (BK-03). The next code after them is accepted.
//   - Any other code is refused. A refused code is not consumed: a code that is entered
//     too early is accepted when its time has come.
//
// A failed attempt ("入力を当行所定の回数誤る") is a code that matches none of the
// steps that Check searches. Repeating a wrong code counts each time. Unless the
// settings require it, three kinds of entry do not count: a used code, a code within
// LookAhead whose time has passed or has not come, and an entry that does not have the
// form of a code. An accepted code resets the count to 0. A correction does not,
// because it authorises nothing. The entry that raises the count to
// LockoutThreshold suspends the token (BK-05, BK-06).
//
// If a token is suspended, expired, revoked, reported or unknown, Check changes neither
// its drift nor its count. It still computes everything, and therefore neither the
// answer nor its timing reveals whether the code was right.
//
// Two checks of one token must not run on the same state: the caller reads, checks and
// writes in one transaction.
func Check(s Settings, t Token, st State, now token.UnixSeconds, code string) (Decision, State) {
	coder, profile, known := t.coder()
	step := profile.StepAt(now)

	formed := wellFormed(code, profile.Digits)
	typed := code
	if !formed {
		typed = ""
	}
	// The searched steps, relative to the offset. The window and the look-ahead lie
	// within.
	reach := max(s.LookAhead, s.Window) // from Drift.Top upwards
	below, above := reach+2, reach+s.Window
	expected := step + st.Drift.Offset
	found := match(coder, expected-below, below+above+1, typed)

	if reason, rule := t.barred(st, known, now); reason != ReasonNone {
		return Decision{Reason: reason, Rule: rule}, st
	}
	if !formed {
		return st.refuse(s, ReasonMalformed, s.CountMalformed)
	}

	fresh := found.within(st.Next, expected+above)
	low, high := st.Drift.window(s, profile, now)
	if hit := fresh.within(low, high); hit.any() {
		return st.accept(s, profile, hit.lowest(), now)
	}
	low, high = st.Drift.band(s, profile, now)
	if second := st.Pending.Step + 1; st.Pending.follows(s, profile, now) {
		if hit := fresh.within(max(low, second), min(high, second)); hit.any() {
			return st.correct(second, st.Drift.learn(s, profile, second, now))
		}
	}
	if hit := fresh.within(low, high); hit.any() {
		return st.ask(hit.lowest(), step, now)
	}
	if hit := fresh.within(expected-s.LookAhead, expected+s.LookAhead); s.LookAhead > 0 && hit.any() {
		return st.refuse(s, ReasonOutOfTime, s.CountReplayed)
	}
	if used := found.within(found.base, st.Next-1); used.any() {
		return st.refuse(s, ReasonReplayed, s.CountReplayed)
	}
	return st.refuse(s, ReasonWrong, true)
}

// soonest is the part of a step, as a divisor, that must pass between two codes typed
// from two displays: a person cannot read and type six digits in less than a quarter of
// a minute. Two codes that are entered at the same instant were noted beforehand.
const soonest = 4

// follows reports whether a person reading the token could enter the code after the
// pending one at this instant. Both codes must show the same clock offset to within a
// window, and the second must not arrive before the display could change. A code that
// arrives too soon is not lost: it becomes the pending one.
func (p Pending) follows(s Settings, profile token.Profile, now token.UnixSeconds) bool {
	if !p.Set || now-p.At < stepOf(profile)/soonest {
		return false
	}
	due := profile.StepAt(now) + p.Offset
	return in(p.Step+1, due-s.Window, due+s.Window)
}

// accept accepts the code of step at.
func (st State) accept(s Settings, p token.Profile, at int64, now token.UnixSeconds) (Decision, State) {
	st.Next = at + 1
	st.Drift = st.Drift.learn(s, p, at, now)
	st.FailedAttempts = 0
	st.Pending = Pending{}
	return Decision{Answer: Accepted, Reason: ReasonAccepted, Rule: BK01, Step: at}, st
}

// ask requests the code that follows step at.
func (st State) ask(at, step int64, now token.UnixSeconds) (Decision, State) {
	st.Pending = Pending{Set: true, Step: at, Offset: at - step, At: now}
	return Decision{Answer: NextCode, Reason: ReasonNextCode, Rule: BK03, Step: at}, st
}

// correct corrects the clock after the second of two codes.
func (st State) correct(second int64, d Drift) (Decision, State) {
	st.Next = second + 1
	st.Drift = d
	st.Pending = Pending{}
	return Decision{Answer: Corrected, Reason: ReasonCorrected, Rule: BK03, Step: second}, st
}

// refuse refuses an entry, and optionally counts it as a failed attempt. A failed
// attempt also ends the wait for a second code; an uncounted entry does not.
func (st State) refuse(s Settings, why Reason, count bool) (Decision, State) {
	d := Decision{Reason: why, Rule: BK03, FailedAttempt: count}
	if why == ReasonReplayed {
		d.Rule = BK02
	}
	if count {
		d.Rule = BK05
		st.FailedAttempts++
		st.Suspended = st.FailedAttempts >= s.LockoutThreshold
		st.Pending = Pending{}
	}
	return d, st
}
