// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q6. すみやかにお取引店にご連絡のうえ、当行所定の書面により再発行の届出をいただくようお
// 願いします。その際、再発行するハードウェアトークン1つにつき、2,200円(消費税込)の再発行
// 手数料が必要となります。なお、再発行の理由が機器の故障によるもので、故障したハードウェア
// トークンをご返却いただける場合は、再発行手数料は不要です。
func TestBK10Reissue(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		for _, tt := range []struct {
			cause    string
			returned bool
			yen      int
			becomes  string
		}{
			{"loss", false, 2200, "lost"},
			{"theft", false, 2200, "lost"},
			{"fault", false, 2200, "broken"},
			{"fault", true, 0, "broken"},
			{"damage", true, 2200, "broken"},
		} {
			c := b.contract()
			suzuki := c.master("suzuki").with(c.token())
			old := suzuki.token
			o := c.applies(tt.cause, m{"old": old.serial, "returned": tt.returned})
			require.Equal(t, tt.yen, o.Fee, "%s, returned %v", tt.cause, tt.returned)
			require.Equal(t, "BK-10", o.Rule)
			require.Equal(t, old.serial, o.Old)

			// As soon as the application arrives, the old token is useless to its
			// holder.
			require.Equal(t, tt.becomes, old.state().Condition)
			suzuki.transfers(old.shows()).isRefused()

			suzuki.with(b.sends(o))
			suzuki.transfers(suzuki.code()).isDone()
			b.passes(time.Minute)
			b.checks(old, old.shows()).isRefused()
		}
	})
}

// TestBK10OnPaper: a user cannot apply on screen.
func TestBK10OnPaper(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token())
		form := m{"contract": c.id, "cause": "loss", "old": suzuki.token.serial}
		b.ask(suzuki.loggedIn(), "POST", "/v1/orders", form, 403, nil)
		b.ask(suzuki.loggedIn(), "POST", "/v1/tokens/"+suzuki.token.serial+"/report", m{"condition": "lost"}, 403, nil)
		require.Empty(t, c.orders())
		suzuki.transfers(suzuki.code()).isDone()
	})
}
