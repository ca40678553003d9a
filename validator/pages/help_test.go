// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// site is a bank with its pages. Contract "acme" has the master alice and the plain
// user bob, who share a token, and the admin carol with a separate token. Contract
// "other" has the master mallory.
type site struct {
	*banktest.Harness
	*httptest.Server
	shared, carols token.Serial

	mu     sync.Mutex
	events []Event
}

// newSite creates a site. tls enables TLS.
func newSite(t testing.TB, o Options, tls bool, change ...func(*validator.Settings)) *site {
	t.Helper()
	return newSiteOn(t, banktest.SQLite(t), o, tls, change...)
}

// newSiteOn creates a site in the given database.
func newSiteOn(t testing.TB, database string, o Options, tls bool, change ...func(*validator.Settings)) *site {
	t.Helper()
	s := &site{Harness: banktest.New(t, database, change...)}
	o.Event = func(e Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, e)
	}
	s.Server = httptest.NewUnstartedServer(New(s.Bank, o))
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	s.Contract("acme")
	s.Contract("other")
	s.User("acme", "alice", validator.Master)
	s.User("acme", "bob", validator.PlainUser)
	s.User("acme", "carol", validator.Admin)
	s.User("other", "mallory", validator.Master)
	require.NoError(t, s.Bank.AddClerk(t.Context(), banktest.Clerk, "desk-1", "窓口 一郎", banktest.Password))
	return s
}

// registerTokens issues and registers the tokens of acme's users.
func (s *site) registerTokens() {
	s.shared, s.carols = s.Issued("acme"), s.Issued("acme")
	s.Activate("alice", s.shared)
	s.Activate("bob", s.shared)
	s.Activate("carol", s.carols)
}

// browser keeps cookies and does not follow redirects.
type browser struct {
	t    testing.TB
	base string
	*http.Client
}

func (s *site) browser(t testing.TB) *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	c := *s.Client()
	c.Jar = jar
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t, s.URL, &c}
}

// answer is a response with its body.
type answer struct {
	*http.Response
	body string
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	resp, err := b.Do(r)
	require.NoError(b.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return answer{resp, string(body)}
}

func (b *browser) request(method, path string, body io.Reader) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	require.NoError(b.t, err)
	return r
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do(b.request("GET", path, nil)) }

// follow requests the target of a redirect.
func (b *browser) follow(a answer) answer {
	b.t.Helper()
	require.Equal(b.t, http.StatusSeeOther, a.StatusCode, a.body)
	return b.get(a.Header.Get("Location"))
}

