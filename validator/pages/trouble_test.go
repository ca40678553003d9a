// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// ownCodePages are the pages that ask for a code of the user's own token.
var ownCodePages = []string{
	"/operations/transfer", "/operations/transfer/confirm", "/operations/pay-easy", "/operations/register-payee",
	"/operations/approve-bulk-transfer", "/operations/send-file", "/token/resync", "/users/add", "/users/change/bob",
}

// TestOwnTokenUnusable: if the user's own token cannot be used, the home page shows
// the reason. No page asks for its code; each redirects to a page that explains the
// remedy. (Q4, Q6, Q9, Q10)
func TestOwnTokenUnusable(t *testing.T) {
	for _, c := range []struct {
		trouble trouble
		page    string
		happen  func(t *testing.T, s *site)
	}{
		{notRegistered, "/token/unusable", nil},
		{suspended, "/suspended", func(t *testing.T, s *site) { s.Suspend("alice", s.shared) }},
		{expired, "/token/unusable", func(t *testing.T, s *site) {
			for !validator.HasExpired(banktest.Expires, s.Clock.Now()) {
				s.Clock.Advance(30 * 24 * 3600)
			}
		}},
		{broken, "/token/unusable", func(t *testing.T, s *site) {
			_, err := s.Bank.Report(t.Context(), banktest.Clerk, s.shared, validator.Broken)
			require.NoError(t, err)
		}},
		{lost, "/token/unusable", func(t *testing.T, s *site) {
			_, err := s.Bank.Report(t.Context(), banktest.Clerk, s.shared, validator.Lost)
			require.NoError(t, err)
		}},
		{revoked, "/token/unusable", func(t *testing.T, s *site) {
			out, err := s.Bank.Revoke(t.Context(), banktest.Clerk, s.shared, "")
			require.NoError(t, err)
			require.True(t, out.Done)
		}},
	} {
		t.Run(string(c.trouble), func(t *testing.T) {
			s := newSite(t, Options{}, false)
			if c.happen != nil {
				s.registerTokens()
				before := s.browser(t).logIn("alice")
				require.NotContains(t, before.get("/").body, `id="trouble"`)
				before.get("/suspended").shows(t, "trouble.not")
				before.get("/token/unusable").shows(t, "trouble.not")
				c.happen(t, s)
			}
			alice := s.browser(t).logIn("alice")
			home := alice.get("/")
			key := "trouble." + string(c.trouble)
			home.shows(t, key+".heading")
			require.Contains(t, home.body, `href="`+c.page+`"`)
			require.NotContains(t, home.body, `href="/token/resync"`)
			// A transaction that was filled in before cannot be confirmed either.
			for _, path := range ownCodePages {
				if strings.HasSuffix(path, "/confirm") {
					alice.post(strings.TrimSuffix(path, "/confirm"), map[string][]string{
						"form-token": {formTokenIn(home.body)}, "payee": {"p"}, "bank": {"b"}, "branch": {"b"},
						"account-type": {"ordinary"}, "account": {"1"}, "amount": {"5"},
					})
				}
				a := alice.get(path)
				require.Equal(t, http.StatusSeeOther, a.StatusCode, path)
				require.Equal(t, c.page, a.Header.Get("Location"), path)
			}
			page := alice.get(c.page)
			page.shows(t, key+".heading")
			require.NotContains(t, page.body, `name="code"`)
			require.NotContains(t, page.body, `class="flash`)
			if c.trouble != suspended {
				page.shows(t, key+".how")
			}
			if c.trouble == lost || c.trouble == broken {
				require.Contains(t, page.body, "2,200円")
			}
			for _, path := range []string{"/token/lift", "/token/revoke"} {
				require.NotContains(t, alice.get(path).body, `name="code"`, path)
			}
			// Operations without a code still work.
			require.Equal(t, 200, alice.get("/operations/balance").StatusCode)
			require.Equal(t, 200, alice.get("/token/activate").StatusCode)
			require.Empty(t, s.events)
		})
	}
}

// TestWrongCodesSuspendToken: if a wrong code suspends the token, the answer is a single
// message, without a request for the next code. This holds for all pages that ask for a
// code of the user's own token.
func TestWrongCodesSuspendToken(t *testing.T) {
	for _, c := range []struct {
		path  string
		pairs []string
	}{
		{"/operations/transfer/confirm", nil},
		{"/users/add", []string{"id", "dave", "name", "Dave", "password", banktest.Password}},
		{"/users/change/bob", []string{"name", "Bob"}},
		{"/token/revoke", []string{"sure", "yes"}},
		{"/token/lift", nil},
	} {
		t.Run(c.path, func(t *testing.T) {
			s := newSite(t, Options{}, false)
			s.registerTokens()
			carol := s.browser(t).logIn("carol")
			if strings.HasSuffix(c.path, "/lift") {
				s.Suspend("bob", s.shared)
			}
			carol.fill("/operations/transfer", "payee", "p", "bank", "b", "branch", "b", "account", "1", "amount", "5")
			var page answer
			for i := range s.Settings.LockoutThreshold {
				a := carol.fill(c.path, append([]string{"code", s.WrongCode(s.carols)}, c.pairs...)...)
				page = carol.follow(a)
				if i < s.Settings.LockoutThreshold-1 {
					page.shows(t, "answer.refused", "answer.refused.more")
				}
			}
			page.shows(t, "trouble.suspended.heading")
			require.NotContains(t, page.body, `class="flash`)
			require.NotContains(t, page.body, catalogOf(ui.Japanese)["answer.refused"])
			require.NotContains(t, carol.get("/").body, `class="flash`, "the message is not shown later either")
		})
	}
}
