// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// Token is what the bank knows of a token when it checks a code of it.
type Token struct {
	Profile   token.Profile
	Seed      token.Seed
	Condition Condition         // on record; that the date has passed is found by [Check]
	Start     token.UnixSeconds // no code before it is good (RFC 6030, StartDate); zero: none
	Expiry    token.Expiry      // zero: none
}

// State is what the bank remembers of the codes of one token. It belongs to the
// token and not to a user (Q4: "同一ハードウェアトークンを利用している全ての
// ユーザ"; RFC 4226 section 7.3), so that whoever shares a token shares all of
// it. The zero value is that of a token that was never used. States are
// comparable with ==.
type State struct {
	// Next is the lowest step that can still be accepted: one more than the last
	// accepted one, 0 before the first.
	Next int64

	// Drift is what was learned of the token's clock.
	Drift Drift

	// Wrong is how many wrong entries there were since the last accepted code, 0
	// to WrongLimit.
	Wrong int

	// Suspended is that they were too many (利用停止). Only [State.Lift] ends it.
	Suspended bool

	// Pending is the step whose code has been answered with [NextCode].
	Pending Pending
}

// Pending is a code that waits for the one after it. The zero value is none.
type Pending struct {
	Set    bool
	Step   int64             // of the code that was entered
	Offset int64             // of the token's clock by that code, in steps
	At     token.UnixSeconds // when it was entered
}

// Lift returns the state after a suspension was lifted (利用停止解除), on screen
// or on paper. What was used stays used, and what was learned stays learned: a
// code of before the suspension is good no more.
func (st State) Lift() State {
	st.Suspended = false
	st.Wrong = 0
	st.Pending = Pending{}
	return st
}
