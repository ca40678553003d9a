// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// userPages are the users' pages without a variable in their path.
var userPages = []string{
	"/", "/suspended", "/history", "/operations", "/operations/transfer", "/operations/pay-easy", "/operations/send-file",
	"/operations/register-payee", "/operations/balance", "/token/activate", "/token/resync", "/password",
}

// managerPages are the pages for masters and admins.
var managerPages = []string{"/token/lift", "/token/revoke", "/users", "/users/add", "/users/change/bob"}

var deskPages = []string{
	"/desk/", "/desk/?find=acme", "/desk/contracts/add", "/desk/contracts/acme", "/desk/contracts/acme/change",
	"/desk/contracts/acme/users/add", "/desk/users/bob", "/desk/contracts/acme/order", "/desk/tokens/100000000000",
	"/desk/tokens/100000000000/lift", "/desk/tokens/100000000000/revoke", "/desk/tokens/100000000000/lost",
	"/desk/tokens/100000000000/broken", "/desk/tokens/100000000000/found", "/desk/tokens/100000000000/resync",
	"/desk/orders", "/desk/orders?all=yes", "/desk/stock", "/desk/stock/import", "/desk/stock/issue", "/desk/notices",
	"/desk/notices?status=doubtful", "/desk/audit", "/desk/password",
}

func TestPagesOfEachRole(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	nobody, plain, master, clerk := s.browser(t), s.browser(t).logIn("bob"), s.browser(t).logIn("alice"), s.browser(t).logIn("desk-1")
	for _, path := range userPages {
		require.Equal(t, 200, plain.get(path).StatusCode, path)
		require.Equal(t, 200, master.get(path).StatusCode, path)
	}
	for _, path := range managerPages {
		plain.get(path).hasStatus(t, 403, "error.forbidden.title")
		if path != "/users" { // read only
			require.Equal(t, 403, plain.post(path, url.Values{"form-token": {formTokenIn(plain.get("/").body)}}).StatusCode, path)
		}
		require.Equal(t, 200, master.get(path).StatusCode, path)
	}
	for _, path := range append(append([]string{}, userPages...), managerPages...) {
		for _, b := range []*browser{nobody, clerk} {
			a := b.get(path)
			require.Equal(t, 303, a.StatusCode, path)
			require.Equal(t, "/login", a.Header.Get("Location"), path)
		}
	}
	for _, path := range deskPages {
		a := clerk.get(path)
		require.Equal(t, 200, a.StatusCode, "%s: %s", path, a.body)
		for _, b := range []*browser{nobody, plain, master} {
			a := b.get(path)
			require.Equal(t, 303, a.StatusCode, path)
			require.Equal(t, "/desk/login", a.Header.Get("Location"), path)
		}
	}
	require.Empty(t, s.events)
}

func formTokenIn(body string) string {
	for _, m := range hiddenInput.FindAllStringSubmatch(body, -1) {
		if m[1] == "form-token" {
			return m[2]
		}
	}
	return ""
}

func TestHeaders(t *testing.T) {
	s := newSite(t, Options{}, false)
	b := s.browser(t).logIn("alice")
	for _, path := range []string{"/", "/nowhere", "/token/lift", "/desk/login"} {
		h := b.get(path).Header
		require.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'", h.Get("Content-Security-Policy"))
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "same-origin", h.Get("Referrer-Policy"))
		require.Equal(t, "same-origin", h.Get("Cross-Origin-Opener-Policy"))
		require.Equal(t, "no-store", h.Get("Cache-Control"))
	}
	for name, path := range ui.New(ui.Options{}).Paths() {
		a := b.get(path)
		require.Equal(t, 200, a.StatusCode, name)
		require.Equal(t, "public, max-age=31536000, immutable", a.Header.Get("Cache-Control"))
	}
	require.Equal(t, 404, b.get("/assets/0000000000000000/ui.js").StatusCode)
}

// The server writes the chosen colour scheme into the page, in both areas. A page is not
// shown in the wrong colours first.
func TestThemeOfPages(t *testing.T) {
	s := newSite(t, Options{}, false)
	for _, path := range []string{"/login", "/desk/login", "/nowhere"} {
		for theme, want := range map[string]string{"dark": ` data-theme="dark"`, "light": ` data-theme="light"`, "": ""} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Cookie", "fob-theme="+theme)
			w := httptest.NewRecorder()
			New(s.Bank, Options{}).ServeHTTP(w, r)
			require.Contains(t, w.Body.String(), `<html lang="ja"`+want+`>`, path)
		}
	}
}

