// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/virtual"
)

// clockSite is a browser on the pages of a fleet.
type clockSite struct {
	*uitest.Tab
	*rig
}

// newClockSite logs a browser in to the pages of a fleet with ready tokens.
func newClockSite(t *testing.T, c virtual.Config, tokens int) *clockSite {
	t.Helper()
	var lots []fleet.Lot
	if tokens > 0 {
		lots = append(lots, ready(tokens, ""))
	}
	r := newRig(t, c, lots...)
	return &clockSite{r.open("/"), r}
}

// reads waits until a part of the clock has a text.
func (s *clockSite) reads(part, text string) {
	s.T.Helper()
	s.WaitUntil(`document.querySelector("[data-clock=` + part + `]").textContent.includes("` + text + `")`)
}

// wrong waits until the field with the focus shows a problem.
func (s *clockSite) wrong(text string) {
	s.T.Helper()
	s.WaitUntil(`(() => {
		const field = document.activeElement;
		const said = (field.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent);
		return field.getAttribute("aria-invalid") === "true" && said.some((text) => text?.includes("` + text + `"));
	})()`)
	require.Empty(s.T, eval[string](s.Tab, `document.getElementById("say").textContent`), "the message is at the field")
}

// kind is the visible kind of the clock.
func (s *clockSite) kind() string {
	s.T.Helper()
	return eval[string](s.Tab, `[...document.querySelectorAll(".clock-kind")].filter((e) => e.getClientRects().length).map((e) => e.textContent).join()`)
}

// fill opens a form of the clock and enters a text. It waits until the form has closed, or
// shows a problem.
func (s *clockSite) fill(form, text string) {
	s.T.Helper()
	at := `[data-clock-form=` + form + `]`
	if !eval[bool](s.Tab, `document.querySelector("`+at+`").closest("details").open`) {
		s.Press(`details:has(` + at + `) summary`)
	}
	s.WaitUntil(`document.activeElement.closest("` + at + `") !== null`)
	eval[string](s.Tab, `document.querySelector("`+at+` input").value = "`+text+`"`)
	s.Press(at + " button")
	s.WaitUntil(`(() => {
		const form = document.querySelector("` + at + `");
		return !form.closest("details").open || form.querySelector("input").getAttribute("aria-invalid") === "true";
	})()`)
}

var startOfTest = time.Date(2026, 1, 1, 0, 0, 10, 0, time.UTC)

func (s *clockSite) now() time.Time { return s.world.Now().Time() }

// TestChromiumManualClock moves a manual clock in each way, in Japanese.
func TestChromiumManualClock(t *testing.T) {
	s := newClockSite(t, virtual.Config{At: startOfTest}, 2)
	require.Equal(t, "テスト", s.kind())
	s.reads("why", "操作したときだけ進みます")
	s.reads("pace", "停止中")
	s.reads("date", "2026-01-01")
	s.reads("time", "00:00:10")

	s.Press("[data-clock-by=PT1S]")
	s.reads("time", "00:00:11")
	s.Press("[data-clock-by=PT1M]")
	s.reads("time", "00:01:11")
	s.Press("[data-clock-until=next_step]")
	s.reads("said", "時計は2026-01-01 00:0")
	s.WaitUntil(`document.querySelector("[data-clock=time]").textContent !== "00:01:11"`)
	require.WithinDuration(t, startOfTest.Add(110*time.Second), s.now(), 2*time.Second, "the second step of a token ends at 00:02:00 by its own clock")
	before := s.now()
	s.Press("[data-clock-until=event]")
	s.Press("#clock-far [value=yes]") // the tokens expire
	s.WaitUntil(`Date.parse(document.querySelector(".clock-time").dateTime) > ` + jsTime(before))
	require.True(t, s.now().After(before))

	s.fill("date", "2031-11-30T14:59:00")
	s.reads("date", "2031-11-30")
	s.reads("time", "14:59:00")
	require.Equal(t, time.Date(2031, 11, 30, 14, 59, 0, 0, time.UTC), s.now())
	s.fill("date", "2026-01-01T00:00:00")
	s.wrong("時計を戻すことはできません")
	require.Equal(t, time.Date(2031, 11, 30, 14, 59, 0, 0, time.UTC), s.now())
}

