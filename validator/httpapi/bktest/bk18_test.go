// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q10. (複数ユーザが別のハードウェアトークンを利用している場合)
// 利用中 マスターユーザおよび管理者ユーザは、自らが利用しているハードウェアトークンと異なる
// ハードウェアトークンの失効を行うことが可能です。 有効期限切れ 当行所定の書面により、届出
// が必要となります。 トークンの故障・紛失
func TestBK18SeparateTokens(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		for _, tt := range []struct {
			own      string // 自ら使用しているハードウェアトークン
			onScreen bool
		}{
			{"in use", true},   // 利用中
			{"expired", false}, // 有効期限切れ
			{"broken", false},  // トークンの故障
			{"lost", false},    // 紛失
		} {
			for _, role := range []string{"master", "admin"} {
				c := b.contract()
				suzuki, sato := c.master("suzuki").with(c.token("2036-03-31")), c.admin("sato").with(c.token("2036-03-31"))
				tanaka := c.plain("tanaka").with(c.token("2036-03-31"))
				actor, colleague := suzuki, sato
				if role == "admin" {
					actor, colleague = sato, suzuki
				}
				actor.becomes(tt.own)
				for _, other := range []*user{tanaka, colleague} {
					if !tt.onScreen {
						actor.revokes(other.token, actor.code()).saysNo("on paper", "BK-15", "own token out of use")
						other.token.revokedOnPaper().isDone()
					} else {
						actor.revokes(other.token, other.code()).isRefused() // the code must come from the actor's own token
						actor.revokes(other.token, actor.code()).isDone()
						b.passes(time.Minute)
					}
					require.Equal(t, "revoked", other.token.state().Condition)
					other.transfers(other.code()).isRefused()
					other.with(c.token("2036-03-31")) // a new token
					other.transfers(other.code()).isDone()
				}
			}
		}
	})
}

// TestBK18OwnAndOthers: users cannot revoke their own token or a token of another
// contract. A plain user cannot revoke any token.
func TestBK18OwnAndOthers(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		shared := c.token()
		suzuki := c.master("suzuki").with(c.token())
		sato, mori := c.admin("sato").with(shared), c.admin("mori").with(shared)
		tanaka := c.plain("tanaka").with(c.token())

		suzuki.revokes(suzuki.token, suzuki.code()).saysNo("no way", "BK-18", "own token")
		sato.revokes(shared, sato.code()).saysNo("no way", "BK-18", "own token")
		mori.revokes(shared, mori.code()).saysNo("no way", "BK-18", "own token")
		for _, f := range []*hardware{suzuki.token, shared, tanaka.token} {
			tanaka.revokes(f, tanaka.code()).saysNo("no way", "BK-18", "role")
		}
		other := b.contract()
		yamada := other.master("yamada").with(other.token())
		other.plain("ueda").with(other.token())
		yamada.revokes(tanaka.token, yamada.code()).saysNo("no way", "BK-12", "unknown token")

		for _, u := range []*user{suzuki, sato, tanaka} {
			b.passes(time.Minute)
			u.transfers(u.code()).isDone()
		}
		// The master can revoke the token that the two admins share.
		b.passes(time.Minute)
		suzuki.revokes(shared, suzuki.code()).isDone()
		sato.transfers(shared.shows()).isRefused()
		mori.transfers(shared.shows()).isRefused()
	})
}
