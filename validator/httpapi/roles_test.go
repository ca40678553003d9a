// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
)

// who lists the callers that may use each operation: u user, c clerk (session or key),
// k check key, a audit key.
var who = []struct{ method, path, may string }{
	{"GET", "/v1/sessions/current", "u c"},
	{"DELETE", "/v1/sessions/current", "u c"},
	{"PUT", "/v1/password", "u c"},
	{"GET", "/v1/status", "u"},
	{"POST", "/v1/check", "k"},
	{"GET", "/v1/operations", "u c k a"},
	{"POST", "/v1/transactions", "u k"},
	{"GET", "/v1/transactions", "u c"},
	{"GET", "/v1/tokens", "u c"},
	{"GET", "/v1/tokens/{serial}", "u c"},
	{"POST", "/v1/tokens/{serial}/activation", "u"},
	{"POST", "/v1/tokens/{serial}/resync", "u c"},
	{"POST", "/v1/tokens/{serial}/revocation", "u c"},
	{"POST", "/v1/tokens/{serial}/report", "c"},
	{"GET", "/v1/tokens/{serial}/suspension", "u c"},
	{"POST", "/v1/tokens/{serial}/suspension/lift", "u c"},
	{"POST", "/v1/orders", "c"},
	{"GET", "/v1/orders", "u c"},
	{"POST", "/v1/orders/{order}/shipment", "c"},
	{"POST", "/v1/orders/{order}/cancellation", "c"},
	{"POST", "/v1/contracts", "c"},
	{"GET", "/v1/contracts", "c"},
	{"GET", "/v1/contracts/{contract}", "u c"},
	{"PUT", "/v1/contracts/{contract}", "c"},
	{"POST", "/v1/contracts/{contract}/tokens", "c"},
	{"POST", "/v1/users", "u c"},
	{"GET", "/v1/users", "u c"},
	{"GET", "/v1/users/{user}", "u c"},
	{"PATCH", "/v1/users/{user}", "u c"},
	{"POST", "/v1/imports", "c"},
	{"GET", "/v1/notices", "c"},
	{"POST", "/v1/notices/{notice}/resend", "c"},
	{"POST", "/v1/jobs/daily", "c"},
	{"GET", "/v1/audit", "c a"},
	{"POST", "/v1/audit/verification", "c a"},
	{"GET", "/v1/audit/export", "c a"},
	{"POST", "/v1/keys", "c"},
	{"GET", "/v1/keys", "c"},
	{"DELETE", "/v1/keys/{key}", "c"},
	{"POST", "/v1/clerks", "c"},
	{"GET", "/v1/settings", "c a"},
	{"GET", "/v1/clock", "c k"},
	{"POST", "/v1/clock", "c k"},
}

// The table has exactly the operations of the description. Callers without the right
// role get 403 and unauthenticated callers get 401, and the request has no effect.
func TestRolesAndOperations(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	s := newSite(t, d, httpapi.Options{TestMode: true, Clock: d.Clock})
	_, user := s.alice()
	before := auditCount(t, s)

	var spec struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.do("", "GET", "/openapi.json", nil).is(200).text), &spec))
	require.Equal(t, "3.1.0", spec.OpenAPI)
	described := map[string]bool{}
	for path, ops := range spec.Paths {
		for method := range ops {
			described[strings.ToUpper(method)+" "+path] = true
		}
	}
	require.True(t, described["POST /v1/sessions"])
	delete(described, "POST /v1/sessions")
	secrets := map[string]string{"u": user, "c": s.clerk, "k": s.check, "a": s.audit}
	for _, w := range who {
		name := w.method + " " + w.path
		require.True(t, described[name], "%s is not described", name)
		delete(described, name)
		path := strings.NewReplacer("{serial}", "100000000000", "{order}", "x", "{contract}", "c1", "{user}", "alice", "{notice}", "x", "{key}", "x").Replace(w.path)
		for role, secret := range secrets {
			if strings.Contains(w.may, role) {
				continue
			}
			r := s.do(secret, w.method, path, "{}")
			require.Equal(t, 403, r.status, "%s by %s: %s", name, role, r.text)
			require.Contains(t, r.text, "this operation requires")
		}
		for _, secret := range []string{"", "fobk_" + strings.Repeat("A", 43), "fobs_" + strings.Repeat("A", 43), "x", "' OR '1'='1"} {
			r := s.do(secret, w.method, path, "{}")
			require.Equal(t, 401, r.status, "%s by %q: %s", name, secret, r.text)
			require.True(t, strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer "))
		}
	}
	require.Empty(t, described, "operations missing in the table")
	require.Equal(t, before, auditCount(t, s), "no operation was performed")
}

