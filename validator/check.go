// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// Decision is what the bank makes of a code. Only Answer is for the outside.
type Decision struct {
	Answer Answer
	Reason Reason
	Rule   Rule
	Step   int64 // Accepted: of the code; NextCode: of the code; Corrected: of the second code; else 0
	Wrong  bool  // the entry was counted
}

// Check decides about a code that was entered for a token at an instant, and
// returns the decision and the token's state after it. The settings must be
// valid.
//
//   - A code is accepted when its step is within Window of the one expected, and
//     higher than the last accepted one (BK-02, BK-03). An older code is out even
//     when it was never entered.
//   - A code within SecondBand, of a time at which the token's clock can be (see
//     [Drift]), is not accepted; the one after it is asked for. When that comes as
//     long after the first as a display takes, the clock is corrected, and neither
//     authorises anything, then or later, since both are past their time (BK-03);
//     the code after them is good.
//   - Anything else is refused. A refused code is not consumed: one that is
//     entered too early is good when its time has come.
//
// What is a wrong entry ("入力を当行所定の回数誤る"): a code of none of the steps
// looked at. The same wrong code counts each time. A code that was used, one of
// SecondBand whose time has passed or has not come, and an entry that is no code
// do not count unless the settings say so. An accepted code sets the count to 0; a
// correction does not, for it authorises nothing.
// The entry that brings the count to WrongLimit suspends the token (BK-05,
// BK-06).
//
// A token that is suspended, expired, revoked, reported or unknown neither
// learns nor counts; all of it is still computed, so that neither the answer nor
// the time tells whether the code was right.
//
// Two checks of one token must not run on the same state: the caller reads,
// checks and writes in one transaction.
func Check(s Settings, t Token, st State, now token.UnixSeconds, code string) (Decision, State) {
	coder, profile, known := t.coder()
	step := profile.StepAt(now)

	formed := wellFormed(code, profile.Digits)
	typed := code
	if !formed {
		typed = ""
	}
	// The steps that are looked at, from the offset: window and band lie within.
	reach := max(s.SecondBand, s.Window) // of Drift.Top above the offset
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
	if hit := fresh.within(expected-s.SecondBand, expected+s.SecondBand); s.SecondBand > 0 && hit.any() {
		return st.refuse(s, ReasonOutOfTime, s.CountReplayed)
	}
	if used := found.within(found.base, st.Next-1); used.any() {
		return st.refuse(s, ReasonReplayed, s.CountReplayed)
	}
	return st.refuse(s, ReasonWrong, true)
}

// soonest is how many parts of a step two entries are apart at least that are typed
// from two displays: nobody reads and types six digits in less than a quarter of a
// minute. Two codes that are entered at one instant were noted before.
const soonest = 4

// follows reports whether the code after the one that waits can be entered at an
// instant by someone who reads it from the token: the second code must tell the same
// clock as the first, as nearly as a window goes, and must not come before the display
// could change. A code that comes too soon is not lost: it waits in place of the first.
func (p Pending) follows(s Settings, profile token.Profile, now token.UnixSeconds) bool {
	if !p.Set || now-p.At < stepOf(profile)/soonest {
		return false
	}
	due := profile.StepAt(now) + p.Offset
	return in(p.Step+1, due-s.Window, due+s.Window)
}

// accept takes the code of step at.
func (st State) accept(s Settings, p token.Profile, at int64, now token.UnixSeconds) (Decision, State) {
	st.Next = at + 1
	st.Drift = st.Drift.learn(s, p, at, now)
	st.Wrong = 0
	st.Pending = Pending{}
	return Decision{Answer: Accepted, Reason: ReasonAccepted, Rule: BK01, Step: at}, st
}

// ask wants the code after that of step at.
func (st State) ask(at, step int64, now token.UnixSeconds) (Decision, State) {
	st.Pending = Pending{Set: true, Step: at, Offset: at - step, At: now}
	return Decision{Answer: NextCode, Reason: ReasonNextCode, Rule: BK03, Step: at}, st
}

// correct takes the second code of two.
func (st State) correct(second int64, d Drift) (Decision, State) {
	st.Next = second + 1
	st.Drift = d
	st.Pending = Pending{}
	return Decision{Answer: Corrected, Reason: ReasonCorrected, Rule: BK03, Step: second}, st
}

// refuse refuses an entry, and counts it or not. What is wrong ends the wait for
// a second code; what is merely not counted does not.
func (st State) refuse(s Settings, why Reason, count bool) (Decision, State) {
	d := Decision{Reason: why, Rule: BK03, Wrong: count}
	if why == ReasonReplayed {
		d.Rule = BK02
	}
	if count {
		d.Rule = BK05
		st.Wrong++
		st.Suspended = st.Wrong >= s.WrongLimit
		st.Pending = Pending{}
	}
	return d, st
}
