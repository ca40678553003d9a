// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/width"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// wide converts a text to full-width characters, as a Japanese keyboard enters them.
func wide(s string) string { return width.Widen.String(s) }

// spellings returns different ways to write a number in groups.
func spellings(s string) map[string]string {
	head, tail := s[:3], s[3:]
	return map[string]string{
		"full-width": wide(s), "space": head + " " + tail, "wide space": head + "\u3000" + tail, "hyphen": head + "-" + tail,
		"wide hyphen": wide(head + "-" + tail), "long vowel": head + "\u30fc" + tail, "line end": s + "\r\n", "tab": "\t" + s,
		"invisible": "\ufeff" + head + "\u200b" + tail,
	}
}

// TestTransferInput: every field of a form accepts the usual ways of typing.
// Rejected input is explained in the page's language.
func TestTransferInput(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	alice := s.browser(t).logIn("alice")
	good := []string{"payee", "p", "bank", "b", "branch", "b", "account", "1234567", "amount", "150000"}
	for name, c := range map[string]struct{ field, given, shown string }{
		"amount with comma":      {"amount", "150,000", "150,000円"},
		"amount in full width":   {"amount", wide("150,000"), "150,000円"},
		"amount with unit":       {"amount", "\uffe5" + wide("150,000") + "円", "150,000円"},
		"amount with spaces":     {"amount", " 150 000 ", "150,000円"},
		"account in groups":      {"account", "123-4567", "<dd>1234567</dd>"},
		"account in full width":  {"account", wide("123 4567"), "<dd>1234567</dd>"},
		"name with wide spaces":  {"payee", "\u3000カ)サンプル\u3000商事\u3000", "<dd>カ)サンプル\u3000商事</dd>"},
		"name with a mark apart": {"payee", "か\u3099", "<dd>が</dd>"},
	} {
		page := alice.follow(alice.fill("/operations/transfer", append(good, c.field, c.given)...))
		require.Contains(t, page.body, c.shown, name)
	}
	words := catalogOf(ui.Japanese)
	for _, c := range []struct{ field, given, problem, stays string }{
		{"amount", "15万", "problem.amount-form", `value="15万"`},
		{"amount", "-5", "problem.amount-form", `value="-5"`},
		{"amount", "1,50", "problem.amount-form", `value="1,50"`},
		{"amount", "1.5", "problem.amount-form", `value="1.5"`},
		{"amount", "000", "problem.amount", `value="0"`},
		{"amount", "\u3000", "problem.required", `value=""`},
		{"amount", "1234567890123", "problem.long", `value="1234567890123"`},
		{"account", "12a4567", "problem.digits", `value="12a4567"`},
		{"account", "12345678", "problem.long", `value="12345678"`},
		{"payee", "a\u200bb", "problem.characters", ""},
		{"payee", "a\u202eb", "problem.characters", ""},
		{"payee", "a\tb", "problem.characters", ""},
	} {
		a := alice.fill("/operations/transfer", append(good, c.field, c.given)...)
		require.Equal(t, 422, a.StatusCode, c.given)
		require.Contains(t, a.body, words["field."+c.field]+"</a>: "+words[c.problem], c.given)
		require.Contains(t, a.body, c.stays, c.given)
	}
	a := alice.fill("/operations/send-file", "file", "f", "count", wide("1,200"), "amount", "5")
	require.Contains(t, alice.follow(a).body, "<dd>1200</dd>")
	for count, problem := range map[string]string{"x": "problem.count-form", "0": "problem.count"} {
		alice.fill("/operations/send-file", "file", "f", "count", count, "amount", "5").shows(t, problem)
	}
	a = alice.fill("/operations/pay-easy", "collector", wide("12345"), "payment", "12-345 678", "confirmation", "123 456", "amount", "5")
	require.Contains(t, alice.follow(a).body, "<dd>12345678</dd>")
}

