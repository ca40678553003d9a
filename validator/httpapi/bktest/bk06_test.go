// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q4. なお、ハードウェアトークンを複数のユーザで共有している場合は、同一ハードウェア
// トークンを利用している全てのユーザについてワンタイムパスワードの入力が無効となりますの
// でご注意ください。
func TestBK06AllWhoShare(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		shared := c.token()
		suzuki, sato, tanaka := c.master("suzuki").with(shared), c.admin("sato").with(shared), c.plain("tanaka").with(shared)
		kato := c.plain("kato").with(c.token()) // has a token of their own

		suzuki.entersWrong(2)
		sato.entersWrong(3)
		for _, u := range []*user{suzuki, sato, tanaka} {
			u.transfers(u.code()).isRefused()
			b.passes(time.Minute)
			var page struct{ Suspended bool }
			b.ask(u.loggedIn(), "GET", "/v1/status", nil, 200, &page)
			require.True(t, page.Suspended, "the page of %s", u.name)
		}
		kato.transfers(kato.code()).isDone()
	})
}
