// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// tab is one person's browser.
type tab struct {
	*uitest.Tab
	lang string // of the names that transfer types
}

func newTab(t testing.TB, base string) *tab {
	t.Helper()
	return &tab{uitest.NewTab(t, base), ui.Japanese}
}

func (b *tab) open(path string) *tab {
	b.T.Helper()
	b.Open(path)
	return b
}

// typeInto types into fields by name, as a person does.
func (b *tab) typeInto(pairs ...string) *tab {
	b.T.Helper()
	for i := 0; i < len(pairs); i += 2 {
		b.Fill("#f-"+pairs[i], pairs[i+1])
	}
	return b
}

func (b *tab) selectOption(name, value string) *tab {
	b.T.Helper()
	b.Run(chromedp.SetValue(chromedp.CSS("#f-"+name), value))
	uitest.Result(b.Tab, chromedp.Evaluate[bool](`document.getElementById("f-`+name+`").dispatchEvent(new Event("change",{bubbles:true}))`))
	return b
}

func (b *tab) tick(name string) *tab {
	b.T.Helper()
	b.Press("#f-" + name)
	return b
}

// submit presses the button of the page's form and waits for the next page.
func (b *tab) submit() *tab {
	b.T.Helper()
	b.Click("main form .buttons button")
	b.Run(chromedp.WaitVisible(chromedp.CSS("h1")))
	return b
}

// follow clicks the link to a path.
func (b *tab) follow(path string) *tab {
	b.T.Helper()
	b.Click(`main a[href="` + path + `"]`)
	return b
}

// shows checks that the page contains words of the Japanese catalogue.
func (b *tab) shows(keys ...string) *tab {
	b.T.Helper()
	words := catalogOf(ui.Japanese)
	text := b.Text()
	for _, key := range keys {
		require.NotEmpty(b.T, words[key], key)
		require.Contains(b.T, text, words[key])
	}
	return b
}

func (b *tab) logIn(path, who string) *tab {
	b.T.Helper()
	return b.open(path).typeInto("user", who, "password", banktest.Password).submit()
}

// oathtool calculates with an independent program the code that a token of the bank
// shows the given number of steps from now.
func (s *site) oathtool(serial token.Serial, steps int) string {
	s.T.Helper()
	var n int64
	_, err := fmt.Sscanf(serial.String(), "%d", &n)
	require.NoError(s.T, err)
	at := s.Clock.Now() + 60*token.UnixSeconds(steps)
	cmd := exec.CommandContext(s.T.Context(), tooltest.Find(s.T, "oathtool"), "--totp=sha1", "-d", "6", "-s", "60s",
		"--now", fmt.Sprintf("@%d", at), "-")
	cmd.Stdin = strings.NewReader(banktest.SeedHex(int(n - 100000000000)))
	out, err := cmd.Output()
	require.NoError(s.T, err)
	return strings.TrimSpace(string(out))
}

// transfer fills in a transfer up to the page that asks for the code.
func (b *tab) transfer(amount string) *tab {
	b.T.Helper()
	names := []string{"カ)サンプル商事", "みほん銀行", "本店"}
	if b.lang == ui.English {
		names = []string{"Sample Trading", "Example Bank", "Main Branch"}
	}
	return b.open("/operations/transfer").typeInto(
		"payee", names[0], "bank", names[1], "branch", names[2], "account", "1234567", "amount", amount,
	).submit()
}

// The story of a shared token (Q4, Q8): two users enter five wrong codes, both are
// suspended, and a master with another token unlocks it.
func TestChromiumSharedToken(t *testing.T) {
	s := newSite(t, Options{TestMode: true}, false)
	shared, own := s.Issued("acme"), s.Issued("acme")
	bob, carol, alice := newTab(t, s.URL), newTab(t, s.URL), newTab(t, s.URL)

	// Bob and Carol register the same serial number. Alice, the master, registers
	// another.
	for _, u := range []struct {
		*tab
		id     string
		serial token.Serial
	}{{bob, "bob", shared}, {carol, "carol", shared}, {alice, "alice", own}} {
		u.logIn("/login", u.id).shows("home.none")
		u.follow("/token/activate").typeInto("serial", u.serial.String(), "code", s.oathtool(u.serial, 0)).submit()
		require.Contains(t, u.Text(), u.serial.String())
		require.Equal(t, "/", u.Path())
		s.Step(1)
	}
	require.Contains(t, bob.open("/").Text(), "利用者 carol", "the home page names the other user of the token")

	// Five wrong codes: three by Bob, two by Carol.
	wrong := s.WrongCode(shared)
	bob.transfer("10000")
	for range 3 {
		bob.typeInto("code", wrong).submit().shows("answer.refused")
	}
	carol.transfer("20000")
	carol.typeInto("code", wrong).submit().shows("answer.refused")
	carol.typeInto("code", wrong).submit().shows("trouble.suspended.heading", "suspended.shared", "suspended.screen")

	// Both are suspended. A correct code does not help.
	bob.open("/").shows("trouble.suspended.heading")
	carol.open("/").shows("trouble.suspended.heading")
	bob.open("/operations/transfer/confirm").shows("trouble.suspended.heading")
	require.Equal(t, "/suspended", bob.Path())

	// Carol is an admin, but cannot unlock the token that they use. (Q4)
	carol.open("/token/lift").shows("lift.own")

	// Alice, who uses another token, unlocks it with a code of that one.
	s.Step(1)
	alice.open("/").shows("condition.suspended")
	alice.follow("/token/lift?serial="+shared.String()).typeInto("code", s.oathtool(own, 0)).submit()
	require.Contains(t, alice.Text(), "利用停止を解除しました")

	// Both can work again. Carol cannot use a code that Bob has used.
	s.Step(1)
	code := s.oathtool(shared, 0)
	bob.open("/operations/transfer/confirm").typeInto("code", code).submit().shows("receipt.done")
	require.Contains(t, bob.Path(), "/receipt/")
	carol.transfer("20000").typeInto("code", code).submit().shows("answer.refused")
	s.Step(1)
	carol.typeInto("code", s.oathtool(shared, 0)).submit().shows("receipt.done")
}