func TestSessionCookie(t *testing.T) {
	cookie := func(a answer, name string) *http.Cookie {
		for _, c := range a.Cookies() {
			if c.Name == name {
				return c
			}
		}
		return nil
	}
	for _, tls := range []bool{false, true} {
		s := newSite(t, Options{}, tls)
		b := s.browser(t)
		user, desk, path := "fob-user", "fob-desk", "/desk"
		if tls {
			user, desk, path = "__Host-fob-user", "__Host-fob-desk", "/"
		}
		first := cookie(b.fill("/login", "user", "alice", "password", banktest.Password), user)
		require.NotNil(t, first)
		require.True(t, first.HttpOnly)
		require.Equal(t, tls, first.Secure)
		require.Equal(t, http.SameSiteStrictMode, first.SameSite)
		require.Equal(t, "/", first.Path)
		require.Empty(t, first.Domain)
		require.Zero(t, first.MaxAge, "the cookie ends with the browser")
		d := cookie(b.fill("/desk/login", "user", "desk-1", "password", banktest.Password), desk)
		require.Equal(t, path, d.Path)

		// A login starts a new session and ends the old one.
		page := b.get("/")
		second := cookie(b.post("/login", url.Values{
			"form-token": {formTokenIn(page.body)}, "user": {"carol"}, "password": {banktest.Password},
		}), user)
		require.NotNil(t, second)
		require.NotEqual(t, first.Value, second.Value)
		_, err := s.Bank.Session(t.Context(), first.Value)
		require.ErrorIs(t, err, bank.ErrLogin)
		require.Contains(t, b.get("/").body, "利用者 carol")

		// Logging out ends the session at the bank, not only in the browser.
		b.post("/logout", url.Values{"form-token": {formTokenIn(b.get("/").body)}})
		_, err = s.Bank.Session(t.Context(), second.Value)
		require.ErrorIs(t, err, bank.ErrLogin)
		require.Equal(t, 303, b.get("/").StatusCode)
	}
}

// The session's secret appears only in its cookie.
func TestSessionSecretOnlyInCookie(t *testing.T) {
	s := newSite(t, Options{}, false)
	b := s.browser(t).logIn("alice")
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	var secret string
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == "fob-user" {
			secret = c.Value
		}
	}
	require.NotEmpty(t, secret)
	for _, path := range userPages {
		require.NotContains(t, b.get(path).body, secret)
	}
}

func TestIdleSessionEnds(t *testing.T) {
	s := newSite(t, Options{}, false)
	b := s.browser(t).logIn("alice")
	s.Clock.Advance(bank.SessionIdle + 60)
	a := b.get("/history")
	require.Equal(t, "/login?why=ended", a.Header.Get("Location"))
	b.follow(a).shows(t, "login.ended")
}

func TestForgedFormsAreRefused(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	alice := s.browser(t).logIn("alice")
	good := formTokenIn(alice.get("/").body)
	foreign := formTokenIn(s.browser(t).logIn("bob").get("/").body)
	fill := url.Values{"old": {banktest.Password}, "new": {"another long password"}, "again": {"another long password"}}

	for _, token := range []string{"", foreign, "AAAA"} {
		v := url.Values{"form-token": {token}}
		for key, value := range fill {
			v[key] = value
		}
		alice.post("/password", v).hasStatus(t, 403, "error.forged.title")
	}
	// A form from another site is refused even with the token, if the browser's headers
	// show its origin.
	for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		v := url.Values{"form-token": {good}}
		for key, value := range fill {
			v[key] = value
		}
		r := alice.request("POST", "/password", strings.NewReader(v.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header, value)
		require.Equal(t, 403, alice.do(r).StatusCode, header)
	}
	// Another site cannot log in from this browser either.
	require.Equal(t, 403, s.browser(t).post("/login", url.Values{"user": {"alice"}, "password": {banktest.Password}}).StatusCode)
	// The password has not changed. With the form token it can be changed.
	s.browser(t).logIn("alice")
	a := alice.fill("/password", "old", banktest.Password, "new", "another long password", "again", "another long password")
	require.Equal(t, 303, a.StatusCode, a.body)
	require.Len(t, s.events, 6)
}