// TestChromiumFarEvent: a button token that is not pressed has its next event when it
// expires, years ahead. The page asks before it goes there.
func TestChromiumFarEvent(t *testing.T) {
	r := newRig(t, virtual.Config{At: startOfTest}, ready(2, "button-6"))
	s := &clockSite{r.open("/"), r}
	english(s.Tab)
	const asks = `document.getElementById("clock-far").open`
	answer := func(button, text string) {
		t.Helper()
		s.WaitUntil(asks)
		require.Equal(t, text, eval[string](s.Tab, `document.activeElement.textContent`), "the focus is on the answer that changes nothing")
		require.Equal(t, startOfTest, s.now(), "nothing has happened yet")
		s.Press(`#clock-far button` + button)
		s.WaitUntil(`!` + asks)
	}
	s.Press("[data-clock-until=event]")
	s.WaitUntil(asks)
	require.Regexp(t, `^Move the clock by \d years`, eval[string](s.Tab, `document.querySelector("#clock-far h2").textContent`))
	s.Shoot("clock-far-en", []int64{390, 1280, 2560}, func(string) {})
	answer(".quiet", "Stay here")
	s.Press("[data-clock-by=PT1S]") // after the answer, in the order of the clicks
	s.reads("time", "00:00:11")
	require.Equal(t, startOfTest.Add(time.Second), s.now())

	next := s.fleet.NextEvent()
	require.Greater(t, next.Time().Year(), 2027)
	s.Press("[data-clock-until=event]")
	s.WaitUntil(asks)
	s.Press("#clock-far [value=yes]")
	s.reads("date", next.Time().Format(time.DateOnly))
	require.Equal(t, next, s.world.Now())
}

// TestNextEvent: the time of the next event is for pages behind the login.
func TestNextEvent(t *testing.T) {
	r := newRig(t, virtual.Config{At: startOfTest}, ready(1, "button-6"))
	a, _ := r.send("GET", "/next-event", "")
	require.Equal(t, http.StatusUnauthorized, a.StatusCode)
	r.member(1).Token.Press()
	a, text := r.send("GET", "/next-event", "", "Cookie", r.session())
	require.Equal(t, http.StatusOK, a.StatusCode)
	var next struct {
		At  time.Time
		Far string
	}
	require.NoError(t, json.Unmarshal([]byte(text), &next))
	require.Equal(t, r.fleet.NextEvent().Time(), next.At)
	require.Empty(t, next.Far, "the display goes off within a minute")
}

