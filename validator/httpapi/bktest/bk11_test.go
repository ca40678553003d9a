// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Q7. ハードウェアトークン追加発行・再発行依頼書をご提出いただくほか、ハードウェアトークン
// 1つ毎に2,200円(消費税込)の追加発行手数料が必要となります。
// なお、追加のお申込みをいただいたハードウェアトークンは、お申込みから7日〜10日前後で事前
// にお届けいただいている…ご契約者のお届け住所宛に郵送します。ハードウェアトークンの郵送先
// を個別でご指定いただくことはできません。
func TestBK11Additional(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token())
		sato := c.plain("sato")

		for range 2 { // 1つ毎に
			o := c.applies("additional")
			require.Equal(t, 2200, o.Fee)
			require.Equal(t, "BK-11", o.Rule)
			require.Equal(t, "2026-04-01", o.Applied)
			require.Equal(t, []string{"2026-04-08", "2026-04-11"}, []string{o.From, o.To})
			require.Equal(t, address, o.Address)
			sato.with(b.sends(o))
			sato.transfers(sato.code()).isDone()
		}

		// 郵送先を個別でご指定いただくことはできません。
		b.ask(b.desk, "POST", "/v1/orders", m{"contract": c.id, "cause": "additional", "address": "大阪市北区梅田1-1"}, 422, nil)
		b.ask(suzuki.loggedIn(), "POST", "/v1/orders", m{"contract": c.id, "cause": "additional"}, 403, nil)
		require.Len(t, c.orders(), 2)

		// The date is the date in Japan: an application at 00:30 counts for the 2nd.
		b.itIs("2026-04-01T15:30:00Z")
		o := c.applies("additional", m{"address": address})
		require.Equal(t, []string{"2026-04-02", "2026-04-09", "2026-04-12"}, []string{o.Applied, o.From, o.To})
	})
}
