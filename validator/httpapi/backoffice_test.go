// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
)

// The whole life of a contract over HTTP. The test uses only the interface, except to
// move the clock.
func TestTokenLifecycle(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		s := newSite(t, d, httpapi.Options{})

		c := s.do(s.clerk, "POST", "/v1/contracts", m{"id": "c1", "name": "株式会社 例", "address": "東京都千代田区1-1", "email": "c1@example.com"}).is(201).json()
		require.Equal(t, "ja", c["language"])
		require.Equal(t, "2026-04-01T03:00:00Z", c["created"])
		s.do(s.clerk, "POST", "/v1/contracts", m{"id": "c1", "name": "x", "address": "x", "email": "c1@example.com"}).is(409)
		c = s.do(s.clerk, "PUT", "/v1/contracts/c1", m{"name": "Example, Inc.", "address": "Osaka", "email": "c1@example.com", "language": "en"}).is(200).json()
		require.Equal(t, "Example, Inc.", c["name"])
		require.Len(t, s.do(s.clerk, "GET", "/v1/contracts?find=Examp", nil).is(200).json()["items"], 1)
		s.do(s.clerk, "PUT", "/v1/contracts/none", m{"name": "x", "address": "x", "email": "c1@example.com"}).is(404)

		// Import tokens from a file, and issue one.
		in := s.send(s.clerk, "POST", "/v1/imports?format=oath-csv", "application/octet-stream", oathCSV(0, 1, 2, 3)).is(201).json()
		require.EqualValues(t, 4, in["tokens"])
		s.do(s.clerk, "POST", "/v1/contracts/c1/tokens", m{"serials": []string{"100000000000", "100000000001"}}).is(204)
		require.Len(t, s.do(s.clerk, "GET", "/v1/tokens?stock=true", nil).is(200).json()["items"], 2)
		require.Len(t, s.do(s.clerk, "GET", "/v1/tokens?contract=c1", nil).is(200).json()["items"], 2)
		first := s.do(s.clerk, "GET", "/v1/tokens?limit=3", nil).is(200).json()
		require.Len(t, first["items"], 3)
		require.Len(t, s.do(s.clerk, "GET", "/v1/tokens?limit=3&after="+first["next"].(string), nil).is(200).json()["items"], 1)

		// Users: the clerk adds the master, and the master adds the others with a code.
		u := m{"id": "alice", "contract": "c1", "role": "master", "name": "Alice", "password": banktest.Password}
		require.Equal(t, "master", s.do(s.clerk, "POST", "/v1/users", u).is(201).json()["user"].(m)["role"])
		alice := s.logIn("alice")
		A, B := banktest.Serial(0), banktest.Serial(1)
		act := s.do(alice, "POST", "/v1/tokens/"+A.String()+"/activation", m{"code": d.Code(A, 0)}).is(200)
		require.JSONEq(t, `{"done":true,"answer":"accepted"}`, act.text)
		d.Step(1)
		u = m{"id": "bob", "name": "Bob", "password": banktest.Password}
		for _, u["code"] = range []any{"", d.WrongCode(A)} {
			require.JSONEq(t, `{"done":false,"answer":"refused"}`, s.do(alice, "POST", "/v1/users", u).is(200).text)
		}
		s.do(s.clerk, "GET", "/v1/users/bob", nil).is(404)
		u["code"] = d.Code(A, 0)
		made := s.do(alice, "POST", "/v1/users", u).is(201).json()
		require.Equal(t, "c1", made["user"].(m)["contract"])
		d.Step(1)
		require.JSONEq(t, `{"done":false,"answer":"refused"}`, s.do(alice, "PATCH", "/v1/users/bob", m{"name": "Robert"}).is(200).text)
		changed := s.do(alice, "PATCH", "/v1/users/bob", m{"name": "Robert", "code": d.Code(A, 0)}).is(200).json()
		require.Equal(t, "Robert", changed["user"].(m)["name"])
		d.Step(1)
		bob := s.logIn("bob")
		require.JSONEq(t, `{"done":false,"way":"no way","rule":"BK-04","reason":"role"}`,
			s.do(bob, "POST", "/v1/users", m{"id": "eve", "name": "Eve", "password": banktest.Password, "code": "000000"}).is(200).text)

		// Bob registers the other token, and suspends it by wrong codes.
		s.do(bob, "POST", "/v1/tokens/"+B.String()+"/activation", m{"code": d.Code(B, 0)}).is(200)
		d.Step(1)
		for range 5 {
			r := s.do(bob, "POST", "/v1/transactions", m{"operation": "transfer", "code": d.WrongCode(B)}).is(200)
			require.JSONEq(t, `{"done":false,"answer":"refused"}`, r.text)
		}
		sus := s.do(bob, "GET", "/v1/tokens/"+B.String()+"/suspension", nil).is(200)
		require.JSONEq(t, `{"suspended":true,"way":"on screen","rule":"BK-08","you":"role"}`, sus.text)
		sus = s.do(s.clerk, "GET", "/v1/tokens/"+B.String()+"/suspension", nil).is(200)
		require.JSONEq(t, `{"suspended":true,"way":"on screen","rule":"BK-08"}`, sus.text)
		require.JSONEq(t, `{"done":false,"way":"no way","rule":"BK-08","reason":"role"}`,
			s.do(bob, "POST", "/v1/tokens/"+B.String()+"/suspension/lift", m{"code": d.Code(B, 0)}).is(200).text)
		require.Len(t, s.do(s.clerk, "GET", "/v1/tokens?suspended=true", nil).is(200).json()["items"], 1)
		require.JSONEq(t, `{"done":true,"answer":"accepted"}`,
			s.do(alice, "POST", "/v1/tokens/"+B.String()+"/suspension/lift", m{"code": d.Code(A, 0)}).is(200).text)
		require.JSONEq(t, `{"suspended":false}`, s.do(bob, "GET", "/v1/tokens/"+B.String()+"/suspension", nil).is(200).text)
		d.Step(1)

		// A transfer, and a transaction that needs no code.
		r := s.do(bob, "POST", "/v1/transactions", m{"operation": "transfer", "code": d.Code(B, 0), "details": m{"to": "りそな 123", "yen": "1000"}}).is(200).json()
		require.Equal(t, true, r["done"])
		require.NotEmpty(t, r["receipt"])
		transferred := time.Unix(int64(d.Clock.Now()), 0).UTC().Format(time.RFC3339)
		s.do(bob, "POST", "/v1/transactions", m{"operation": "balance"}).is(200)
		list := s.do(bob, "GET", "/v1/transactions", nil).is(200).json()["items"].([]any)
		require.Len(t, list, 2)
		require.Equal(t, "balance", list[0].(m)["operation"])
		require.Equal(t, "1000", list[1].(m)["details"].(m)["yen"])
		s.do(bob, "POST", "/v1/transactions", m{"operation": "add-user", "code": "123456"}).is(422)
		s.do(bob, "POST", "/v1/transactions", m{"operation": "transfer money"}).is(422)

		// A transaction for a user who has logged in to another system.
		d.Step(1)
		require.Equal(t, true, s.do(s.check, "POST", "/v1/transactions", m{"user": "bob", "operation": "pay-easy", "code": d.Code(B, 0)}).is(200).json()["done"])
		s.do(s.check, "POST", "/v1/transactions", m{"operation": "transfer", "code": "123456"}).is(422)

		// Resynchronise bob's token.
		pair := m{"first": d.Code(B, 100), "second": d.Code(B, 101)}
		r = s.do(bob, "POST", "/v1/tokens/"+B.String()+"/resync", pair).is(200).json()
		require.Equal(t, m{"done": false, "answer": "refused"}, r, "only a clerk can correct such a large drift")
		r = s.do(s.clerk, "POST", "/v1/tokens/"+B.String()+"/resync", pair).is(200).json()
		require.Equal(t, m{"done": true, "answer": "corrected"}, r)
		tok := s.do(s.clerk, "GET", "/v1/tokens/"+B.String(), nil).is(200).json()
		require.EqualValues(t, 101, tok["offset_steps"])
		require.NotContains(t, s.do(bob, "GET", "/v1/tokens/"+B.String(), nil).is(200).json(), "offset_steps", "a clerk's matter")

		// The status.
		st := s.do(alice, "GET", "/v1/status", nil).is(200).json()
		require.Equal(t, "in use", st["condition"])
		require.Len(t, st["users"], 2)
		require.Len(t, st["tokens"], 2)

		// Orders: software tokens are not offered. The fee and the dates follow the
		// rules.
		require.JSONEq(t, `{"done":false,"way":"no way","rule":"BK-09","reason":"not offered"}`,
			s.do(s.clerk, "POST", "/v1/orders", m{"contract": "c1", "cause": "additional", "kind": "software"}).is(200).text)
		o := s.do(s.clerk, "POST", "/v1/orders", m{"contract": "c1", "cause": "fault", "returned": true, "old": B.String()}).is(201).json()["order"].(m)
		require.Subset(t, o, m{
			"fee_yen": 0.0, "rule": "BK-10", "old": B.String(), "address": "Osaka", "applied": "2026-04-01", "from": "2026-04-08", "to": "2026-04-11",
		})
		s.do(s.clerk, "POST", "/v1/orders", m{"contract": "c1", "cause": "additional", "address": "elsewhere"}).is(422)
		id := o["id"].(string)
		require.Equal(t, "shipped", s.do(s.clerk, "POST", "/v1/orders/"+id+"/shipment", m{"serial": "100000000002"}).is(200).json()["status"])
		s.do(s.clerk, "POST", "/v1/orders/"+id+"/cancellation", nil).is(409)
		o = s.do(s.clerk, "POST", "/v1/orders", m{"contract": "c1", "cause": "additional", "kind": "hardware", "address": "Osaka"}).is(201).json()["order"].(m)
		require.EqualValues(t, 2200, o["fee_yen"])
		require.JSONEq(t, `{"done":false,"way":"no way","rule":"BK-13","reason":"not offered"}`,
			s.do(s.clerk, "POST", "/v1/orders", m{"contract": "c1", "cause": "expiry"}).is(200).text)
		require.Len(t, s.do(alice, "GET", "/v1/orders?open=true", nil).is(200).json()["items"], 1)
		require.Equal(t, "cancelled", s.do(s.clerk, "POST", "/v1/orders/"+o["id"].(string)+"/cancellation", nil).is(200).json()["status"])
		require.Equal(t, "broken", s.do(s.clerk, "GET", "/v1/tokens/"+B.String(), nil).is(200).json()["condition"])
		require.Equal(t, true, s.do(s.clerk, "POST", "/v1/tokens/"+B.String()+"/report", m{"condition": "in use"}).is(200).json()["done"])
		require.Equal(t, true, s.do(s.clerk, "POST", "/v1/tokens/"+B.String()+"/report", m{"condition": "lost"}).is(200).json()["done"])

		// Revocation on screen and on paper.
		d.Step(1)
		require.JSONEq(t, `{"done":true,"answer":"accepted"}`,
			s.do(alice, "POST", "/v1/tokens/"+B.String()+"/revocation", m{"code": d.Code(A, 0)}).is(200).text)
		v := s.do(alice, "POST", "/v1/tokens/"+A.String()+"/revocation", m{"code": "000000"}).is(200).json()
		require.Equal(t, false, v["done"])
		require.NotEmpty(t, v["rule"])
		require.JSONEq(t, `{"done":true}`, s.do(s.clerk, "POST", "/v1/tokens/"+A.String()+"/revocation", nil).is(200).text)
		require.Empty(t, s.do(s.clerk, "GET", "/v1/tokens/"+A.String(), nil).is(200).json()["users"])
		again := s.do(s.clerk, "POST", "/v1/tokens/"+A.String()+"/revocation", nil).is(200).json()
		require.Equal(t, []any{false, "no way", "revoked"}, []any{again["done"], again["way"], again["reason"]})

		// The password, and the end of a session.
		s.do(alice, "PUT", "/v1/password", m{"old": "wrong wrong wrong", "new": "another one of 12"}).is(422)
		s.do(alice, "PUT", "/v1/password", m{"old": banktest.Password, "new": "short"}).is(422)
		s.do(alice, "PUT", "/v1/password", m{"old": banktest.Password, "new": "another one of 12"}).is(204)
		s.do(alice, "GET", "/v1/status", nil).is(401)
		s.do("", "POST", "/v1/sessions", m{"user": "alice", "password": banktest.Password}).is(401)
		s.do(bob, "DELETE", "/v1/sessions/current", nil).is(204)
		s.do(bob, "GET", "/v1/sessions/current", nil).is(401)

		// The audit log is intact, and its verification confirms that.
		ver := s.do(s.audit, "POST", "/v1/audit/verification", nil).is(200).json()
		require.Equal(t, true, ver["whole"], ver)
		again = s.do(s.audit, "POST", "/v1/audit/verification", m{"since": ver["heads"]}).is(200).json()
		require.Equal(t, true, again["whole"], again)
		export := s.do(s.audit, "GET", "/v1/audit/export", nil).is(200)
		require.Equal(t, "application/x-ndjson", export.header.Get("Content-Type"))
		require.EqualValues(t, ver["records"], strings.Count(export.text, "\n"))
		require.NotContains(t, export.text, banktest.Password)
		log := s.do(s.audit, "GET", "/v1/audit?act=transfer&limit=2", nil).is(200).json()
		require.Len(t, log["items"], 2)
		require.Subset(t, log["items"].([]any)[0], m{
			"user": "bob", "contract": "c1", "act": "transfer", "serial": B.String(), "rule": "BK-01", "reason": "accepted",
			"done": true, "front": "http", "source": "127.0.0.1", "at": transferred,
		})
		for query, want := range map[string]m{
			"act=order&rule=BK-11":  {"contract": "c1", "note": "additional, fee 2200, order " + o["id"].(string)},
			"act=report&rule=BK-10": {"contract": "c1", "note": "lost", "serial": B.String()},
		} {
			rec := s.do(s.audit, "GET", "/v1/audit?limit=1&"+query, nil).is(200).json()["items"].([]any)[0].(m)
			require.Subset(t, rec, want)
			require.Equal(t, true, rec["done"])
			require.NotEmpty(t, rec["clerk"])
		}
		next := s.do(s.audit, "GET", "/v1/audit?act=transfer&limit=2&after="+log["next"].(string), nil).is(200).json()
		require.NotEqual(t, log["items"], next["items"])
		require.Empty(t, s.do(s.audit, "GET", "/v1/audit?from=2030-01-01T00:00:00Z", nil).is(200).json()["items"])
		s.do(s.audit, "GET", "/v1/audit?from=yesterday", nil).is(422)
	})
}