func auditCount(t *testing.T, s *site) int {
	t.Helper()
	return strings.Count(s.do(s.audit, "GET", "/v1/audit/export", nil).is(200).text, "\n")
}

// The data of another contract is answered as not found.
func TestOtherContract(t *testing.T) {
	s := start(t)
	serial, alice := s.alice()
	s.Contract("c2")
	s.User("c2", "bob", validator.Master)
	bobs, stock := s.Issued("c2"), s.Inventory()
	s.Activate("bob", bobs)
	bob := s.logIn("bob")
	require.NotEqual(t, serial, bobs.String())

	for _, path := range []string{
		"/v1/tokens/" + bobs.String(), "/v1/tokens/" + bobs.String() + "/suspension", "/v1/contracts/c2", "/v1/users/bob",
		"/v1/users?contract=c2", "/v1/tokens?contract=c2", "/v1/orders?contract=c2", "/v1/transactions?contract=c2",
	} {
		r := s.do(alice, "GET", path, nil)
		require.Equal(t, 404, r.status, "%s: %s", path, r.text)
		require.Equal(t, 200, s.do(bob, "GET", path, nil).status, path)
	}
	require.Len(t, s.do(alice, "GET", "/v1/tokens", nil).is(200).json()["items"], 1)
	require.Len(t, s.do(alice, "GET", "/v1/users", nil).is(200).json()["items"], 1)

	// A token of another contract gets the same answer as an unknown token.
	for act, want := range map[string]string{
		"activation":      `{"done":false,"answer":"refused"}`,
		"revocation":      `{"done":false,"way":"no way","rule":"BK-12","reason":"unknown token"}`,
		"suspension/lift": `{"done":false,"way":"no way","rule":"BK-12","reason":"unknown token"}`,
	} {
		for path, other := range map[string]token.Serial{bobs.String(): bobs, stock.String(): stock, "NO-SUCH": bobs} {
			got := s.do(alice, "POST", "/v1/tokens/"+path+"/"+act, m{"code": s.Code(other, 0)}).is(200)
			require.Equal(t, want+"\n", got.text, "%s of %s", act, path)
		}
	}
	s.do(alice, "POST", "/v1/tokens/"+bobs.String()+"/resync", m{"first": "000000", "second": "000000"}).is(403)
	s.do(alice, "PATCH", "/v1/users/bob", m{"name": "x", "code": s.Code(banktest.Serial(0), 0)}).is(404)
	s.do(alice, "POST", "/v1/users", m{
		"id": "mallory", "contract": "c2", "name": "x", "password": banktest.Password, "code": s.Code(banktest.Serial(0), 0),
	}).is(404)
	s.do(alice, "POST", "/v1/transactions", m{"user": "bob", "operation": "balance"}).is(403)
	tok, err := s.Bank.Token(t.Context(), banktest.Clerk, bobs)
	require.NoError(t, err)
	require.Zero(t, tok.State.FailedAttempts, "no failed attempt is counted for another user's token")
}