// jsTime is an instant in milliseconds.
func jsTime(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// TestChromiumRealClock pauses the real clock, lets it go on and changes its speed, in
// English. The page states whether the clock is real, and why not.
func TestChromiumRealClock(t *testing.T) {
	s := newClockSite(t, virtual.Config{Mode: virtual.Real}, 2)
	english(s.Tab)
	require.Equal(t, "Real time", s.kind())
	s.reads("pace", "×1")
	pressed := func() string {
		return eval[string](s.Tab, `document.querySelector("[data-clock-speed][aria-pressed=true]")?.textContent ?? ""`)
	}
	require.Equal(t, "×1", pressed())

	s.Press("[data-clock-by=PT1M]")
	s.reads("why", "1 minute ahead of real time")
	require.Equal(t, "TEST", s.kind())

	s.Press("[data-clock-do=run]")
	s.reads("why", "The clock is paused.")
	require.True(t, s.world.Clock().Paused)
	require.Empty(t, pressed())
	at := s.now()
	s.Press("[data-clock-by=PT1S]")
	s.reads("time", at.Add(time.Second).Format(time.TimeOnly))
	require.Equal(t, at.Add(time.Second), s.now(), "a paused clock can be moved")
	s.Press("[data-clock-do=run]")
	s.reads("why", "ahead of real time")
	require.False(t, s.world.Clock().Paused)

	s.Press(`[data-clock-speed="60"]`)
	s.reads("why", "60 times as fast")
	s.reads("pace", "×60")
	require.Equal(t, "×60", pressed())
	shown := eval[string](s.Tab, `document.querySelector("[data-clock=time]").textContent`)
	s.WaitUntil(`document.querySelector("[data-clock=time]").textContent !== "` + shown + `"`)
	s.fill("speed", "0.5")
	s.reads("why", "slower than real time, at 0.5 seconds a second")
	require.Equal(t, virtual.Scaled, s.world.Clock().Mode)
	s.fill("speed", "0")
	s.wrong("Enter a speed from 0.001")
	s.fill("speed", "fast")
	s.wrong("Enter a speed from 0.001")
	require.InDelta(t, 0.5, s.world.Clock().Rate, 0)
	s.Press(`[data-clock-speed="1"]`)
	s.reads("why", "ahead of real time")
	require.Equal(t, virtual.Real, s.world.Clock().Mode)
}

// TestChromiumClockProblems shows each refusal in words, in both languages.
func TestChromiumClockProblems(t *testing.T) {
	s := newClockSite(t, virtual.Config{At: startOfTest}, 0)
	s.Press("[data-clock-until=next_step]")
	waitForMessage(s.Tab, "この先に予定されている")
	s.fill("date", "")
	s.wrong("日付と時刻を入力してください")
	s.fill("date", "2262-01-01T00:00:00")
	s.wrong("1970年から2261年末まで")
	english(s.Tab)
	s.Press("[data-clock-until=event]")
	waitForMessage(s.Tab, "Nothing lies ahead")
	s.Shoot("clock-problem", []int64{390, 1280, 2560}, func(string) {})
	s.fill("date", "2261-12-31T23:59:59")
	s.reads("why", "The world has ended")
	s.WaitUntil(`document.getElementById("say").textContent === ""`) // a success takes the problem away
	s.Press("[data-clock-by=PT1S]")
	waitForMessage(s.Tab, "to the end of 2261")
	require.Equal(t, virtual.WorldEnd, s.world.Now())
}

// TestChromiumClockOfOthers: another client moves the clock, and the page follows.
func TestChromiumClockOfOthers(t *testing.T) {
	s := newClockSite(t, virtual.Config{At: startOfTest}, 1)
	s.world.Advance(24 * time.Hour)
	s.reads("date", "2026-01-02")
	require.NoError(t, s.world.SetMode(virtual.Scaled, 3600))
	s.reads("why", "3600倍")
	s.WaitUntil(`document.querySelector('[data-clock-speed="3600"]').getAttribute("aria-pressed") === "true"`)
}

// TestChromiumClockKeyboard moves the clock with the keyboard alone.
func TestChromiumClockKeyboard(t *testing.T) {
	s := newClockSite(t, virtual.Config{At: startOfTest}, 1)
	english(s.Tab)
	tab := func(selector string) {
		t.Helper()
		for range 40 {
			if eval[bool](s.Tab, `document.activeElement.matches('`+selector+`')`) {
				return
			}
			s.Run(chromedp.KeyEvent("\t"))
		}
		t.Fatalf("Tab does not reach %s", selector)
	}
	tab("[data-clock-by=PT1M]")
	s.Run(chromedp.KeyEvent("\r"))
	s.reads("time", "00:01:10")
	tab(".clock-more:has([data-clock-form=date]) summary")
	s.Run(chromedp.KeyEvent("\r"))
	const field = `document.activeElement.matches("[data-clock-form=date] input")`
	s.WaitUntil(field)
	require.Equal(t, "2026-01-01T00:01:10", eval[string](s.Tab, `document.activeElement.value`))
	s.Run(chromedp.KeyEvent("\x1b"))
	s.WaitUntil(`document.activeElement.tagName === "SUMMARY" && !document.activeElement.parentElement.open`)
}

// TestChromiumClockShots looks at the clock at several widths.
func TestChromiumClockShots(t *testing.T) {
	s := newClockSite(t, virtual.Config{Mode: virtual.Scaled, Rate: 60, At: startOfTest}, 3)
	widths := []int64{390, 1280, 2560}
	s.Shoot("clock-ja", widths, func(string) {})
	english(s.Tab)
	s.Shoot("clock-en", widths, func(string) {})
	s.Run(chromedp.EmulateViewport(390, 844))
	s.Press(".clock-open")
	s.Shoot("clock-open", widths, func(string) {})
}