func TestKeysAndClerks(t *testing.T) {
	s := start(t)
	k := s.do(s.clerk, "POST", "/v1/keys", m{"role": "check", "name": "internet bank"}).is(201).json()
	secret := k["secret"].(string)
	s.do(secret, "POST", "/v1/check", m{"serial": "NO-SUCH", "code": "123456"}).is(200)
	all := s.do(s.clerk, "GET", "/v1/keys", nil).is(200)
	require.NotContains(t, all.text, secret)
	require.NotContains(t, all.text, "secret")
	s.do(s.clerk, "DELETE", "/v1/keys/"+k["id"].(string), nil).is(204)
	s.do(secret, "POST", "/v1/check", m{"serial": "NO-SUCH", "code": "123456"}).is(401)
	s.do(s.clerk, "DELETE", "/v1/keys/"+k["id"].(string), nil).is(404)
	s.do(s.clerk, "POST", "/v1/keys", m{"role": "root", "name": "x"}).is(422)

	s.do(s.clerk, "POST", "/v1/clerks", m{"id": "sato", "name": "佐藤", "password": banktest.Password}).is(204)
	s.do(s.clerk, "POST", "/v1/clerks", m{"id": "sato", "name": "佐藤", "password": banktest.Password}).is(409)
	sato := s.do("", "POST", "/v1/sessions", m{"clerk": "sato", "password": banktest.Password}).is(201).json()
	require.Equal(t, "2026-04-01T11:00:00Z", sato["ends"])
	me := s.do(sato["secret"].(string), "GET", "/v1/sessions/current", nil).is(200).json()
	require.Equal(t, "sato", me["clerk"])
	require.NotContains(t, me, "secret")
	s.do(sato["secret"].(string), "POST", "/v1/contracts", m{"id": "c9", "name": "x", "address": "x", "email": "c9@example.com"}).is(201)
	s.do(sato["secret"].(string), "GET", "/v1/status", nil).is(403)
	s.do(s.clerk, "GET", "/v1/sessions/current", nil).is(404)
	s.do(s.clerk, "DELETE", "/v1/sessions/current", nil).is(404)
	s.do(s.clerk, "PUT", "/v1/password", m{"old": "x", "new": "x"}).is(403)
	// A clerk's name is not a user's name.
	s.do("", "POST", "/v1/sessions", m{"user": "sato", "password": banktest.Password}).is(401)
	s.do("", "POST", "/v1/sessions", m{"user": "sato", "clerk": "sato", "password": banktest.Password}).is(422)
}

