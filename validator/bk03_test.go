// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q2. ワンタイムパスワードは60秒毎に変更となるほか、一回限り有効であるため、盗み見や
// フィッシングによって万が一、第三者に知られた場合でも、成りすましの被害を防止すること
// ができます。

// TestBK03Window enters the code of a token whose clock is off, at a bank that has no
// estimate of it.
func TestBK03Window(t *testing.T) {
	for off := int64(-15); off <= 15; off++ {
		d := newChecker(t)
		got := d.show(100, 100+off)
		switch {
		case off >= -1 && off <= 1:
			require.Equal(t, validator.Accepted, got.Answer, off)
			require.Equal(t, 100+off, got.Step)
			require.Equal(t, off, d.state.Drift.Offset)
		case off >= -10 && off <= 10:
			require.Equal(t, validator.NextCode, got.Answer, off)
			require.Zero(t, d.state.FailedAttempts, "the token's own code is not a failed attempt")
		default:
			require.Equal(t, validator.ReasonWrong, got.Reason, off)
			require.Equal(t, 1, d.state.FailedAttempts)
		}
	}
}

// TestBK03Boundary enters a code in the last second of its minute, in the first of the
// next, and around the last second in which it is accepted.
func TestBK03Boundary(t *testing.T) {
	for second, want := range map[token.UnixSeconds]validator.Answer{
		59: validator.Accepted, 60: validator.Accepted, 119: validator.Accepted, 120: validator.NextCode,
	} {
		d := newChecker(t)
		require.Equal(t, want, d.enterAt(at(100, second), codeOf(t, 100)).Answer, "%d s", second)
	}
}

// TestBK03EarlyCodeStaysValid enters a code before its time, and again when its time
// has come.
func TestBK03EarlyCodeStaysValid(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.Refused, d.show(100, 115).Answer)
	require.Equal(t, validator.NextCode, d.show(112, 115).Answer)
	require.Equal(t, validator.Accepted, d.show(115, 115).Answer)
}

// TestBK03SecondCode corrects a clock with two consecutive codes. Neither logs in, but
// the code after them does.
func TestBK03SecondCode(t *testing.T) {
	for _, off := range []int64{-10, -5, -2, 2, 5, 10} {
		d := newChecker(t)
		d.enter(100, wrongCode)
		require.Equal(t, validator.NextCode, d.show(100, 100+off).Answer)
		got := d.show(101, 101+off)
		require.Equal(t, validator.Corrected, got.Answer, off)
		require.Equal(t, 1, d.state.FailedAttempts, "a correction does not reset the count")
		require.Equal(t, off, d.state.Drift.Offset)

		require.Equal(t, validator.ReasonReplayed, d.show(101, 100+off).Reason)
		require.Equal(t, validator.ReasonReplayed, d.show(101, 101+off).Reason)
		require.Equal(t, validator.Accepted, d.show(102, 102+off).Answer, "the next code")
	}
}

// TestBK03NotASecondCode enters various codes after Check has requested the next one.
func TestBK03NotASecondCode(t *testing.T) {
	tests := []struct {
		name   string
		step   int64 // the current step at the time of entry
		of     int64
		answer validator.Answer
		reason validator.Reason
	}{
		{"the same code again", 101, 105, validator.NextCode, validator.ReasonNextCode},
		{"one code skipped", 102, 107, validator.NextCode, validator.ReasonNextCode},
		{"the previous code", 101, 104, validator.NextCode, validator.ReasonNextCode},
		{"the next code, at the same instant", 100, 106, validator.NextCode, validator.ReasonNextCode},
		{"the next code, a step late", 102, 106, validator.Corrected, validator.ReasonCorrected},
		{"the next code, two steps late", 103, 106, validator.NextCode, validator.ReasonNextCode},
		{"the current code", 101, 101, validator.Accepted, validator.ReasonAccepted},
		{"a code far outside the window", 101, 130, validator.Refused, validator.ReasonWrong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newChecker(t)
			require.Equal(t, validator.NextCode, d.show(100, 105).Answer)
			got := d.show(tt.step, tt.of)
			require.Equal(t, tt.answer, got.Answer)
			require.Equal(t, tt.reason, got.Reason)
		})
	}
}

// TestBK03WrongCodeResetsPair: after a failed attempt, the second code alone is not
// enough.
func TestBK03WrongCodeResetsPair(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.NextCode, d.show(100, 105).Answer)
	require.Equal(t, validator.ReasonWrong, d.enter(100, wrongCode).Reason)
	require.Equal(t, validator.NextCode, d.show(101, 106).Answer)
	require.Equal(t, validator.Corrected, d.show(102, 107).Answer)
}

// TestBK03NoLookAhead: without a look-ahead, every code outside the window is wrong.
func TestBK03NoLookAhead(t *testing.T) {
	d := newChecker(t)
	d.settings.LookAhead = 0
	require.Equal(t, validator.ReasonWrong, d.show(100, 102).Reason)
	require.Equal(t, validator.Accepted, d.show(100, 101).Answer)
}