// post sends a form without changes.
func (b *browser) post(path string, values url.Values) answer {
	b.t.Helper()
	r := b.request("POST", path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

var (
	hiddenInput = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
	textInput   = regexp.MustCompile(`<input type="(?:text|email)" id="f-[^"]*" name="([^"]+)" value="([^"]*)"`)
	tickedBox   = regexp.MustCompile(`<input type="checkbox" id="[^"]*" name="([^"]+)" value="yes" checked`)
	selectBox   = regexp.MustCompile(`(?s)<select id="[^"]*" name="([^"]+)"[^>]*>(.*?)</select>`)
	optionTag   = regexp.MustCompile(`<option value="([^"]*)"( selected)?>`)
	mainPart    = regexp.MustCompile(`(?s)<main.*</main>`)
)

// fill opens the page of a form, fills it in, and sends it with its hidden fields.
func (b *browser) fill(path string, pairs ...string) answer {
	b.t.Helper()
	page := b.get(path)
	require.Equal(b.t, 200, page.StatusCode, "%s: %s", path, page.body)
	values := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(mainPart.FindString(page.body), -1) {
		values.Set(m[1], m[2])
	}
	for _, m := range textInput.FindAllStringSubmatch(page.body, -1) {
		values.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range tickedBox.FindAllStringSubmatch(page.body, -1) {
		values.Set(m[1], "yes")
	}
	for _, m := range selectBox.FindAllStringSubmatch(page.body, -1) { // as a browser does
		options := optionTag.FindAllStringSubmatch(m[2], -1)
		for i, o := range options {
			if i == 0 || o[2] != "" {
				values.Set(m[1], html.UnescapeString(o[1]))
			}
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	to, _, _ := strings.Cut(path, "?")
	return b.post(to, values)
}

// logIn logs in a user or a clerk.
func (b *browser) logIn(who string) *browser {
	b.t.Helper()
	path := "/login"
	if strings.HasPrefix(who, "desk") {
		path = "/desk/login"
	}
	a := b.fill(path, "user", who, "password", banktest.Password)
	require.Equal(b.t, http.StatusSeeOther, a.StatusCode, a.body)
	require.Equal(b.t, strings.TrimSuffix(path, "login"), a.Header.Get("Location"))
	return b
}

// shows checks that a page contains the Japanese words of keys.
func (a answer) shows(t testing.TB, keys ...string) {
	t.Helper()
	words := catalogOf(ui.Japanese)
	for _, key := range keys {
		require.NotEmpty(t, words[key], key)
		require.Contains(t, a.body, words[key])
	}
}

// hasStatus checks the status of a page, and that it contains the Japanese words of keys.
func (a answer) hasStatus(t testing.TB, status int, keys ...string) {
	t.Helper()
	require.Equal(t, status, a.StatusCode, a.body)
	a.shows(t, keys...)
}

// token returns the bank's record of a token.
func (s *site) token(serial token.Serial) bank.Token {
	s.T.Helper()
	got, err := s.Bank.Token(s.T.Context(), banktest.Clerk, serial)
	require.NoError(s.T, err)
	return got
}

// order accepts an order, and returns its ID.
func (s *site) order(n bank.NewOrder) string {
	s.T.Helper()
	order, out, err := s.Bank.Order(s.T.Context(), banktest.Clerk, n)
	require.NoError(s.T, err)
	require.True(s.T, out.Done)
	return order.ID
}

func (s *site) cancelOrder(id string) {
	s.T.Helper()
	_, err := s.Bank.CancelOrder(s.T.Context(), banktest.Clerk, id)
	require.NoError(s.T, err)
}

// onlyOrder returns the ID of the only open order of acme.
func (s *site) onlyOrder() string {
	s.T.Helper()
	orders, _, err := s.Bank.Orders(s.T.Context(), banktest.Clerk, "acme", true, bank.Page{})
	require.NoError(s.T, err)
	require.Len(s.T, orders, 1)
	return orders[0].ID
}

// failNotices waits until a month before the expiry date. The mail server refuses the
// expiry notices.
func (s *site) failNotices() {
	s.T.Helper()
	for at := time.Date(2031, 2, 28, 12, 0, 0, 0, time.UTC); s.Clock.Now().Time().Before(at); {
		s.Clock.Advance(24 * 3600)
	}
	_, err := s.Bank.Daily(s.T.Context(), refusingMailer{})
	require.NoError(s.T, err)
}

// addSamples adds content for each page: a transfer, a suspended token, an order, an
// inventory, and a token that has not been registered.
func (s *site) addSamples() {
	s.T.Helper()
	details := map[string]string{
		"payee": "カ)サンプル商事", "bank": "みほん銀行", "branch": "本店", "account-type": "ordinary", "account": "1234567", "amount": "50000",
	}
	out, err := s.Bank.Do(s.T.Context(), banktest.By("carol"), bank.Request{
		Operation: validator.OpTransfer, Code: s.Code(s.carols, 0), Details: details,
	})
	require.NoError(s.T, err)
	require.True(s.T, out.Done)
	s.Step(1)
	s.Issued("acme")
	s.Inventory()
	s.Inventory()
	s.order(bank.NewOrder{Contract: "acme", Cause: validator.CauseAdditional})
	s.Suspend("bob", s.shared)
	s.Step(1)
}
