// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui/uitest"
)

// TestDemoInBrowser is a person who follows the demo's invitation, in one browser with two
// tabs: log in at the bank, begin a transfer, press the token on the wall, read its
// code there and type it at the bank. The bank refuses the same code the second time.
func TestDemoInBrowser(t *testing.T) {
	for _, lang := range []string{"ja", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			demoInBrowser(t, lang)
		})
	}
}

func demoInBrowser(t *testing.T, lang string) {
	r := startOnTerminal(t, pty.Winsize{Rows: 24, Cols: 100}, "NO_COLOR=1", "demo")
	r.readUntil(2, lastDemoLine)
	text := ansi.ReplaceAllString(r.output.String(), "")
	drained := make(chan struct{})
	go func() { // otherwise the demo would block on its terminal
		defer close(drained)
		_, _ = io.Copy(io.Discard, r.File)
	}()
	find := func(expression string) string {
		t.Helper()
		m := regexp.MustCompile(expression).FindStringSubmatch(text)
		require.NotNil(t, m, "%s in %s", expression, text)
		return m[1]
	}
	wallURL, link := find(`The wall: (http://127\.0\.0\.1:\d+)/`), find(`The wall: http://127\.0\.0\.1:\d+(/login/\w+)`)
	bankURL, password := find(`The bank: (http://127\.0\.0\.1:\d+)`), find(`password (\w+)\.`)
	serial := find(`button-6 on \S+\s+[^\n]*S/N (\w+)`)

	wall := uitest.NewTab(t, wallURL)
	bank := wall.Beside(bankURL)
	choose := func(b *uitest.Tab, live string) { // both sites have the host's language
		if uitest.Result(b, chromedp.Evaluate[string](`document.documentElement.lang`)) != lang {
			b.Click(".language button")
		}
		b.WaitUntil(`document.documentElement.lang === "` + lang + `"` + live)
	}
	fill := func(fields ...string) {
		t.Helper()
		for i := 0; i < len(fields); i += 2 {
			bank.Fill("#f-"+fields[i], fields[i+1])
		}
		bank.Click("main form .buttons button")
	}
	transfer := func() {
		t.Helper()
		bank.Open("/operations/transfer")
		fill("payee", "Suzuki Shoten", "bank", "Example Bank", "branch", "Ginza", "account", "1234567", "amount", "50000")
	}

	wall.Open(link)
	choose(wall, ` && document.getElementById("live")?.dataset.state === "live"`)
	ahead := map[string]string{"ja": "1分( ?\\d+秒)?進んでいます", "en": "1 minute( \\d+ seconds?)? ahead of real time"}[lang]
	require.Regexp(t, ahead, uitest.Result(wall, chromedp.TextContent(chromedp.CSS("#clock"))), "the demo has moved the clock itself")
	bank.Open("/login")
	choose(bank, "")
	fill("user", "hanako", "password", password)
	transfer()

	face := `[...document.querySelectorAll(".face")].find((e) => e.querySelector(".serial").textContent === "` + serial + `")`
	wall.WaitUntil(face + `?.querySelector(".press") != null`)
	// The story may have left its code on the display, which is dark after a minute. The
	// press comes when the page shows both, because the other way round it
	// would turn the display off.
	const spoken = `.getAttribute("aria-label").match(/, (\d( \d){5})(,|$)/)`
	const said = `document.querySelector("[data-clock=said]").textContent`
	freshCode := func() string {
		t.Helper()
		before := uitest.Result(wall, chromedp.Evaluate[string](said))
		wall.Press("[data-clock-by=PT1M]")
		wall.WaitUntil(said + ` !== "` + before + `"`)
		wall.WaitUntil(face + spoken + ` === null`)
		id := uitest.Result(wall, chromedp.Evaluate[string](face+`.id`))
		wall.Press("#" + id + " .press")
		return strings.ReplaceAll(uitest.WaitFor[string](wall, face+spoken+`?.[1]`), " ", "")
	}
	accepted := map[string]string{"ja": "受付", "en": "has been accepted"}[lang]
	refused := map[string]string{"ja": "ワンタイムパスワードを確認できませんでした", "en": "The one-time password was not accepted"}[lang]
	code := freshCode()
	fill("code", code)
	require.Contains(t, bank.Text(), accepted)
	require.Contains(t, bank.Text(), "50,000")
	transfer()
	fill("code", code)
	require.Contains(t, bank.Text(), refused)

	_, err := r.Write([]byte{3})
	require.NoError(t, err)
	require.NoError(t, r.cmd.Wait())
	<-drained
	wall.WaitUntil(`document.getElementById("live").dataset.state === "ended"`)
	wall.Mu.Lock()
	defer wall.Mu.Unlock()
	wall.Reports = nil // of connections that were refused
}
