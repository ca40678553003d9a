// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q9. トークンの有効期限
// ハードウェアトークン裏面に記載しています。
func TestBK14ToTheSecond(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token("2031-03-31"))
		require.Equal(t, "2031-03-31", suzuki.token.state().Expiry)

		b.itIs("2031-03-31T23:58:00+09:00")
		suzuki.transfers(suzuki.code()).isDone()
		b.itIs("2031-03-31T23:59:59+09:00")
		last := suzuki.code()
		suzuki.transfers(last).isDone()

		b.itIs("2031-04-01T00:00:00+09:00")
		suzuki.transfers(suzuki.code()).isRefused() // although the token still shows codes
		require.Equal(t, "expired", suzuki.token.state().Condition)
		b.passes(time.Minute)
		b.checks(suzuki.token, suzuki.code()).isRefused()
		suzuki.does("balance", "").isDone()

		// It can no longer be registered.
		c.plain("sato").registers(suzuki.token).isRefused()
	})
}

// TestBK14UnusedCode: an unused code of the last minute is refused after the expiry.
func TestBK14UnusedCode(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token("2031-03-31"))
		b.itIs("2031-03-31T14:59:59Z")
		unused := suzuki.code()
		b.itIs("2031-03-31T15:00:00Z")
		suzuki.transfers(unused).isRefused()
	})
}
