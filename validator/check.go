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
//   - A code within SecondBand is not accepted; the one after it is asked for.
//     When that comes in its time, the clock is corrected, and neither authorises
//     anything, then or later, since both are past their time (BK-03); the code
//     after them is good.
//   - Anything else is refused. A refused code is not consumed: one that is
//     entered too early is good when its time has come.
//
// What is a wrong entry ("入力を当行所定の回数誤る"): a code of none of the steps
// looked at. The same wrong code counts each time. A code that was used, and an
// entry that is no code, do not count unless the settings say so. An accepted
// code sets the count to 0; a correction does not, for it authorises nothing.
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
	reach := s.SecondBand + s.Window + slack
	found := match(coder, step+st.Drift.Anchor-reach, 2*reach+1, typed)

	if reason, rule := t.barred(st, known, now); reason != ReasonNone {
		return Decision{Reason: reason, Rule: rule}, st
	}
	if !formed {
		return st.refuse(s, ReasonMalformed, s.CountMalformed)
	}

	fresh := found.within(st.Next, step+st.Drift.Anchor+reach)
	expected := step + st.Drift.Offset
	if hit := fresh.within(expected-s.Window, expected+s.Window); hit.any() {
		return st.accept(s, hit.lowest(), step, now)
	}
	if p := st.Pending; p.Set {
		// The second code must tell the same clock as the first, as nearly as a
		// window goes: that also is how long it is waited for.
		second, due := p.Step+1, step+p.Offset
		if hit := fresh.within(second, second); hit.any() && in(second, due-s.Window, due+s.Window) {
			return st.correct(second, st.Drift.settle(s, p.Offset, now))
		}
	}
	band := min(st.Drift.allowance(s, now)+slack, s.SecondBand)
	if s.SecondBand == 0 {
		band = -1 // not even the anchor itself
	}
	anchor := step + st.Drift.Anchor
	low, high := max(anchor-band, step-s.ResyncReach), min(anchor+band, step+s.ResyncReach)
	if hit := fresh.within(low, high); hit.any() {
		return st.ask(hit.lowest(), step)
	}
	if used := found.within(found.base, st.Next-1); used.any() {
		return st.refuse(s, ReasonReplayed, s.CountReplayed)
	}
	return st.refuse(s, ReasonWrong, true)
}

// accept takes the code of step at, entered in step now is in.
func (st State) accept(s Settings, at, step int64, now token.UnixSeconds) (Decision, State) {
	st.Next = at + 1
	st.Drift = st.Drift.follow(s, at-step, now)
	st.Wrong = 0
	st.Pending = Pending{}
	return Decision{Answer: Accepted, Reason: ReasonAccepted, Rule: BK01, Step: at}, st
}

// ask wants the code after that of step at.
func (st State) ask(at, step int64) (Decision, State) {
	st.Pending = Pending{Set: true, Step: at, Offset: at - step}
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
