// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q4. 【利用停止した場合の解除方法】
// (ハードウェアトークンが1つの場合)
// ・当行所定の書面によるお手続きが必要となります。
func TestBK07OneToken(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		only := c.token()
		suzuki, sato := c.master("suzuki").with(only), c.admin("sato").with(only)
		suzuki.entersWrong(5)

		way, rule := only.suspension()
		require.Equal(t, "on paper BK-07", way+" "+rule)
		suzuki.unlocks(only, suzuki.code()).saysNo("on paper", "BK-08", "own token")
		sato.unlocks(only, sato.code()).saysNo("on paper", "BK-08", "own token")
		require.True(t, only.state().Suspended)

		only.unlockedOnPaper().isDone()
		b.passes(time.Minute)
		suzuki.transfers(suzuki.code()).isDone()
		b.passes(time.Minute)
		sato.transfers(sato.code()).isDone()
	})
}

// TestBK07NoOtherWay: the suspension is not lifted by correct codes of the token, by
// resynchronising its clock, by time, or by registering it again.
func TestBK07NoOtherWay(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token())
		suzuki.entersWrong(5)

		suzuki.transfers(suzuki.code()).isRefused()
		s := said{t: t}
		codes := m{"first": suzuki.token.shows(-1), "second": suzuki.token.shows()}
		b.ask(suzuki.loggedIn(), "POST", "/v1/tokens/"+suzuki.token.serial+"/resync", codes, 200, &s)
		s.isRefused()
		suzuki.registers(suzuki.token).isRefused()
		b.passes(30 * 24 * time.Hour)
		suzuki.transfers(suzuki.code()).isRefused()
		require.True(t, suzuki.token.state().Suspended)
	})
}
