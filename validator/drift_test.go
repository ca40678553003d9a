// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// stepsPerDay is for steps of 60 s.
const stepsPerDay = 1440

// TestDriftIsWholeSteps: the second at which a code is entered does not change the
// offset.
func TestDriftIsWholeSteps(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.Accepted, d.enterAt(at(100, 1), codeOf(t, 100)).Answer)
	require.Equal(t, validator.Accepted, d.enterAt(at(101, 59), codeOf(t, 101)).Answer)
	require.Zero(t, d.state.Drift.Offset)
}

// TestDriftSlowTyping: entering codes one step late, then in time again, has no effect,
// however often.
func TestDriftSlowTyping(t *testing.T) {
	d := newChecker(t)
	for step := int64(100); step < 200; step += 4 {
		require.Equal(t, validator.Accepted, d.show(step, step-1).Answer)
		require.Equal(t, validator.Accepted, d.show(step+2, step+2).Answer)
	}
	require.Zero(t, d.state.Drift.Offset)
}

// TestDriftLateCodes enters each code a little later than the last. On a token without
// an estimate, this reaches two steps and no farther.
func TestDriftLateCodes(t *testing.T) {
	d := newChecker(t)
	late, step := int64(0), int64(100)
	for range 200 {
		step += 5
		if got := d.show(step, step-late-1); got.Answer == validator.Accepted {
			late++
		}
		require.GreaterOrEqual(t, d.state.Drift.Offset, int64(-2))
	}
	require.LessOrEqual(t, late, int64(3), "the window is one step more")
}

// TestDriftLatePairs does the same with two codes each time. The look-ahead applies
// once, and after that only as far as a clock can drift.
func TestDriftLatePairs(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.NextCode, d.show(100, 90).Answer)
	require.Equal(t, validator.Corrected, d.show(101, 91).Answer)
	for _, late := range []int64{13, 15, 20} {
		require.Equal(t, validator.ReasonOutOfTime, d.show(200, 200-late).Reason)
	}
	require.Equal(t, validator.ReasonWrong, d.show(200, 179).Reason)
}

// TestDriftHonestClock uses a token at various intervals for five years. Its clock
// loses 3 s a day, which is much for a watch crystal. It never needs the back office.
func TestDriftHonestClock(t *testing.T) {
	for _, every := range []int64{1, 7, 20, 60, 150} {
		d := newChecker(t)
		for days := every; days <= 5*365; days += every {
			lost := days / 20
			step := days * stepsPerDay
			// The fixture is one day long. Let the token count from the day before.
			d.token.Profile.T0 = at(step-stepsPerDay, 0)
			d.state.Next = 0
			code := func(plus int64) string { return codeOf(t, stepsPerDay-lost+plus) }
			got := d.enter(step, code(0))
			if got.Answer == validator.NextCode {
				require.Equal(t, validator.Corrected, d.enter(step+1, code(1)).Answer)
				got = d.enter(step+2, code(2))
			}
			require.Equal(t, validator.Accepted, got.Answer, "day %d of every %d", days, every)
		}
	}
}

// TestDriftWithinResyncWindow: the estimate never exceeds the resync window, in either direction.
func TestDriftWithinResyncWindow(t *testing.T) {
	for _, side := range []int64{-1, 1} {
		d := newChecker(t)
		d.settings.ResyncWindow = 10
		d.state.Drift = validator.DriftOf(10 * side)
		require.Equal(t, validator.ReasonOutOfTime, d.show(100, 100+15*side).Reason)
		require.Equal(t, validator.Accepted, d.show(102, 102+11*side).Answer)
		require.Equal(t, 10*side, d.state.Drift.Offset)
	}
}
