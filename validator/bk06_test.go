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
//
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