// GET requests change nothing.
func TestGetChangesNothing(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	b := s.browser(t).logIn("carol")
	s.Suspend("alice", s.shared)
	q := url.Values{"serial": {s.shared.String()}, "code": {s.Code(s.carols, 0)}, "sure": {"yes"}, "form-token": {formTokenIn(b.get("/").body)}}
	for _, path := range []string{"/token/lift", "/token/revoke"} {
		require.Equal(t, 200, b.get(path+"?"+q.Encode()).StatusCode)
	}
	got := s.token(s.shared)
	require.True(t, got.State.Suspended)
	require.Equal(t, validator.InUse, got.Condition)
	require.Equal(t, 404, b.get("/logout").StatusCode)
}

func TestHostileInput(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	hostile := []string{`<script>alert(1)</script>`, `{{.}}`, `"><img src=x onerror=alert(1)>`, `'); DROP TABLE users;--`, `</title><b>`}
	escaped := []string{
		"&lt;script&gt;alert(1)&lt;/script&gt;", "{{.}}", "&#34;&gt;&lt;img src=x onerror=alert(1)&gt;",
		"&#39;); DROP TABLE users;--", "&lt;/title&gt;&lt;b&gt;",
	}
	for i, text := range hostile {
		clerk := s.browser(t).logIn("desk-1")
		id := "x" + string(rune('a'+i))
		a := clerk.fill("/desk/contracts/add", "id", id, "name", text, "address", text, "email", "x@example.com", "language", "ja")
		page := clerk.follow(a)
		require.Contains(t, page.body, escaped[i])
		for _, path := range []string{"/desk/contracts/" + id, "/desk/?find=" + url.QueryEscape(text), "/desk/audit?user=" + url.QueryEscape(text), "/desk/contracts/" + id + "/order"} {
			body := clerk.get(path).body
			if strings.Contains(text, "<") {
				require.NotContains(t, body, text, path)
			}
		}
		alice := s.browser(t).logIn("alice")
		a = alice.fill("/operations/transfer", "payee", text, "bank", text[:min(len(text), 30)], "branch", "x", "account", "1234567", "amount", "1")
		page = alice.follow(a)
		require.Contains(t, page.body, escaped[i])
		s.Step(1)
		a = alice.fill("/operations/transfer/confirm", "code", s.Code(s.shared, 0))
		page = alice.follow(a)
		page.shows(t, "receipt.done")
		require.Contains(t, page.body, escaped[i])
		if strings.Contains(text, "<") {
			require.NotContains(t, page.body, text)
		}
		// The login name is not written back.
		a = s.browser(t).fill("/login", "user", text, "password", text)
		require.NotEqual(t, 500, a.StatusCode)
	}
	for _, path := range []string{
		"/desk/tokens/%3Cscript%3E", "/desk/tokens/..%2f..%2f", "/desk/users/%00", "/desk/contracts/'--", "/desk/orders/x/ship",
		"/desk/notices?after=zzz", "/desk/audit?after=%27", "/desk/stock?after=%ff", "/desk/?find=%ff%fe", "/desk/audit?from=2026-13-45",
		"/desk/tokens/100000000000/sell",
	} {
		clerk := s.browser(t).logIn("desk-1")
		a := clerk.get(path)
		if strings.Contains(path, "after=") && a.StatusCode == 303 { // redirects to the beginning of the list
			a = clerk.follow(a)
		}
		require.Contains(t, []int{200, 404, 422}, a.StatusCode, "%s: %s", path, a.body)
		require.Contains(t, a.body, "<!DOCTYPE html>")
	}
	require.Empty(t, s.events)
}

