// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// Token is the data of a token that the bank needs to check its codes.
type Token struct {
	Profile   token.Profile
	Seed      token.Seed
	Condition Condition         // as recorded; [Check] determines whether the date has passed
	Start     token.UnixSeconds // codes before it are refused (RFC 6030, StartDate); zero: none
	Expiry    token.Expiry      // zero: none
}

// State is the bank's memory of the codes of one token. It belongs to the token and not
// to a user, and all users who share the token share it (Q4: "同一ハードウェアトークンを
// 利用している全てのユーザ"; RFC 4226 section 7.3). The zero value is the state of a
// token that was never used. States are comparable with ==.
type State struct {
	// Next is the lowest step that can still be accepted: one more than the last
	// accepted step, or 0 before the first.
	Next int64

	// Drift is the estimate of the token's clock.
	Drift Drift

	// FailedAttempts is the number of failed attempts since the last accepted code, 0 to
	// LockoutThreshold.
	FailedAttempts int

	// Suspended is set when Wrong reaches the limit (利用停止). Only [State.Unlock] clears
	// it.
	Suspended bool

	// Pending is the code that was answered with [NextCode].
	Pending Pending
}

// Pending is a code that waits for the next one. The zero value is none.
type Pending struct {
	Set    bool
	Step   int64             // step of the code that was entered
	Offset int64             // offset of the token's clock according to that code, in steps
	At     token.UnixSeconds // when it was entered
}

// Unlock returns the state after the token was unlocked (利用停止解除), on screen or on
// paper. It keeps the used steps and the estimate of the clock: a code from before the
// suspension remains invalid.
func (st State) Unlock() State {
	st.Suspended = false
	st.FailedAttempts = 0
	st.Pending = Pending{}
	return st
}
