// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/practice"
	"github.com/d204ef64/fob/internal/ui/uitest"
)

const isLive = `document.querySelector("[data-live]").dataset.state === "live"`

// openPage logs a browser in with a link, and waits for the connection.
func openPage(t *testing.T, r *rig) *uitest.Tab {
	t.Helper()
	b := uitest.NewTab(t, r.server.URL)
	b.Open("/")
	require.Equal(t, "/login", b.Path())
	b.Open(r.pages.NewLink())
	b.WaitUntil(isLive)
	return b
}

// english switches the page to English.
func english(b *uitest.Tab) {
	b.T.Helper()
	b.Click(".language button")
	b.WaitUntil(isLive + ` && document.documentElement.lang === "en"`)
}

func eval[T any](b *uitest.Tab, expression string) T {
	b.T.Helper()
	return uitest.Result(b, chromedp.Evaluate[T](expression))
}

// scan types a text like a scanner, wherever the focus is.
func scan(b *uitest.Tab, text string) {
	b.T.Helper()
	b.Run(chromedp.KeyEvent(text + "\r"))
}

// due is the serial number of a label that a tile waits for, or "".
const due = `(document.querySelector(".tile:has(.due) .subject")?.textContent ?? "")`

const faults = `faults:
- fault: slow clock
  tokens: [2]
- fault: counterfeit
  tokens: [3]
- fault: twice
  tokens: [4]
`

// result waits for the end of the practice.
func (r *rig) result() *practice.Result {
	r.t.Helper()
	result := <-r.results
	require.NotNil(r.t, result)
	require.Empty(r.t, result.Differences)
	return result
}

// TestChromiumPractice follows a practice on the operator's page, in both languages, and
// scans its labels.
func TestChromiumPractice(t *testing.T) {
	r := newRig(t, 8, 1, 4, faults, func(c *practice.Config) { c.LeaveLabels = true })
	b := openPage(t, r)
	require.Equal(t, stationPath(0), b.Path())
	require.Contains(t, b.Text(), "まだトークンがありません")
	r.start()
	// Token 2 is void and token 3 is refused: the operators of four ports wait for labels
	// with the four others.
	b.WaitUntil(`document.querySelectorAll(".tile.pass:has(.due)").length === 4`)
	require.Contains(t, b.Text(), "水晶の誤差が上限 4000 ppm を超えています")
	require.Contains(t, b.Text(), "トークンは登録リストにありません")
	b.Shoot("operator-ja", []int64{390, 820, 1920}, func(string) {})
	english(b)
	b.Shoot("operator-en", []int64{390, 820, 1920}, func(string) {})
	require.Contains(t, b.Text(), "the crystal is off by more than the limit of 4000 ppm")
	require.Contains(t, b.Text(), "4 of 8")
	require.Contains(t, eval[string](b, `document.querySelector(".banner").textContent`), "virtual")

	scan(b, "ZZFB00000099")
	b.WaitUntil(`document.querySelector("#answer .flash.bad")?.textContent.includes("WRONG LABEL: no port waits for ZZFB00000099")`)
	scan(b, "1") // the order needs the label itself
	b.WaitUntil(`document.querySelector("#answer .flash.bad")?.textContent.includes("Port 1: scan the label")`)
	require.Equal(t, 4, eval[int](b, `document.querySelectorAll(".tile:has(.due)").length`))

	done := make(chan struct{})
	go func() { // the last scan ends the practice
		defer close(done)
		r.result()
	}()
	const all = `document.querySelector("#batch").textContent.includes("6 of 8")`
	for {
		b.WaitUntil(due + ` !== "" || ` + all)
		serial := eval[string](b, due)
		if serial == "" {
			break
		}
		scan(b, serial)
		b.WaitUntil(due + ` !== "` + serial + `"`)
	}
	<-done
	b.WaitUntil(`document.querySelector("#recent").textContent.includes("DONE BEFORE")`)
	require.Contains(t, b.Text(), "the device was finished before")
}
