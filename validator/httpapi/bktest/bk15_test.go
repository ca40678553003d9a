// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q10. マスターユーザおよび管理者ユーザは、自ら使用しているハードウェアトークンの有効期限
// 切れ・故障・紛失状態において、失効や利用停止の解除を行うことはできません。
func TestBK15OwnTokenOutOfUse(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		for _, role := range []string{"master", "admin"} {
			for _, state := range []string{"expired", "broken", "lost"} {
				c := b.contract()
				suzuki := c.master("suzuki").with(c.token("2036-03-31"))
				actor := suzuki
				if role == "admin" {
					actor = c.admin("sato").with(c.token("2036-03-31"))
				}
				tanaka := c.plain("tanaka").with(c.token("2036-03-31"))
				kato := c.plain("kato").with(c.token("2036-03-31"))
				tanaka.entersWrong(5)

				actor.becomes(state)
				unlock, revoke := actor.unlocks(tanaka.token, actor.code()), actor.revokes(kato.token, actor.code())
				way := "no way" // the master, whose own token is in use, can do it
				if role == "master" {
					way = "on paper" // there is no other master or admin
				}
				unlock.saysNo(way, "BK-15", "own token out of use")
				revoke.saysNo("on paper", "BK-15", "own token out of use")
				require.True(t, tanaka.token.state().Suspended)
				require.Equal(t, "in use", kato.token.state().Condition)
				b.passes(time.Minute)
				kato.transfers(kato.code()).isDone()
			}
		}
	})
}

// becomes puts a user's own token into one of the states of Q10's table.
func (u *user) becomes(state string) {
	u.t.Helper()
	switch state {
	case "expired":
		now := u.now
		old := u.contract.token(now.AddDate(0, 1, 0).Format(time.DateOnly))
		u.with(old)
		u.itIs(now.AddDate(0, 1, 1).Format(time.RFC3339))
	case "in use":
	default:
		u.token.is(state)
	}
	require.Equal(u.t, state, u.token.state().Condition)
}