// A token is activated and used for a transfer. The second use of its code is refused,
// a reload does not send the form again, and full-width digits are converted.
func TestChromiumTransferAndReplay(t *testing.T) {
	s := newSite(t, Options{}, false)
	serial := s.Issued("acme")
	b := newTab(t, s.URL)
	b.logIn("/login", "alice").follow("/token/activate")
	activation := s.oathtool(serial, 0)
	b.typeInto("serial", serial.String(), "code", activation).submit().shows("condition.in-use")

	b.transfer("50000").typeInto("code", activation).submit().shows("answer.refused")
	s.Step(1)
	code := s.oathtool(serial, 0)
	wide := strings.Map(func(r rune) rune { return r + 0xfee0 }, code)
	b.typeInto("code", wide).submit().shows("receipt.done")
	require.Contains(t, b.Text(), "50,000円")
	receipt := b.Path()
	b.Run(chromedp.Reload())
	require.Equal(t, receipt, b.Path())
	b.transfer("50000").typeInto("code", code).submit().shows("answer.refused")
	require.Empty(t, uitest.Result(b.Tab, chromedp.Value(chromedp.CSS("#f-code"))), "a code is not written back into the form")
	b.open("/history")
	require.Equal(t, 1, strings.Count(b.Text(), "振込・振替(都度指定方式)"))

	// A clock that is wrong: the bank asks for the next code, and then corrects the
	// offset.
	s.Step(1)
	b.open("/operations/transfer/confirm").typeInto("code", s.oathtool(serial, 4)).submit().shows("answer.next-code", "answer.next-code.more")
	s.Step(1)
	b.typeInto("code", s.oathtool(serial, 4)).submit().shows("answer.corrected", "answer.corrected.more")
	s.Step(1)
	b.typeInto("code", s.oathtool(serial, 4)).submit().shows("receipt.done")
	// Resynchronisation with two consecutive codes on its own page.
	s.Step(1)
	b.open("/token/resync").typeInto("first", s.oathtool(serial, 4), "second", s.oathtool(serial, 5)).submit().shows("resync.done", "resync.done.more")
	// No address contains a code.
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for _, url := range b.Requested {
		require.NotContains(t, url, code)
		require.True(t, strings.HasPrefix(url, s.URL), url)
	}
}

// A clerk enters the application for a reissue and sees the fee before confirming it.
// The clerk ships a token from the inventory, and its user registers it.
func TestChromiumReissue(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	fresh := s.Inventory()
	b := newTab(t, s.URL)
	b.logIn("/desk/login", "desk-1").Fill("#find", "acme")
	b.WaitUntil(`document.querySelectorAll("#found a").length === 1`)
	b.follow("/desk/contracts/acme").follow("/desk/contracts/acme/order")
	b.selectOption("cause", "fault").selectOption("old", s.shared.String())
	b.WaitUntil(`document.querySelector("#fee").innerText.includes("2,200円")`)
	b.tick("returned")
	b.WaitUntil(`document.querySelector("#fee").innerText.includes("0円") && !document.querySelector("#fee").innerText.includes("2,200円")`)
	b.tick("returned").selectOption("cause", "loss").submit().shows("order.confirm")
	require.Contains(t, b.Text(), "2,200円")
	require.Contains(t, b.Text(), "東京都千代田区丸の内1-1-1")
	require.Contains(t, b.Text(), "2026年4月8日〜2026年4月11日頃", "7 to 10 days after 1 April")
	b.submit()
	require.Contains(t, b.Text(), "を受け付けました")
	b.shows("condition.lost")

	b.open("/desk/orders").click(`a[href$="/ship"]`).typeInto("serial", fresh.String()).submit()
	require.Contains(t, b.Text(), "を発送しました")
	alice := newTab(t, s.URL)
	alice.logIn("/login", "alice").follow("/token/activate").
		typeInto("serial", fresh.String(), "code", s.oathtool(fresh, 0)).submit().shows("condition.in-use")

	// The page confirms that the audit log is intact.
	b.open("/desk/audit").submit().shows("audit.whole")
}

