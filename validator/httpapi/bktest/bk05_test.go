// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q4. ワンタイムパスワードの入力相違
// 不正利用防止のため、ワンタイムパスワードの入力を当行所定の回数誤ると、ワンタイムパス
// ワードの入力が無効となり、ワンタイムパスワードの入力が必要となる取引がご利用いただけ
// なくなります。
//
// The bank chooses the number. Here it is 5.
func TestBK05FiveWrong(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token())

		suzuki.entersWrong(4)
		require.False(t, suzuki.token.state().Suspended)
		suzuki.transfers(suzuki.code()).isDone()
		b.passes(time.Minute)

		suzuki.entersWrong(4) // in a row: the success has reset the count
		require.False(t, suzuki.token.state().Suspended)
		suzuki.entersWrong(1)
		require.True(t, suzuki.token.state().Suspended)

		for _, operation := range []string{
			"transfer", "pay-easy", "register-payee", "approve-bulk-transfer", "approve-payroll", "register-bulk-payee", "send-file",
		} {
			suzuki.does(operation, suzuki.code()).isRefused()
			b.passes(time.Minute)
		}
		suzuki.does("balance", "").isDone()

		// Time alone does not end the suspension.
		b.passes(365 * 24 * time.Hour)
		suzuki.transfers(suzuki.code()).isRefused()
		b.restarts()
		suzuki.transfers(suzuki.code()).isRefused()
	})
}
