// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Q5. トークンとは、ワンタイムパスワードを生成する機器等をいい、ハードウェアトークン
// (専用機器)とソフトウェアトークン(専用アプリ)があります。当行の法人・個人事業者向け
// インターネットバンキングでは、ハードウェアトークンを提供しています。
func TestBK09Hardware(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		s := said{t: t}
		b.ask(b.desk, "POST", "/v1/orders", m{"contract": c.id, "cause": "first", "kind": "software"}, 200, &s)
		s.saysNo("no way", "BK-09", "not offered")
		require.Empty(t, c.orders())

		first := b.sends(c.applies("first", m{"kind": "hardware"}))
		suzuki := c.master("suzuki").with(first)
		suzuki.transfers(suzuki.code()).isDone()
	})
}
