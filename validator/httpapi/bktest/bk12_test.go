// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q8. ハードウェアトークンは、複数のユーザが、ワンタイムパスワード利用開始登録画面で同一
// シリアル番号を登録することによって共有することが可能です。
// なお、別契約となっているサービスのユーザ間では共有できません。
func TestBK12Sharing(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		shared := c.token()
		suzuki, sato, tanaka := c.master("suzuki").with(shared), c.admin("sato").with(shared), c.plain("tanaka").with(shared)
		require.ElementsMatch(t, []string{suzuki.name, sato.name, tanaka.name}, shared.state().Users)
		for _, u := range []*user{suzuki, sato, tanaka} {
			u.transfers(u.code()).isDone()
			b.passes(time.Minute)
		}

		// 別契約: the answer is the same as for a wrong code, and does not reveal the
		// token.
		other := b.contract()
		yamada := other.master("yamada")
		yamada.registers(shared).isRefused()
		b.ask(yamada.loggedIn(), "GET", "/v1/tokens/"+shared.serial, nil, 404, nil)
		require.Len(t, shared.state().Users, 3)

		// A token without a contract cannot be registered either.
		yamada.registers(b.stock()).isRefused()
		yamada.with(other.token())
		yamada.transfers(yamada.code()).isDone()
	})
}
