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
	Step   int64 // of the code that was entered
	Offset int64 // of the token's clock by that code, in steps
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

// Drift is how far a token's clock is ahead of the bank's, in whole steps.
//
// # The bound
//
// Whoever sees codes and enters each a little later than the last teaches the
// bank that the clock is slow, and widens the time for which a stolen code is
// good. A real clock does not run like that: it moves by one step in
// Settings.LearnEvery at most. So Offset stays within one step of Anchor, which
// is what a user who types slowly needs, and Anchor moves
//
//   - for a single code: by one step, when LearnEvery has passed since it moved
//     last;
//   - for two consecutive codes: by one step for each LearnEvery that has passed,
//     up to Settings.SecondBand; that much for a token of which nothing was
//     learned yet, since it may have aged in its box;
//   - at the desk, see [Resync]: anywhere within Settings.ResyncReach.
//
// From LearnedAt on, Offset is therefore never farther from the Anchor of then
// than 1 + (time passed)/LearnEvery, however many codes were entered; and no
// farther from the bank's clock than ResyncReach.
type Drift struct {
	Offset int64 // where codes are expected
	Anchor int64 // what has been believed for longer

	// LearnedAt is when Anchor moved, less what of a LearnEvery had passed in
	// vain: else a clock near the bound would be lost between two uses. Zero is
	// never.
	LearnedAt token.UnixSeconds
}

// slack is how far Offset may be from Anchor: a code that is read before the
// display changes and sent after it looks one step late.
const slack = 1

// allowance returns by how many steps Anchor may move at an instant, 0 to
// SecondBand, or to 1 where there is no such band. A clock of ours that was set
// back gives none.
func (d Drift) allowance(s Settings, now token.UnixSeconds) int64 {
	most := max(s.SecondBand, 1)
	if d.LearnedAt == 0 {
		return most
	}
	return min(max(int64((now-d.LearnedAt)/s.LearnEvery), 0), most)
}

// follow returns the drift after one code by which the clock is at offset.
func (d Drift) follow(s Settings, offset int64, now token.UnixSeconds) Drift {
	offset = clamp(offset, 0, s.ResyncReach)
	if away := offset - d.Anchor; away > slack || away < -slack {
		d = d.move(s, offset, min(d.allowance(s, now), 1), now)
	}
	d.Offset = clamp(offset, d.Anchor, slack)
	return d
}

// settle returns the drift after two codes have told that the clock is at offset.
func (d Drift) settle(s Settings, offset int64, now token.UnixSeconds) Drift {
	d = d.move(s, offset, d.allowance(s, now), now)
	d.Offset = clamp(offset, d.Anchor, slack)
	return d
}

// move moves Anchor towards offset, by so many steps at most.
func (d Drift) move(s Settings, offset, most int64, now token.UnixSeconds) Drift {
	to := clamp(offset, d.Anchor, most)
	if to == d.Anchor {
		return d
	}
	d.Anchor = to
	if d.LearnedAt != 0 {
		d.LearnedAt = now - (now-d.LearnedAt)%s.LearnEvery
	} else {
		d.LearnedAt = now
	}
	return d
}

// clamp returns the value nearest to v that is no farther from middle than reach.
func clamp(v, middle, reach int64) int64 {
	return min(max(v, middle-reach), middle+reach)
}