func TestLoginRefusalsAreEqual(t *testing.T) {
	s := start(t)
	s.alice()
	one := s.do("", "POST", "/v1/sessions", m{"user": "alice", "password": "wrong wrong wrong"}).is(401)
	two := s.do("", "POST", "/v1/sessions", m{"user": "nobody", "password": "wrong wrong wrong"}).is(401)
	one.header.Del("Date")
	two.header.Del("Date")
	require.Equal(t, one.text, two.text)
	require.Equal(t, one.header, two.header)
	require.Equal(t, `Bearer realm="bank"`, one.header.Get("WWW-Authenticate"))
	require.NotContains(t, one.text, "wrong wrong")
}

// TestOperations: an operation needs a code if Q3 names it. Without an accepted code,
// such an operation is refused; the others are possible even if the token is suspended.
func TestOperations(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		s := newSite(t, d, httpapi.Options{})
		_, alice := s.alice()
		serial := banktest.Serial(0)
		words := m{}
		for _, suspended := range []bool{false, true} {
			for _, item := range s.do(s.check, "GET", "/v1/operations", nil).is(200).json()["items"].([]any) {
				o := item.(m)
				needs := o["needs_otp"].(bool)
				if needs && o["words"] != nil {
					words[o["name"].(string)] = o["words"]
				}
				if o["name"] == "add-user" {
					require.Equal(t, "/v1/users", o["path"])
				}
				if o["path"] != "/v1/transactions" {
					continue
				}
				done := func(code string) any {
					return s.do(alice, "POST", "/v1/transactions", m{"operation": o["name"], "code": code}).is(200).json()["done"]
				}
				require.Equal(t, !needs, done(""), o["name"])
				if needs {
					require.Equal(t, !suspended, done(d.Code(serial, 0)), o["name"])
					d.Step(1)
				}
			}
			if !suspended {
				d.Suspend("alice", serial)
			}
		}
		const admin, approval = "管理業務(ユーザの追加・変更、トークンの失効)", "総合振込・給与(賞与)振込の承認、振込先口座情報登録、外部ファイル送信"
		require.Equal(t, m{
			"transfer": "振込・振替(都度指定方式)", "pay-easy": "諸納付受付サービス(Pay-easy)(税金・国庫金等を除く)",
			"add-user": admin, "change-user": admin, "revoke-token": admin,
			"register-payee":        "振込・振替先の管理(振込先口座情報登録)",
			"approve-bulk-transfer": approval, "approve-payroll": approval, "register-bulk-payee": approval, "send-file": approval,
		}, words)
	})
}