// TestCodeInput: a code may be typed in groups, and the bank still recognises a
// reused code. Input that cannot be a code is rejected by the page, and the bank does
// not count it.
func TestCodeInput(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	alice := s.browser(t).logIn("alice")
	fill := func() {
		alice.fill("/operations/transfer", "payee", "p", "bank", "b", "branch", "b", "account", "1", "amount", "5")
	}
	for name := range spellings(s.Code(s.shared, 0)) {
		fill()
		code := spellings(s.Code(s.shared, 0))[name]
		alice.follow(alice.fill("/operations/transfer/confirm", "code", code)).shows(t, "receipt.done")
		used := s.Code(s.shared, 0)
		for _, again := range spellings(used) {
			fill()
			alice.follow(alice.fill("/operations/transfer/confirm", "code", again)).shows(t, "answer.refused")
		}
		s.Step(1)
	}
	before := s.LastAudit(s.shared)
	for _, bad := range []string{"12345", "12345a", "0123456789", "一二三四五六", "123.456", "\u3000"} {
		fill()
		a := alice.fill("/operations/transfer/confirm", "code", bad)
		require.Equal(t, 422, a.StatusCode, bad)
		if bad == "\u3000" {
			a.shows(t, "problem.required")
		} else {
			a.shows(t, "problem.code")
		}
		require.NotContains(t, a.body, `value="`+bad+`"`)
	}
	require.Equal(t, before.Seq, s.LastAudit(s.shared).Seq)

	// If a bank counts malformed input as a wrong code, the page passes it on.
	strict := newSite(t, Options{}, false, func(st *validator.Settings) { st.CountMalformed = true })
	strict.registerTokens()
	alice = strict.browser(t).logIn("alice")
	fill()
	for range strict.Settings.LockoutThreshold {
		alice.fill("/operations/transfer/confirm", "code", "12345a")
	}
	alice.get("/operations/transfer/confirm")
	alice.get("/suspended").shows(t, "trouble.suspended.heading")
}

// TestSerialNumberInput: users and clerks may type serial numbers with hyphens or
// spaces, in full width and in small letters.
func TestSerialNumberInput(t *testing.T) {
	s := newSite(t, Options{}, false)
	for name := range spellings(banktest.Serial(0).String()) {
		serial := s.Issued("acme")
		alice := s.browser(t).logIn("alice")
		a := alice.fill("/token/activate", "serial", spellings(serial.String())[name], "code", s.Code(serial, 0))
		require.Contains(t, alice.follow(a).body, "トークン "+serial.String()+" の利用開始登録が完了しました", name)
		s.Step(1)

		stock := s.Inventory()
		desk := s.browser(t).logIn("desk-1")
		a = desk.fill("/desk/stock/issue", "serial", spellings(stock.String())[name], "contract", wide("acme")+"\u3000")
		require.Contains(t, desk.follow(a).body, "トークン "+stock.String()+" を配付しました", name)
		found := desk.get("/desk/?find=" + url.QueryEscape(spellings(serial.String())[name]))
		require.Contains(t, found.body, `href="/desk/tokens/`+serial.String()+`"`, name)
		audit := desk.get("/desk/audit?serial=" + url.QueryEscape(wide(serial.String())))
		require.Contains(t, audit.body, serial.String()+"</td>", name)
	}
	alice := s.browser(t).logIn("alice")
	for _, bad := range []string{"1000_0000", "シリアル", "1/2"} {
		a := alice.fill("/token/activate", "serial", bad, "code", "123456")
		a.hasStatus(t, 422, "problem.serial")
		require.Contains(t, a.body, `value="`+bad+`"`)
	}
}