var injections = []string{
	"' OR '1'='1", "'; DROP TABLE token; --", `"; DROP TABLE token; --`, "%", "_", `\`, "a\x00b", "{{.}}", "${7*7}",
	"<script>alert(1)</script>", "../../etc/passwd", "\r\nX-Injected: 1", "\u202e", "１２３４５６", "\U0001F600", strings.Repeat("あ", 30),
	"$1", "%s%n", "\u2028", "NULL", "0x41", "-1", "1e999",
}

// Text with special characters is stored as text. On both databases it causes no 500,
// and the tables still exist afterwards.
func TestInjections(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		s := newSite(t, d, httpapi.Options{})
		serial, alice := s.alice()
		for _, x := range injections {
			q := escape(x)
			bodies := []struct {
				secret, method, path string
				body                 any
			}{
				{s.check, "POST", "/v1/check", m{"serial": x, "code": "123456"}},
				{s.check, "POST", "/v1/check", m{"user": x, "code": "123456"}},
				{s.check, "POST", "/v1/check", m{"serial": "NO-SUCH", "code": x}},
				{s.check, "POST", "/v1/transactions", m{"user": x, "operation": "transfer", "code": "123456"}},
				{s.check, "POST", "/v1/transactions", m{"user": "alice", "operation": x}},
				{alice, "POST", "/v1/transactions", m{"operation": "balance", "details": m{x: x, "a": x}}},
				{"", "POST", "/v1/sessions", m{"user": x, "password": x}},
				{"", "POST", "/v1/sessions", m{"clerk": x, "password": x}},
				{s.clerk, "POST", "/v1/contracts", m{"id": x, "name": "x", "address": "x", "email": "a@example.com"}},
				{s.clerk, "PUT", "/v1/contracts/c1", m{"name": x, "address": x, "email": "a@example.com"}},
				{s.clerk, "PUT", "/v1/contracts/c1", m{"name": "x", "address": "x", "email": x}},
				{s.clerk, "PUT", "/v1/contracts/" + q, m{"name": "x", "address": "x", "email": "a@example.com"}},
				{s.clerk, "POST", "/v1/users", m{"id": x, "contract": "c1", "name": x, "password": banktest.Password}},
				{s.clerk, "POST", "/v1/users", m{"id": "u", "contract": x, "name": "x", "password": banktest.Password}},
				{s.clerk, "PATCH", "/v1/users/alice", m{"name": x}},
				{s.clerk, "PATCH", "/v1/users/" + q, m{"name": "x"}},
				{s.clerk, "POST", "/v1/orders", m{"contract": x, "cause": "additional"}},
				{s.clerk, "POST", "/v1/orders", m{"contract": "c1", "cause": "additional", "address": x}},
				{s.clerk, "POST", "/v1/orders", m{"contract": "c1", "cause": "loss", "old": x}},
				{s.clerk, "POST", "/v1/orders/" + q + "/shipment", m{"serial": "100000000000"}},
				{s.clerk, "POST", "/v1/orders/" + q + "/cancellation", nil},
				{s.clerk, "POST", "/v1/notices/" + q + "/resend", nil},
				{s.clerk, "POST", "/v1/keys", m{"role": x, "name": "x"}},
				{s.clerk, "POST", "/v1/keys", m{"role": "check", "name": x}},
				{s.clerk, "DELETE", "/v1/keys/" + q, nil},
				{s.clerk, "POST", "/v1/clerks", m{"id": x, "name": x, "password": banktest.Password}},
				{s.clerk, "POST", "/v1/contracts/c1/tokens", m{"serials": []string{x}}},
				{s.clerk, "POST", "/v1/contracts/" + q + "/tokens", m{"serials": []string{"100000000000"}}},
				{s.clerk, "POST", "/v1/audit/verification", m{"since": x}},
				{s.clerk, "POST", "/v1/imports?contract=" + q, "x"},
				{s.clerk, "POST", "/v1/imports?format=" + q, "x"},
				{alice, "POST", "/v1/tokens/" + q + "/activation", m{"code": "123456"}},
				{alice, "POST", "/v1/tokens/" + serial + "/resync", m{"first": x, "second": x}},
			}
			for _, path := range []string{
				"/v1/tokens/%s", "/v1/tokens/%s/suspension", "/v1/tokens?serial=%s", "/v1/tokens?contract=%s", "/v1/tokens?after=%s",
				"/v1/tokens?limit=%s", "/v1/contracts/%s", "/v1/contracts?find=%s", "/v1/contracts?after=%s", "/v1/users/%s",
				"/v1/users?contract=%s", "/v1/users?after=%s", "/v1/orders?after=%s", "/v1/orders?contract=%s", "/v1/notices?after=%s",
				"/v1/notices?status=%s", "/v1/audit?user=%s", "/v1/audit?clerk=%s", "/v1/audit?contract=%s", "/v1/audit?serial=%s",
				"/v1/audit?act=%s", "/v1/audit?rule=%s", "/v1/audit?after=%s", "/v1/audit?from=%s", "/v1/transactions?after=%s",
				"/v1/transactions?contract=%s", "/v1/nothing?%s",
			} {
				bodies = append(bodies, struct {
					secret, method, path string
					body                 any
				}{s.clerk, "GET", fmt.Sprintf(path, q), nil})
			}
			for _, b := range bodies {
				r := s.do(b.secret, b.method, b.path, b.body)
				if r.status >= 500 {
					t.Errorf("%s %s %v: %s, %v", b.method, b.path, b.body, r.text, s.lastFault())
				}
				require.Empty(t, r.header.Get("X-Injected"))
			}
		}
		tok := s.do(s.clerk, "GET", "/v1/tokens/"+serial, nil).is(200).json()
		require.Equal(t, []any{"alice"}, tok["users"])
		require.Equal(t, true, s.do(s.clerk, "POST", "/v1/audit/verification", "{}").is(200).json()["whole"])
	})
}

// escape escapes every byte, for use in a path or query.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		_, _ = fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