// The pages do not show data of another contract.
func TestOtherContractsDataIsHidden(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	alice := s.browser(t).logIn("alice")
	alice.follow(alice.fill("/operations/transfer", "payee", "株式会社サンプル", "bank", "x", "branch", "x", "account", "1", "amount", "5"))
	done := alice.fill("/operations/transfer/confirm", "code", s.Code(s.shared, 0))
	receipt := done.Header.Get("Location")
	require.Contains(t, receipt, "/receipt/")

	theirs := s.Issued("other")
	s.Activate("mallory", theirs)
	mallory := s.browser(t).logIn("mallory")
	require.Equal(t, 404, mallory.get(receipt).StatusCode)
	for _, path := range []string{"/users/change/alice", "/users/change/nobody"} {
		require.Equal(t, 404, mallory.get(path).StatusCode, path)
	}
	for _, path := range append(append([]string{}, userPages...), "/users", "/token/lift", "/token/revoke") {
		body := mallory.get(path).body
		require.NotContains(t, body, s.shared.String(), path)
		require.NotContains(t, body, "alice", path)
	}
	// A token of another contract is refused like a wrong code.
	s.Step(1)
	a := mallory.fill("/token/activate", "serial", s.shared.String(), "code", s.Code(s.shared, 0))
	mallory.follow(a).shows(t, "activate.refused")
	s.Step(1)
	s.Suspend("alice", s.shared)
	a = mallory.post("/token/lift", url.Values{
		"form-token": {formTokenIn(mallory.get("/").body)}, "serial": {s.shared.String()}, "code": {s.Code(theirs, 0)},
	})
	require.NotEqual(t, 200, a.StatusCode)
	require.True(t, s.token(s.shared).State.Suspended)
}

// Codes and passwords appear in no page, address or event.
func TestCodesAreNotWrittenBack(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	b := s.browser(t).logIn("alice")
	b.fill("/operations/transfer", "payee", "p", "bank", "b", "branch", "b", "account", "1", "amount", "5")
	wrong := s.WrongCode(s.shared)
	a := b.fill("/operations/transfer/confirm", "code", wrong)
	require.Equal(t, "/operations/transfer/confirm", a.Header.Get("Location"))
	page := b.follow(a)
	page.shows(t, "answer.refused", "answer.refused.more")
	require.NotContains(t, page.body, wrong)
	a = b.fill("/users/add", "id", "dave", "name", "", "password", "a very secret password", "code", "987654", "role", "user", "language", "ja")
	require.Equal(t, 422, a.StatusCode)
	require.NotContains(t, a.body, "a very secret password")
	require.NotContains(t, a.body, "987654")
	require.Contains(t, a.body, `value="dave"`)
	// Reloading after a refusal does not send a code again.
	before := s.LastAudit(s.shared)
	b.get("/operations/transfer/confirm")
	require.Equal(t, before.Seq, s.LastAudit(s.shared).Seq)
}

// A window confirms only the transaction that it shows, even if another window has
// begun a different one.
func TestConfirmsOnlyShownTransaction(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	b := s.browser(t).logIn("alice")
	b.fill("/operations/transfer", "payee", "最初", "bank", "b", "branch", "b", "account", "1", "amount", "5")
	old := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(mainPart.FindString(b.get("/operations/transfer/confirm").body), -1) {
		old.Set(m[1], m[2])
	}
	b.fill("/operations/transfer", "payee", "次", "bank", "b", "branch", "b", "account", "1", "amount", "900")
	old.Set("code", s.Code(s.shared, 0))
	page := b.follow(b.post("/operations/transfer/confirm", old))
	page.shows(t, "confirm.changed")
	b.get("/history").shows(t, "history.none")
	// The code was not checked, and so it is still valid.
	b.follow(b.fill("/operations/transfer/confirm", "code", s.Code(s.shared, 0))).shows(t, "receipt.done")
}

func TestLimits(t *testing.T) {
	limit := map[Attempt]time.Duration{}
	s := newSite(t, Options{Allow: func(a Attempt, source string) time.Duration { return limit[a] }}, false)
	s.registerTokens()
	b := s.browser(t).logIn("alice")
	b.fill("/operations/transfer", "payee", "p", "bank", "b", "branch", "b", "account", "1", "amount", "5")
	limit[AttemptCode] = 90*time.Second + time.Millisecond
	a := b.fill("/operations/transfer/confirm", "code", s.Code(s.shared, 0))
	require.Equal(t, 429, a.StatusCode)
	require.Equal(t, "91", a.Header.Get("Retry-After"))
	a.shows(t, "error.many.title")
	require.Contains(t, a.body, "91秒後")
	limit[AttemptLogin] = time.Second
	require.Equal(t, 429, s.browser(t).fill("/login", "user", "alice", "password", banktest.Password).StatusCode)
	delete(limit, AttemptCode)
	b.follow(b.fill("/operations/transfer/confirm", "code", s.Code(s.shared, 0))).shows(t, "receipt.done")
}

