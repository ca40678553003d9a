// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Q10. 【ユーザが1名のみの場合】 利用中 当行所定の書面により、届出が必要となります。
// 有効期限切れ トークンの故障・紛失
func TestBK16OneUser(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		for _, state := range []string{"in use", "expired", "broken", "lost"} {
			c := b.contract()
			suzuki := c.master("suzuki").with(c.token("2036-03-31"))
			suzuki.becomes(state)
			own := suzuki.token
			suzuki.revokes(own, suzuki.code()).saysNo("on paper", "BK-16", "paper only")
			require.Equal(t, state, own.state().Condition)

			// A token that the user does not use cannot be revoked on screen either.
			suzuki.revokes(c.token("2036-03-31"), suzuki.code()).saysNo("on paper", "BK-16", "paper only")

			own.revokedOnPaper().isDone()
			require.Equal(t, "revoked", own.state().Condition)
			require.Empty(t, own.state().Users)
			suzuki.transfers(own.shows()).isRefused()
			own.revokedOnPaper().saysNo("no way", "BK-16", "revoked")
		}
	})
}
