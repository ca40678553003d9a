// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q3. ワンタイムパスワードの入力が必要な取引
// 次の取引時に入力が必要となります。
// ・振込・振替(都度指定方式)
// ・諸納付受付サービス(Pay-easy)(税金・国庫金等を除く)
// ・管理業務(ユーザの追加・変更、トークンの失効)
// ・振込・振替先の管理(振込先口座情報登録)
// ・総合振込・給与(賞与)振込の承認、振込先口座情報登録、外部ファイル送信
func TestBK04Transactions(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token())
		for _, operation := range []string{
			"transfer",              // 振込・振替(都度指定方式)
			"pay-easy",              // 諸納付受付サービス(Pay-easy)
			"register-payee",        // 振込先口座情報登録
			"approve-bulk-transfer", // 総合振込の承認
			"approve-payroll",       // 給与(賞与)振込の承認
			"register-bulk-payee",   // 振込先口座情報登録
			"send-file",             // 外部ファイル送信
		} {
			suzuki.does(operation, "").isRefused()
			suzuki.does(operation, suzuki.code()).isDone()
			b.passes(time.Minute)
		}
		for _, operation := range []string{
			"pay-easy-tax", // 税金・国庫金等を除く
			"transfer-to-registered-payee", "balance", "history",
		} {
			suzuki.does(operation, "").isDone()
		}
	})
}

// TestBK04Administration: 管理業務(ユーザの追加・変更、トークンの失効).
func TestBK04Administration(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token())
		sato := c.plain("sato").with(c.token())

		tanaka := m{"id": "tanaka", "name": "田中", "password": password}
		add := func(code string, status int) said {
			s := said{t: t}
			tanaka["code"] = code
			b.ask(suzuki.loggedIn(), "POST", "/v1/users", tanaka, status, &s)
			return s
		}
		add("", 200).isRefused()
		add(suzuki.token.never(), 200).isRefused()
		b.ask(b.desk, "GET", "/v1/users/tanaka", nil, 404, nil)
		add(suzuki.code(), 201).isDone()
		b.passes(time.Minute)

		change := func(code string) said {
			s := said{t: t}
			b.ask(suzuki.loggedIn(), "PATCH", "/v1/users/tanaka", m{"name": "田中太郎", "code": code}, 200, &s)
			return s
		}
		change("").isRefused()
		change(suzuki.code()).isDone()
		b.passes(time.Minute)

		suzuki.revokes(sato.token, "").isRefused()
		suzuki.revokes(sato.token, suzuki.code()).isDone()
	})
}

// TestBK04List: the bank's own list of the operations that need a code.
func TestBK04List(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		var page struct {
			Items []struct {
				Name  string
				Needs bool `json:"needs_otp"`
				Words string
			}
		}
		b.ask(b.desk, "GET", "/v1/operations", nil, 200, &page)
		needs := map[string]string{}
		for _, o := range page.Items {
			if o.Needs && o.Words != "" {
				needs[o.Name] = o.Words
			}
		}
		require.Equal(t, map[string]string{
			"transfer":              "振込・振替(都度指定方式)",
			"pay-easy":              "諸納付受付サービス(Pay-easy)(税金・国庫金等を除く)",
			"add-user":              "管理業務(ユーザの追加・変更、トークンの失効)",
			"change-user":           "管理業務(ユーザの追加・変更、トークンの失効)",
			"revoke-token":          "管理業務(ユーザの追加・変更、トークンの失効)",
			"register-payee":        "振込・振替先の管理(振込先口座情報登録)",
			"approve-bulk-transfer": "総合振込・給与(賞与)振込の承認、振込先口座情報登録、外部ファイル送信",
			"approve-payroll":       "総合振込・給与(賞与)振込の承認、振込先口座情報登録、外部ファイル送信",
			"register-bulk-payee":   "総合振込・給与(賞与)振込の承認、振込先口座情報登録、外部ファイル送信",
			"send-file":             "総合振込・給与(賞与)振込の承認、振込先口座情報登録、外部ファイル送信",
		}, needs)
	})
}
