// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q4. (別のハードウェアトークンを利用しているマスターユーザ/管理者ユーザがいる場合)
// ・別のハードウェアトークンを利用しているマスターユーザまたは管理者ユーザが、操作画面上
// の「ワンタイムパスワードの利用停止解除」の操作を行うことにより、解除することが可能です。
func TestBK08WhoUnlocks(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		shared := c.token()
		suzuki := c.master("suzuki").with(c.token())
		sato := c.admin("sato").with(shared)
		tanaka := c.plain("tanaka").with(shared)
		kato := c.plain("kato").with(c.token())
		mori := c.admin("mori").with(c.token())
		ito := c.admin("ito") // has registered no token

		for _, unlocking := range []*user{suzuki, mori} {
			tanaka.entersWrong(5)
			way, rule := shared.suspension()
			require.Equal(t, "on screen BK-08", way+" "+rule)

			sato.unlocks(shared, sato.code()).saysNo("no way", "BK-08", "own token")
			tanaka.unlocks(shared, tanaka.code()).saysNo("no way", "BK-08", "role")
			kato.unlocks(shared, kato.code()).saysNo("no way", "BK-08", "role")
			ito.unlocks(shared, shared.shows()).saysNo("no way", "BK-08", "no token")
			unlocking.unlocks(shared, "").isRefused()
			unlocking.unlocks(shared, shared.shows()).isRefused()
			require.True(t, shared.state().Suspended)

			unlocking.unlocks(shared, unlocking.code()).isDone()
			b.passes(time.Minute)
			tanaka.transfers(tanaka.code()).isDone()
			b.passes(time.Minute)
			sato.transfers(sato.code()).isDone()
			b.passes(time.Minute)
		}

		// The master's own token can be unlocked by an admin who uses another token.
		suzuki.entersWrong(5)
		suzuki.unlocks(suzuki.token, suzuki.code()).saysNo("no way", "BK-08", "own token")
		mori.unlocks(suzuki.token, mori.code()).isDone()

		// Users of another contract cannot unlock it.
		stranger := b.contract()
		yamada := stranger.master("yamada").with(stranger.token())
		tanaka.entersWrong(5)
		yamada.unlocks(shared, yamada.code()).saysNo("no way", "BK-12", "unknown token")
	})
}
