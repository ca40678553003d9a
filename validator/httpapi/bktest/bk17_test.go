// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Q10. 【ユーザが複数の場合】(複数ユーザが1つのハードウェアトークンを共有)
// 利用中 当行所定の書面により、届出が必要となります。 有効期限切れ トークンの故障・紛失
func TestBK17OneToken(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		for _, state := range []string{"in use", "expired", "broken", "lost"} {
			c := b.contract()
			suzuki, sato, tanaka := c.master("suzuki"), c.admin("sato"), c.plain("tanaka")
			shared := c.token(b.now.AddDate(0, 1, 0).Format("2006-01-02"))
			for _, u := range []*user{suzuki, sato, tanaka} {
				u.with(shared)
			}
			if state == "expired" {
				b.itIs(b.now.AddDate(0, 1, 1).Format("2006-01-02T15:04:05Z07:00"))
			} else {
				suzuki.becomes(state)
			}
			require.Equal(t, state, shared.state().Condition)
			for _, u := range []*user{suzuki, sato, tanaka} {
				u.revokes(shared, shared.shows()).saysNo("on paper", "BK-17", "paper only")
			}
			shared.revokedOnPaper().isDone()
			require.Equal(t, "revoked", shared.state().Condition)
			for _, u := range []*user{suzuki, sato, tanaka} {
				u.transfers(shared.shows()).isRefused()
			}
		}
	})
}
