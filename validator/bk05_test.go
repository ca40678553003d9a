// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// Q4. ワンタイムパスワードの入力相違
// 不正利用防止のため、ワンタイムパスワードの入力を当行所定の回数誤ると、ワンタイムパス
// ワードの入力が無効となり、ワンタイムパスワードの入力が必要となる取引がご利用いただけ
// なくなります。

// TestBK05LockoutThreshold: the last failed attempt suspends the token, the one before
// it does not.
func TestBK05LockoutThreshold(t *testing.T) {
	for _, limit := range []int{1, 3, 5, 10} {
		d := newChecker(t)
		d.settings.LockoutThreshold = limit
		for range limit - 1 {
			require.True(t, d.enter(100, wrongCode).FailedAttempt, "the same wrong code counts each time")
		}
		require.False(t, d.state.Suspended)
		require.Equal(t, validator.Accepted, d.show(100, 100).Answer)
		require.Zero(t, d.state.FailedAttempts, "a correct code resets the count")

		for range limit {
			require.Equal(t, validator.ReasonWrong, d.enter(101, wrongCode).Reason)
		}
		require.True(t, d.state.Suspended)
		got := d.show(102, 102)
		require.Equal(t, validator.Decision{Reason: validator.ReasonSuspended, Rule: validator.BK05}, got)
	}
}

// TestBK05Unlocked: unlocking resets the count, but used codes stay used.
func TestBK05Unlocked(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.Accepted, d.show(100, 100).Answer)
	d.suspend(100)
	require.Equal(t, validator.ReasonSuspended, d.show(101, 101).Reason)
	d.state = d.state.Unlock()
	require.Equal(t, validator.ReasonReplayed, d.show(101, 100).Reason)
	require.Equal(t, validator.Accepted, d.show(101, 101).Answer, "refused while suspended, but not used up")
	for range 4 {
		d.enter(102, wrongCode)
	}
	require.False(t, d.state.Suspended)
}

// TestBK05FailedAttempts checks which entries are failed attempts, with each setting.
func TestBK05FailedAttempts(t *testing.T) {
	tests := []struct {
		name                string
		of                  string
		reason              validator.Reason
		wrong               bool
		replayed, malformed bool // counted if the setting is on
	}{
		{name: "wrong code", of: wrongCode, reason: validator.ReasonWrong, wrong: true},
		{name: "far behind", of: codeOf(t, 80), reason: validator.ReasonWrong, wrong: true},
		{name: "far ahead", of: codeOf(t, 120), reason: validator.ReasonWrong, wrong: true},
		{name: "used", of: codeOf(t, 99), reason: validator.ReasonReplayed, replayed: true},
		{name: "older than used", of: codeOf(t, 95), reason: validator.ReasonReplayed, replayed: true},
		{name: "in the look-ahead", of: codeOf(t, 105), reason: validator.ReasonNextCode},
		{name: "five digits", of: "75522", reason: validator.ReasonMalformed, malformed: true},
		{name: "empty", of: "", reason: validator.ReasonMalformed, malformed: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, on := range []bool{false, true} {
				d := newChecker(t)
				d.settings.CountReplayed, d.settings.CountMalformed = on, on
				require.Equal(t, validator.Accepted, d.show(99, 99).Answer)
				got := d.enter(100, tt.of)
				require.Equal(t, tt.reason, got.Reason)
				want := tt.wrong || on && (tt.replayed || tt.malformed)
				require.Equal(t, want, got.FailedAttempt)
				require.Equal(t, want, d.state.FailedAttempts == 1)
			}
		})
	}
}