func TestErrorPages(t *testing.T) {
	s := newSite(t, Options{}, false)
	b := s.browser(t).logIn("alice")
	for _, path := range []string{"/nowhere", "/operations/nothing", "/operations/revoke-token", "/receipt/none"} {
		b.get(path).hasStatus(t, 404, "error.missing.title")
	}
	big := url.Values{"form-token": {"x"}, "old": {strings.Repeat("x", maxForm)}}
	b.post("/password", big).hasStatus(t, 413, "error.large.title")
	require.Empty(t, s.events)
}

func TestStoreGoneAndBack(t *testing.T) {
	server := pgtest.Start(t)
	s := newSiteOn(t, server.Database(t), Options{}, false)
	b := s.browser(t).logIn("alice")
	server.Stop(t)
	b.get("/").hasStatus(t, 503, "error.unavailable.title")
	require.NotEmpty(t, s.events)
	server.Restart(t)
	require.Eventually(t, func() bool { return b.get("/").StatusCode == 200 }, 5*time.Minute, 100*time.Millisecond)
}

func TestTestModeIsOnEveryPage(t *testing.T) {
	for _, on := range []bool{true, false} {
		s := newSite(t, Options{TestMode: on}, false)
		s.registerTokens()
		alice, clerk := s.browser(t).logIn("alice"), s.browser(t).logIn("desk-1")
		for _, path := range append(append([]string{"/nowhere"}, userPages...), managerPages...) {
			require.Equal(t, on, strings.Contains(alice.get(path).body, "TEST MODE"), path)
		}
		for _, path := range deskPages {
			require.Equal(t, on, strings.Contains(clerk.get(path).body, "TEST MODE"), path)
		}
		for _, path := range []string{"/login", "/desk/login"} {
			require.Equal(t, on, strings.Contains(s.browser(t).get(path).body, "TEST MODE"), path)
		}
	}
}

func TestLanguage(t *testing.T) {
	s := newSite(t, Options{}, false)
	b := s.browser(t)
	require.Contains(t, b.get("/login").body, `<html lang="ja">`)
	r := b.request("GET", "/login", nil)
	r.Header.Set("Accept-Language", "fr-FR,en-GB;q=0.8,ja;q=0.5")
	require.Contains(t, b.do(r).body, `<html lang="en">`)
	// The language in the user's record is used if none was chosen.
	english := bank.English
	_, _, err := s.Bank.ChangeUser(t.Context(), banktest.Clerk, "bob", bank.UserChange{Language: &english}, "")
	require.NoError(t, err)
	b.logIn("bob")
	page := b.get("/password")
	require.Contains(t, page.body, `<html lang="en">`)
	a := b.post("/language", url.Values{"form-token": {formTokenIn(page.body)}, "language": {"ja"}, "back": {"/password"}})
	require.Equal(t, "/password", a.Header.Get("Location"))
	require.Contains(t, b.follow(a).body, `<html lang="ja">`)
	for _, back := range []string{"//evil.example/", "https://evil.example/", `/\evil.example`, ""} {
		a := b.post("/language", url.Values{"form-token": {formTokenIn(page.body)}, "language": {"en"}, "back": {back}})
		require.Equal(t, "/", a.Header.Get("Location"), back)
	}
	require.Equal(t, 400, b.post("/language", url.Values{"form-token": {formTokenIn(page.body)}, "language": {"xx"}}).StatusCode)
}

func TestDatesAndAmounts(t *testing.T) {
	d, err := token.NewExpiry(2031, 3, 31)
	require.NoError(t, err)
	require.Equal(t, "2031年3月31日", day("ja", d))
	require.Equal(t, "31 March 2031", day("en", d))
	require.Equal(t, "2,200円", yen("ja", 2200))
	require.Equal(t, "¥1,000,000", yen("en", 1_000_000))
	require.Equal(t, "0円", yen("ja", 0))
	require.Equal(t, "2026年4月1日 12:00:00", instant("ja", banktest.Start))
}
