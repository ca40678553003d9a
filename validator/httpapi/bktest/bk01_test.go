// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Q1. ワンタイムパスワードとは?
// ワンタイムパスワード生成機(トークン)によって生成され、60秒毎に変更となる、一回限り
// 有効な使い捨てパスワードです。
//
// The codes were calculated with oathtool 2.6.7:
//
//	oathtool --totp -s 60s -N @1775012400 3132333435363738393031323334353637383930
func TestBK01EverySixtySeconds(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		token := &hardware{b, "2600124800001", []byte("12345678901234567890")}
		b.imports(token, "?contract="+c.id, back)
		suzuki := c.master("suzuki").with(token) // with the code of 12:00, 241714

		b.itIs("2026-04-01T12:00:59+09:00")
		suzuki.transfers("241714").isRefused() // already used for the registration
		b.itIs("2026-04-01T12:01:00+09:00")
		suzuki.transfers("598712").isDone()
		b.itIs("2026-04-01T12:02:59+09:00")
		suzuki.transfers("171039").isDone()
	})
}

// TestBK01NoOther: the bank rejects the seed file of a token with a period of 30
// seconds.
func TestBK01NoOther(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		token := b.newToken()
		file := string(pskc(t, token, back))
		half := strings.Replace(file, "<PlainValue>60</PlainValue>", "<PlainValue>30</PlainValue>", 1)
		require.NotEqual(t, file, half)
		b.send(b.desk, "POST", "/v1/imports", "application/octet-stream", []byte(half), 422, nil)
		b.ask(b.desk, "GET", "/v1/tokens/"+token.serial, nil, 404, nil)
		b.send(b.desk, "POST", "/v1/imports", "application/octet-stream", []byte(file), 201, nil)
	})
}