func (b *tab) click(at string) *tab {
	b.T.Helper()
	b.Click(at)
	return b
}

// The browser reports a violation of the content security policy, which would fail the
// tests above. This test provokes one.
func TestChromiumReportsPolicyViolation(t *testing.T) {
	s := newSite(t, Options{}, false)
	b := newTab(t, s.URL).open("/login")
	uitest.Result(b.Tab, chromedp.Evaluate[int](`const s = document.createElement("script"); s.textContent = "window.breach = 1"; document.head.append(s); 0`))
	require.False(t, uitest.Result(b.Tab, chromedp.Evaluate[bool](`"breach" in window`)))
	b.Mu.Lock()
	defer b.Mu.Unlock()
	require.NotEmpty(t, b.Reports)
	require.Contains(t, b.Reports[0], "Content Security Policy")
	b.Reports = nil
}

// visit is a browser and the pages that it opens. It logs in unless the ID is empty.
type visit struct {
	login, id string
	paths     []string
}

// visitPages opens pages in both languages, and shoots each.
func (s *site) visitPages(prefix string, widths []int64, visits []visit, open func(b *tab, path string), check func(b *tab, at string)) {
	s.T.Helper()
	tabs := make([]*tab, len(visits))
	for i, v := range visits {
		tabs[i] = newTab(s.T, s.URL).open(v.login)
		if v.id != "" {
			tabs[i].logIn(v.login, v.id)
		}
	}
	for _, lang := range []string{ui.Japanese, ui.English} {
		if lang == ui.English {
			s.useEnglishNames()
		}
		for i, v := range visits {
			b := tabs[i]
			if lang == ui.English {
				b.lang = lang
				b.click(".language button")
			}
			for _, path := range v.paths {
				open(b, path)
				b.Shoot(fmt.Sprintf("%s%s-%s%s", prefix, lang, v.id, strings.NewReplacer("/", "_", "?", "+").Replace(path)), widths, func(at string) { check(b, at) })
				if lang == ui.Japanese {
					assert.Empty(s.T, b.WalkKeyboard(), path)
				}
			}
		}
	}
}

// useEnglishNames replaces the Japanese names of the site by English ones.
func (s *site) useEnglishNames() {
	s.T.Helper()
	for _, id := range []string{"acme", "other"} {
		_, err := s.Bank.ChangeContract(s.T.Context(), banktest.Clerk, bank.Contract{
			ID: id, Name: id + " Corporation", Address: "1-1-1 Marunouchi, Chiyoda-ku, Tokyo", Email: id + "@example.com", Language: bank.English,
		})
		require.NoError(s.T, err)
	}
	for _, id := range []string{"alice", "bob", "carol"} {
		name := id + " Example"
		_, _, err := s.Bank.ChangeUser(s.T.Context(), banktest.Clerk, id, bank.UserChange{Name: &name}, "")
		require.NoError(s.T, err)
	}
}

// TestChromiumScreenshots takes screenshots of all pages in both languages and two
// widths, for a person to look at. Without FOB_SHOTS it checks that no page is wider
// than the screen of a phone, and that English pages contain no Japanese.
func TestChromiumScreenshots(t *testing.T) {
	s := newSite(t, Options{TestMode: true}, false)
	s.registerTokens()
	s.addSamples()
	s.visitPages("", []int64{1280, 390}, []visit{
		{"/login", "", []string{"/login"}},
		{"/desk/login", "", []string{"/desk/login"}},
		{"/login", "bob", []string{"/", "/suspended", "/token/lift"}},
		{"/login", "carol", append(append([]string{"/operations/transfer/confirm", "/receipt", "/nowhere"}, userPages...), managerPages...)},
		{"/desk/login", "desk-1", append([]string{"/desk/contracts/acme/order/confirm", "/desk/orders/ship"}, deskPages...)},
	}, func(b *tab, path string) {
		switch path {
		case "/operations/transfer/confirm":
			b.transfer("50000")
		case "/receipt": // of the transfer that the browser has just filled in
			s.Step(1)
			b.open("/operations/transfer/confirm").typeInto("code", s.Code(s.carols, 0)).submit()
		case "/desk/contracts/acme/order/confirm":
			b.open("/desk/contracts/acme/order").selectOption("cause", "loss").selectOption("old", s.shared.String()).submit()
		case "/desk/orders/ship":
			s.cancelOrder(s.onlyOrder())
			s.order(bank.NewOrder{Contract: "acme", Cause: validator.CauseAdditional})
			b.open("/desk/orders").click(`a[href$="/ship"]`)
		default:
			b.open(path)
		}
	}, func(b *tab, at string) {
		if b.lang == ui.English {
			text := strings.ReplaceAll(uitest.Result(b.Tab, chromedp.Text(chromedp.CSS("body"))), "日本語", "")
			assert.NotRegexp(t, `\p{Han}|\p{Hiragana}|\p{Katakana}`, text, at)
		}
	})
}
