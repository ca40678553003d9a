// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// Q4. なお、ハードウェアトークンを複数のユーザで共有している場合は、同一ハードウェア
// トークンを利用している全てのユーザについてワンタイムパスワードの入力が無効となりますの
// でご注意ください。

// TestBK06Shared: the failed attempts of two users count together and also suspend the
// token for a third.
func TestBK06Shared(t *testing.T) {
	d := newDesk(t) // the state belongs to the token; no user is named
	for range 2 {   // Alice
		d.enter(100, wrongCode)
	}
	for range 3 { // Bob
		d.enter(101, wrongCode)
	}
	require.Equal(t, validator.ReasonSuspended, d.show(102, 102).Reason, "Carol, with the right code")
}

// TestBK06OtherToken: other tokens are not affected.
func TestBK06OtherToken(t *testing.T) {
	one, two := newDesk(t), newDesk(t)
	one.suspend(100)
	require.Equal(t, validator.Accepted, two.show(100, 100).Answer)
}

// TestBK06SameMinute: if two users enter the same code of their shared token within a
// minute, the second is refused (BK-02), but the token is not suspended.
func TestBK06SameMinute(t *testing.T) {
	d := newDesk(t)
	for step := int64(100); step < 110; step++ {
		require.Equal(t, validator.Accepted, d.show(step, step).Answer)
		require.Equal(t, validator.ReasonReplayed, d.show(step, step).Reason)
	}
	require.False(t, d.state.Suspended)
}

// TestBK06Operations: no user who shares the token can do an operation that needs a
// code.
func TestBK06Operations(t *testing.T) {
	master, admin, user := contract(t)
	s := validator.DefaultSettings()
	admin.Suspended, user.Suspended = true, true // they share FOB-2
	for _, op := range validator.Operations() {
		if op == validator.OpActivate {
			continue
		}
		needs := validator.NeedsOTP(s, op)
		require.Equal(t, needs, validator.MayDo(s, admin, op).Way == validator.NoWay, op)
		require.Equal(t, needs, validator.MayDo(s, user, op).Way == validator.NoWay, op)
		require.Equal(t, validator.OnScreen, validator.MayDo(s, master, op).Way, op)
	}
}