func TestSettings(t *testing.T) {
	s := start(t)
	set := s.do(s.audit, "GET", "/v1/settings", nil).is(200).json()
	require.EqualValues(t, 5, set["wrong_limit"])
	require.EqualValues(t, 2200, set["fee_yen"])
	require.Equal(t, "2026-04-01T03:00:00Z", set["now"])
}

// mailer accepts every mail.
type mailer struct{ got []bank.ExpiryMail }

func (m *mailer) SendExpiry(_ context.Context, mail bank.ExpiryMail) error {
	m.got = append(m.got, mail)
	return nil
}

func TestDailyJobAndNotices(t *testing.T) {
	banktest.Each(t, testDailyJobAndNotices)

	bare := start(t)
	bare.do(bare.clerk, "POST", "/v1/jobs/daily", nil).is(409)
}

func testDailyJobAndNotices(t *testing.T, d *banktest.Harness) {
	mail := &mailer{}
	s := newSite(t, d, httpapi.Options{Mailer: mail})
	serial, _ := s.alice()
	d.Clock.Set(1929970799) // 2031-02-27T14:59:59Z, a month before 2031-03-31 less a second in Japan
	require.EqualValues(t, 0, s.do(s.clerk, "POST", "/v1/jobs/daily", nil).is(200).json()["made"])
	d.Clock.Set(1929970800)
	r := s.do(s.clerk, "POST", "/v1/jobs/daily", nil).is(200).json()
	require.Equal(t, m{"made": 1.0, "sent": 1.0, "failed": 0.0, "later": 0.0, "doubtful": 0.0}, r)
	require.Len(t, mail.got, 1)
	got := mail.got[0]
	require.Equal(t, []any{serial, "c1@example.com", "2031-03-31", bank.Japanese}, []any{got.Serial.String(), got.To, got.Expiry.String(), got.Language})
	o := s.do(s.clerk, "GET", "/v1/orders?contract=c1", nil).is(200).json()["items"].([]any)
	require.Len(t, o, 1)
	require.Subset(t, o[0], m{"cause": "expiry", "old": serial, "fee_yen": 0.0, "address": "東京都千代田区丸の内1-1-1"})
	n := s.do(s.clerk, "GET", "/v1/notices?status=sent", nil).is(200).json()["items"].([]any)
	require.Len(t, n, 1)
	require.Equal(t, "2031-03-31", n[0].(m)["expiry"])
	require.Empty(t, s.do(s.clerk, "GET", "/v1/notices?status=doubtful", nil).is(200).json()["items"])
	s.do(s.clerk, "POST", "/v1/notices/"+n[0].(m)["id"].(string)+"/resend", nil).is(409)
	s.do(s.clerk, "POST", "/v1/notices/none/resend", nil).is(404)
}

// oathCSV returns a seed file with tokens of banktest.
func oathCSV(ns ...int) string {
	var b strings.Builder
	for _, n := range ns {
		_, _ = fmt.Fprintf(&b, "%s,%s,TOTP,6,60\n", banktest.Serial(n), banktest.SeedHex(n))
	}
	return b.String()
}
