// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// resync enters the codes of two steps at the back office, in step 750.
func (d *checker) resync(first, second int64) validator.Decision {
	d.t.Helper()
	decision, state := validator.Resync(d.settings, d.token, d.state, at(750, 10),
		codeOf(d.t, first), codeOf(d.t, second))
	d.state = state
	return decision
}

// TestResyncWindow corrects clocks that are off by up to twelve hours, but no more.
func TestResyncWindow(t *testing.T) {
	for _, off := range []int64{-720, -719, -60, -1, 0, 1, 60, 719, 720} {
		d := newChecker(t)
		got := d.resync(749+off, 750+off)
		require.Equal(t, validator.Corrected, got.Answer, off)
		require.Equal(t, 750+off, got.Step)
		require.Equal(t, off, d.state.Drift.Offset)
		require.Equal(t, validator.ReasonReplayed, d.show(750, 749+off).Reason, "neither logs in")
		require.Equal(t, validator.ReasonReplayed, d.show(750, 750+off).Reason)
		require.Equal(t, validator.Accepted, d.show(751, 751+off).Answer, "the very next code")
	}
	for _, off := range []int64{-722, -721, 721, 722, 800} {
		d := newChecker(t)
		require.Equal(t, validator.ReasonWrong, d.resync(749+off, 750+off).Reason, off)
		require.Equal(t, validator.State{FailedAttempts: 1}, d.state)
	}
}

// TestResyncWindowIsFixed: repeated corrections do not reach farther.
func TestResyncWindowIsFixed(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.Corrected, d.resync(1469, 1470).Answer)
	require.Equal(t, validator.ReasonOutOfTime, d.resync(1479, 1480).Reason)
	require.Equal(t, validator.ReasonWrong, d.resync(1489, 1490).Reason)
}

// TestResyncPairs requires two consecutive codes, in order, neither of them used.
func TestResyncPairs(t *testing.T) {
	tests := []struct {
		name          string
		first, second int64
		answer        validator.Answer
	}{
		{"in a row", 800, 801, validator.Corrected},
		{"one skipped", 800, 802, validator.Refused},
		{"backwards", 801, 800, validator.Refused},
		{"the same twice", 800, 800, validator.Refused},
		{"the first was used", 750, 751, validator.Refused},
		{"both before the used one", 740, 741, validator.Refused},
		{"right after the used one", 751, 752, validator.Corrected},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newChecker(t)
			require.Equal(t, validator.Accepted, d.show(750, 750).Answer)
			require.Equal(t, tt.answer, d.resync(tt.first, tt.second).Answer)
			if tt.answer == validator.Refused {
				require.Equal(t, 1, d.state.FailedAttempts)
			}
		})
	}
}

// TestResyncIsThrottled: guessing pairs suspends the token, like guessing codes.
func TestResyncIsThrottled(t *testing.T) {
	d := newChecker(t)
	for range 5 {
		require.Equal(t, validator.ReasonWrong, d.resync(800, 900).Reason)
	}
	require.True(t, d.state.Suspended)
	require.Equal(t, validator.ReasonSuspended, d.resync(800, 801).Reason)
}

// TestResyncMalformed: malformed codes are treated as in Check.
func TestResyncMalformed(t *testing.T) {
	d := newChecker(t)
	for _, pair := range [][2]string{{"", ""}, {"755224", ""}, {"", "755224"}, {"755224 ", "287082"}} {
		got, state := validator.Resync(d.settings, d.token, d.state, at(0, 0), pair[0], pair[1])
		require.Equal(t, validator.ReasonMalformed, got.Reason)
		require.Equal(t, validator.State{}, state)
	}
	d.settings.CountMalformed = true
	_, state := validator.Resync(d.settings, d.token, d.state, at(0, 0), "", "")
	require.Equal(t, 1, state.FailedAttempts)
}

// TestResyncFirstSteps: the bank's clock is at the beginning of the token's.
func TestResyncFirstSteps(t *testing.T) {
	d := newChecker(t)
	got, state := validator.Resync(d.settings, d.token, d.state, at(1, 0), "755224", "287082")
	require.Equal(t, validator.Corrected, got.Answer)
	require.Equal(t, int64(2), state.Next)
}