// TestNameAndDateInput: user IDs, e-mail addresses, contract IDs, dates, rules
// and keys.
func TestNameAndDateInput(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	for _, id := range []string{wide("alice"), " alice\u3000", "alice\n"} {
		a := s.browser(t).fill("/login", "user", id, "password", banktest.Password)
		require.Equal(t, "/", a.Header.Get("Location"), id)
	}
	desk := s.browser(t).logIn("desk-1")
	a := desk.fill("/desk/contracts/add", "id", wide("C-1001"), "name", "\u3000みほん商事 ", "address", "東京都", "email", wide("x@example.com"))
	require.Equal(t, "/desk/contracts/C-1001", a.Header.Get("Location"))
	got, err := s.Bank.Contract(t.Context(), banktest.Clerk, "C-1001")
	require.NoError(t, err)
	require.Equal(t, "みほん商事", got.Name)
	require.Equal(t, "x@example.com", got.Email)
	for _, bad := range []string{"x", "@", "a b@example.com", "a@"} {
		desk.fill("/desk/contracts/add", "id", "c2", "name", "x", "address", "y", "email", bad).shows(t, "problem.email")
	}
	for _, find := range []string{wide("C-1001"), "Cー1001", "\u3000みほん"} {
		require.Contains(t, desk.get("/desk/?find="+url.QueryEscape(find)).body, `href="/desk/contracts/C-1001"`, find)
	}
	for _, day := range []string{"2026-04-01", "2026/4/1", wide("2026/4/1"), "2026年4月1日", "20260401"} {
		q := "/desk/audit?user=" + url.QueryEscape(wide("alice")) + "&from=" + url.QueryEscape(day) + "&to=" + url.QueryEscape(day) + "&rule=bk01"
		page := desk.get(q)
		require.Equal(t, 200, page.StatusCode, day)
		require.Contains(t, page.body, s.shared.String(), day)
		require.Contains(t, page.body, `value="2026-04-01"`, day)
		require.Contains(t, page.body, `value="BK-01"`, day)
	}
	for _, bad := range []string{"4/1/2026", "2026-02-30", "tomorrow"} {
		a := desk.get("/desk/audit?from=" + url.QueryEscape(bad))
		a.hasStatus(t, 422, "problem.date")
	}
	key := make([]byte, 16)
	file := seeds(t, key, 1)
	a = desk.upload(formTokenIn(desk.get("/desk/stock/import").body), file, "key", wide("0000 0000 0000 0000 0000 0000 0000 0000"))
	require.Equal(t, 303, a.StatusCode, a.body)
}

// TestPageLanguage: the order of precedence is the choice on a page, the browser's
// languages, the language in the bank's records, Japanese.
func TestPageLanguage(t *testing.T) {
	s := newSite(t, Options{}, false)
	english := bank.English
	_, _, err := s.Bank.ChangeUser(t.Context(), banktest.Clerk, "bob", bank.UserChange{Language: &english}, "")
	require.NoError(t, err)
	for _, c := range []struct{ user, accept, chosen, want string }{
		{"alice", "", "", "ja"},
		{"bob", "", "", "en"},
		{"alice", "en-GB,en;q=0.9", "", "en"}, // the record has the default, Japanese
		{"bob", "ja", "", "ja"},
		{"alice", "fr-FR,fr;q=0.9,ja;q=0.5,en;q=0.8", "", "en"},
		{"alice", "fr", "", "ja"},
		{"bob", "fr", "", "en"},
		{"bob", "en;q=0, ja;q=0.1", "", "ja"},
		{"bob", ";;;=", "", "en"},
		{"alice", "en", "ja", "ja"},
		{"bob", "ja", "en", "en"},
	} {
		b := s.browser(t).logIn(c.user)
		if c.chosen != "" {
			b.post("/language", url.Values{"form-token": {formTokenIn(b.get("/").body)}, "language": {c.chosen}})
		}
		for _, path := range []string{"/", "/operations/transfer", "/nowhere"} {
			r := b.request("GET", path, nil)
			if c.accept != "" {
				r.Header.Set("Accept-Language", c.accept)
			}
			body := b.do(r)
			if path == "/operations/transfer" && body.StatusCode == 303 {
				continue
			}
			require.Contains(t, body.body, `<html lang="`+c.want+`">`, "%v %s", c, path)
		}
	}
}
