// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/practice"
	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/page"
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

// shows waits until the page has all of the texts at once. An expression may be one more
// condition. The page of a line that has ended connects again and again, and is live for a
// moment each time.
func shows(b *uitest.Tab, condition string, texts ...string) {
	b.T.Helper()
	for _, text := range texts {
		condition += fmt.Sprintf(" && document.querySelector('main').innerText.includes(%q)", text)
	}
	b.WaitUntil(condition)
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
	shows(b, `document.querySelectorAll(".tile.pass:has(.due)").length === 4`, "水晶の誤差が上限 4000 ppm を超えています", "トークンは登録リストにありません")
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

// TestChromiumLostConnection shows no result while the station cannot be reached, and goes
// on by itself.
func TestChromiumLostConnection(t *testing.T) {
	d := newDesk(t, nil)
	d.passes("ZZFB00000001")
	b := d.open()
	require.Equal(t, "合格", eval[string](b, `document.querySelector(".tile .state span").innerText`))
	require.Equal(t, 1, eval[int](b, visibleStates))

	addr := d.server.Listener.Addr().String()
	d.end(errors.New("the cable was pulled out"))
	d.server.CloseClientConnections()
	d.server.Close()
	b.WaitUntil(`document.querySelector("[data-live]").dataset.state === "lost"`)
	require.Equal(t, 0, eval[int](b, visibleStates), "a stale page shows no result")
	require.Contains(t, b.Text(), "接続が切れました")

	d.add(line.Event{Number: 2, Result: line.Working, Step: line.StepIdentify})
	d.add(line.Event{Number: 2, Result: line.Fail, Serial: "ZZFB00000002", Reason: "the device does not answer", Advice: "plug the same device in again"})
	d.listen(addr)
	b.WaitUntil(isLive)
	require.Equal(t, "不合格", eval[string](b, `document.querySelector(".tile .state span").innerText`))
	require.Contains(t, b.Text(), "トークンが応答しません")
	require.Contains(t, b.Text(), "同じトークンをもう一度差し込んでください")
	b.Mu.Lock()
	defer b.Mu.Unlock()
	b.Reports = nil // of connections that were refused
}

// TestChromiumKeyboard takes a label with the keyboard alone, and switches the sound on,
// which the browser remembers.
func TestChromiumKeyboard(t *testing.T) {
	d := newDesk(t, nil)
	d.passes("ZZFB00000001")
	b := d.open()
	press := func(selector, key string) {
		t.Helper()
		for range 30 { // Tab reaches it
			if eval[bool](b, `document.activeElement.matches("`+selector+`")`) {
				b.Run(chromedp.KeyEvent(key))
				return
			}
			b.Run(chromedp.KeyEvent("\t"))
		}
		t.Fatalf("Tab does not reach %s", selector)
	}
	press("[data-sound]", "\r")
	b.WaitUntil(`document.querySelector("[data-sound]").getAttribute("aria-pressed") === "true"`)
	require.Equal(t, "音: オン", eval[string](b, `document.querySelector("[data-sound]").textContent`))
	press(".tile button", "\r")
	b.WaitUntil(`document.querySelector("#answer .flash.good") !== null && document.querySelector(".tile .due") === null`)
	require.Equal(t, []string{"ZZFB00000001"}, d.taken)
	b.WaitUntil(`document.querySelector("#announce") !== null`)

	d.passes("ZZFB00000002")
	b.WaitUntil(`document.querySelector("#announce").textContent.includes("ポート 2: 合格")`)
	scan(b, "2")
	b.WaitUntil(`document.querySelector(".tile .due") === null`)
	require.Equal(t, []string{"ZZFB00000001", "ZZFB00000002"}, d.taken)
	b.Open("/stations/bench%201")
	b.WaitUntil(isLive)
	require.Equal(t, "true", eval[string](b, `document.querySelector("[data-sound]").getAttribute("aria-pressed")`))
}

// TestChromiumEnded shows that the line has stopped.
func TestChromiumEnded(t *testing.T) {
	d := newDesk(t, nil)
	d.passes("ZZFB00000001")
	b := d.open()
	d.end(page.ErrEnded)
	// The last tokens stay, and no port is ready.
	shows(b, `document.querySelector("[data-live]").dataset.state === "ended" && `+visibleStates+` === 0`, "ラインは停止しました", "ZZFB00000001")
	require.Regexp(t, `^([01]\d|2[0-3]):\d\d:\d\d$`, eval[string](b, `document.querySelector(".ended time").textContent`))
}

// TestChromiumComplete shows that the order is complete, and no alarm.
func TestChromiumComplete(t *testing.T) {
	d := newDesk(t, nil)
	d.passes("ZZFB00000001")
	b := d.open()
	english(b)
	b.System("prefers-color-scheme", "light")
	d.orderDone.Store(8)
	d.shown.Refresh()
	d.end(page.ErrEnded)
	shows(b, `document.querySelector("[data-live]").dataset.state === "complete"`, "ORDER COMPLETE", "8 of 8", "ZZFB00000001")
	require.NotContains(t, b.Text(), "STOPPED")
	require.Regexp(t, `^([01]\d|2[0-3]):\d\d:\d\d$`, eval[string](b, `document.querySelector(".complete time").textContent`))
}

// TestChromiumAnswer shows the answer to a label without moving the tiles.
func TestChromiumAnswer(t *testing.T) {
	d := newDesk(t, nil)
	d.passes("ZZFB00000001")
	b := d.open()
	b.Run(chromedp.EmulateViewport(1920, 1080))
	const top = `document.querySelector("#tiles").getBoundingClientRect().top`
	before := eval[float64](b, top)
	scan(b, "ZZFB00000099")
	b.WaitUntil(`document.querySelector("#answer .flash.bad") !== null`)
	require.InDelta(t, before, eval[float64](b, top), 24)
}

// visibleStates is the number of tiles that show a state.
const visibleStates = `[...document.querySelectorAll(".tile .state")].filter((e) => e.getClientRects().length > 0).length`

// TestChromiumSupervisor shows all stations of a practice, each with its ports.
func TestChromiumSupervisor(t *testing.T) {
	r := newRig(t, 12, 3, 2, "", nil)
	b := openPage(t, r)
	require.Equal(t, "/stations", b.Path())
	r.start()
	require.NotNil(t, <-r.results)
	b.WaitUntil(`document.querySelectorAll(".station").length === 3 && document.querySelectorAll(".dot.pass").length === 6`)
	b.Shoot("supervisor-ja", []int64{390, 820, 1920}, func(string) {})
	english(b)
	b.Shoot("supervisor-en", []int64{390, 820, 1920}, func(string) {})
	require.Empty(t, b.WalkKeyboard())
	require.Contains(t, b.Text(), "station-3")
	require.Contains(t, eval[string](b, `document.querySelector("#totals").innerText`), "12 of")
	b.Click(`.station:nth-child(2) h2 a`)
	require.Equal(t, stationPath(1), b.Path())
	b.WaitUntil(isLive)
}

// TestChromiumManyPorts follows 64 ports through many units. The page shows the newest
// state at the end, and does not grow.
func TestChromiumManyPorts(t *testing.T) {
	d := newDesk(t, nil)
	b := d.open()
	count := func() int { return eval[int](b, `document.querySelectorAll("*").length`) }
	nodes := 0
	for round := range 20 {
		for n := 1; n <= 64; n++ {
			for _, step := range line.Steps() {
				d.add(line.Event{Number: n, Result: line.Working, Step: step, Serial: fmt.Sprintf("ZZFB%04d%04d", round, n)})
			}
			d.add(line.Event{Number: n, Result: line.Pass, Serial: fmt.Sprintf("ZZFB%04d%04d", round, n), Cycle: 1, Advice: "remove it"})
		}
		b.WaitUntil(fmt.Sprintf(`document.querySelector("#port-64 .subject")?.textContent === "ZZFB%04d0064" && document.querySelectorAll(".tile.pass").length === 64`, round))
		if round == 0 {
			nodes = count()
		}
	}
	require.Equal(t, nodes, count())
	b.Shoot("many", []int64{390, 820, 1920}, func(string) {})
}

// TestChromiumStates shows a port in each state. Only a finished unit is a PASS.
func TestChromiumStates(t *testing.T) {
	d := newDesk(t, nil)
	at := func(n int, e line.Event) {
		e.Number, e.Socket = n, fmt.Sprintf("usb 1-4.%d", n)
		d.add(e)
	}
	for n := 1; n <= 6; n++ {
		at(n, line.Event{Result: line.Working, Step: line.StepIdentify})
	}
	at(1, line.Event{Result: line.Waiting})
	at(1, line.Event{Result: line.Working, Step: line.StepCodes, Serial: "ZZFB00000124"})
	d.passes("ZZFB00000123")
	at(3, line.Event{Result: line.Fail, Serial: "ZZFB00000122", State: journal.Void, Bin: journal.BinRepair, Reason: "the crystal is off by more than the limit of 20 ppm", Advice: "put the device into the box for repair"})
	at(3, line.Event{Result: line.Waiting})
	at(4, line.Event{Result: line.Known, Serial: "ZZFB00000101", Reason: "the device was finished before", Advice: "remove it", Before: true})
	at(5, line.Event{Result: line.Fail, Bin: journal.BinRetest, Reason: `the device is a "always-on-6", and the order is for "button-6"`, Advice: "check whether the device belongs to this order"})
	at(6, line.Event{Result: line.Waiting})
	b := d.open()
	words := func() []string {
		return eval[[]string](b, `[...document.querySelectorAll(".tile .state span")].map((e) => e.innerText)`)
	}
	b.WaitUntil(`document.querySelectorAll(".tile").length === 6`)
	require.Equal(t, []string{"処理中", "合格", "不合格", "処理済み", "不合格", "待機"}, words())
	require.Contains(t, b.Text(), "トークンの機種は always-on-6 ですが、注文は button-6 です")
	b.Shoot("states-ja", []int64{390, 820, 1920}, func(string) {})
	english(b)
	require.Equal(t, []string{"WORKING", "PASS", "FAIL", "DONE BEFORE", "FAIL", "WAIT"}, words())
	b.Shoot("states-en", []int64{390, 820, 1280, 1920}, func(string) {})
	require.Empty(t, b.WalkKeyboard())
	b.System("prefers-reduced-motion", "reduce")
	require.Zero(t, eval[int](b, `document.getAnimations().length`))
}
