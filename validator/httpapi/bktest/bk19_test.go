// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q11. ハードウェアトークンは、1契約につき1つ無料で配付しており、発行手数料および利用手数料
// は無料です。
// 注.ただし、再発行・追加発行する場合は、ハードウェアトークン1つ毎に2,200円(消費税込)の再
// 発行・追加発行手数料が必要となります。
func TestBK19Ledger(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki")
		first := c.applies("first")
		require.Equal(t, []any{0, "BK-19"}, []any{first.Fee, first.Rule})
		suzuki.with(b.sends(first))

		// 1契約につき1つ: a second application for a first token counts as additional.
		var second struct{ Order order }
		b.ask(b.desk, "POST", "/v1/orders", m{"contract": c.id, "cause": "first"}, 201, &second)
		require.Equal(t, "additional", second.Order.Cause)
		require.Equal(t, 2200, second.Order.Fee)

		require.Equal(t, 2200, c.applies("additional").Fee)
		lost := c.applies("loss", m{"old": suzuki.token.serial})
		require.Equal(t, 2200, lost.Fee)
		suzuki.with(b.sends(lost))
		require.Equal(t, 0, c.applies("fault", m{"old": suzuki.token.serial, "returned": true}).Fee)

		// Use is free: a hundred codes cost nothing.
		suzuki.with(b.sends(c.applies("additional")))
		for range 100 {
			suzuki.transfers(suzuki.code()).isDone()
			b.passes(time.Minute)
		}
		yen := 0
		for _, o := range c.orders() {
			yen += o.Fee
		}
		require.Equal(t, 4*2200, yen) // second, additional, loss, additional

		// The bank sends the replacement at expiry by itself. It cannot be applied for.
		s := said{t: t}
		b.ask(b.desk, "POST", "/v1/orders", m{"contract": c.id, "cause": "expiry"}, 200, &s)
		s.saysNo("no way", "BK-13", "not offered")

		// Each contract has its own free token.
		require.Equal(t, 0, b.contract().applies("first").Fee)
	})
}
