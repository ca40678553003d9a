// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

// driftInBoth runs a test of a page in both languages.
func driftInBoth(t *testing.T, c virtual.Config, profile string, test func(t *testing.T, r *rig, b *uitest.Tab, japanese bool)) {
	for _, japanese := range []bool{true, false} {
		t.Run(map[bool]string{true: "ja", false: "en"}[japanese], func(t *testing.T) {
			r := newRig(t, c, ready(1, profile))
			b := r.open("/tokens/" + r.serial(1))
			if !japanese {
				english(b)
			}
			test(t, r, b, japanese)
		})
	}
}

// driftEnter gives a field a value, as a person does.
func driftEnter(b *uitest.Tab, id, value string) {
	b.T.Helper()
	eval[bool](b, fmt.Sprintf(`(() => {
		const e = document.getElementById(%q);
		e.value = %q;
		return e.dispatchEvent(new Event("input", { bubbles: true })) && e.dispatchEvent(new Event("change", { bubbles: true }));
	})()`, id, value))
}

// driftSlide moves a slider to a value.
func driftSlide(b *uitest.Tab, id string, value int) { driftEnter(b, id, strconv.Itoa(value)) }

// driftShows waits until a part of the section about the clock has a text.
func driftShows(b *uitest.Tab, part, text string) {
	b.T.Helper()
	b.WaitUntil(fmt.Sprintf(`document.querySelector('[data-drift=%q]').textContent.includes(%q)`, part, text))
}

// driftSettled waits until the page shows the forecast of its sliders.
func driftSettled(b *uitest.Tab, months, celsius int) {
	b.T.Helper()
	b.WaitUntil(fmt.Sprintf(`document.getElementById("token-drift").dataset.then === "%d/%d"`, months, celsius))
}

var driftConfig = virtual.Config{Mode: virtual.Manual}

// driftWord returns the one of two texts that is in the page's language.
func driftWord(japanese bool, ja, en string) string {
	if japanese {
		return ja
	}
	return en
}

// TestChromiumClockError: the error of the clock is a number that a person understands.
func TestChromiumClockError(t *testing.T) {
	driftInBoth(t, driftConfig, "always-on-6", func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		m := r.member(1)
		do := func(op func(*virtual.Token)) {
			_, err := m.Do(op)
			require.NoError(t, err)
		}
		do(func(k *virtual.Token) { k.Skew(-m.Look().Error + 1800e6) })
		driftShows(b, "error", driftWord(ja, "+1.8秒", "+1.8 s"))
		driftShows(b, "steps", driftWord(ja, "+0.03ステップ", "+0.03 steps"))
		driftShows(b, "meaning", driftWord(ja, "進んでいます", "fast"))
		do(func(k *virtual.Token) { k.Skew(-(9*60 + 12 + 1.8) * 1e9) })
		driftShows(b, "error", driftWord(ja, "−9分12秒", "−9 min 12 s"))
		driftShows(b, "steps", driftWord(ja, "−9.2ステップ", "−9.2 steps"))
		driftShows(b, "meaning", driftWord(ja, "遅れています", "slow"))
		driftShows(b, "volts", "3.") // a CR2032 is flat at about 3 V
		do((*virtual.Token).RemoveBattery)
		driftShows(b, "meaning", driftWord(ja, "時刻が失われています", "lost its time"))
		driftShows(b, "condition", driftWord(ja, "電池が入っていません", "no battery"))
	})
}

// TestChromiumForecast: the sliders show the code, the error and the battery that the
// token would have, and whether a server would accept the code; the token stays as it is.
func TestChromiumForecast(t *testing.T) {
	driftInBoth(t, driftConfig, "button-6", func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		m := r.member(1)
		before := m.Look()
		driftSlide(b, "drift-age", 0)
		driftSettled(b, 0, 25)
		driftShows(b, "verdict", driftWord(ja, "受け付けます", "accepts"))
		driftSlide(b, "drift-age", 60)
		driftSlide(b, "drift-celsius", -10)
		driftSettled(b, 60, -10)
		driftShows(b, "age", driftWord(ja, "5年", "5 years"))
		driftShows(b, "celsius", "−10 °C")
		f, err := m.Forecast(5*virtual.Year, -10, 0)
		require.NoError(t, err)
		b.WaitUntil(`document.querySelector(".drift-lcd").getAttribute("aria-label").endsWith("` + spaced(f.Code) + `")`)
		driftShows(b, "verdict", driftWord(ja, "拒否します", "refuses"))
		driftShows(b, "why", strconv.Itoa(int(-f.Offset)))
		driftEnter(b, "drift-window", strconv.Itoa(int(-f.Offset)))
		driftShows(b, "verdict", driftWord(ja, "受け付けます", "accepts"))
		// The error comes from the curve: 35 °C below the turnover it is many minutes.
		driftShows(b, "then error", "−")
		require.Equal(t, before, m.Look())

		driftSlide(b, "drift-age", 144) // the battery is empty by then
		driftSettled(b, 144, -10)
		driftShows(b, "verdict", driftWord(ja, "コードは表示されません", "shows no code"))
		driftShows(b, "why", driftWord(ja, "電源がありません", "no power"))
	})
}

// TestChromiumForecastTable: the plot has a table with the same values, and the plot moves
// the slider.
func TestChromiumForecastTable(t *testing.T) {
	driftInBoth(t, driftConfig, "always-on-6", func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		driftSettled(b, 36, 25)
		b.Press(".drift-table summary")
		b.WaitUntil(`document.querySelectorAll(".drift-table tbody tr").length === 13`)
		require.Equal(t, driftWord(ja, "3年", "3 years"), eval[string](b, `document.querySelectorAll(".drift-table tbody tr")[3].cells[0].textContent`))
		require.Equal(t, eval[string](b, `document.querySelector('[data-drift="then error"]').textContent`),
			eval[string](b, `document.querySelectorAll(".drift-table tbody tr")[3].cells[1].textContent`))
		require.Contains(t, eval[string](b, `document.querySelectorAll(".drift-table tbody tr")[12].textContent`), driftWord(ja, "電源なし", "no power"))
		require.Contains(t, eval[string](b, `document.querySelector('[data-plot="error"]').getAttribute("aria-label")`), driftWord(ja, "3年", "3 years"))
		b.MouseDown(`[data-plot="error"]`) // in its middle
		b.MouseUp(`[data-plot="error"]`)
		b.WaitUntil(`document.getElementById("drift-age").value > 48 && document.getElementById("drift-age").value < 96`)
	})
}

// TestChromiumAged: a person makes the token older, changes its temperature, and removes,
// inserts and replaces its battery.
func TestChromiumAged(t *testing.T) {
	driftInBoth(t, driftConfig, "always-on-6", func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		m := r.member(1)
		driftSlide(b, "drift-age", 36)
		driftSlide(b, "drift-celsius", 40)
		driftSettled(b, 36, 40)
		f, err := m.Forecast(3*virtual.Year, 40, 0)
		require.NoError(t, err)
		b.Press("[data-do=age]")
		waitForMessage(b, driftWord(ja, "3年経過させました", "3 years older"))
		require.Equal(t, f.Error, m.Look().Error)
		require.Equal(t, "0", eval[string](b, `document.getElementById("drift-age").value`))

		b.Press("[data-do=temperature]")
		waitForMessage(b, driftWord(ja, "温度を40 °Cにしました", "at 40 °C"))
		require.InDelta(t, 40, float64(m.Look().Celsius), 0)

		b.Press("[data-do=remove]")
		waitForMessage(b, driftWord(ja, "取り外しました", "is out"))
		require.Equal(t, serialproto.StateDead, m.Look().State)
		b.WaitUntil(`!document.querySelector("[data-do=insert]").disabled && document.querySelector("[data-do=remove]").disabled`)
		b.Press("[data-do=insert]")
		waitForMessage(b, driftWord(ja, "電池を入れました", "is in"))
		require.True(t, m.Look().Powered)
		used := m.Look().Battery
		b.Press("[data-do=replace]")
		waitForMessage(b, driftWord(ja, "新品に交換しました", "new now"))
		require.Greater(t, m.Look().Battery, used)
	})
}

// TestChromiumForecastLive: the forecast follows when another client changes the token.
func TestChromiumForecastLive(t *testing.T) {
	r := newRig(t, driftConfig, ready(1, "always-on-6"))
	b := r.open("/tokens/" + r.serial(1))
	english(b)
	driftSettled(b, 36, 25)
	_, err := r.member(1).Do((*virtual.Token).RemoveBattery)
	require.NoError(t, err)
	driftShows(b, "verdict", "shows no code")
	require.NoError(t, r.fleet.Remove(r.member(1)))
	b.WaitUntil(`document.getElementById("token-drift") !== null`)
}

// TestChromiumClockParts looks at the sections at several widths.
func TestChromiumClockParts(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, fleet.Lot{Ready: true, Profile: "always-on-6", Age: "P1Y"})
	_, err := r.fleet.Attach(r.member(1), "tcp:127.0.0.1:0")
	require.NoError(t, err)
	faults := virtual.TokenFaults{Dead: faultSegments(t, "d1.g", "d1.a", "bar2"), Ghost: faultSegments(t, "d4.d", "batt")}
	_, err = r.member(1).Do(func(k *virtual.Token) { k.SetFaults(faults) })
	require.NoError(t, err)
	b := r.open("/tokens/" + r.serial(1))
	driftSettled(b, 36, 25)
	b.Shoot("token-clock-ja", []int64{390, 1280, 2560}, func(string) {})
	english(b)
	driftSettled(b, 36, 25)
	driftSlide(b, "drift-celsius", -5)
	driftSettled(b, 36, -5)
	b.Shoot("token-clock-en", []int64{390, 1280, 2560}, func(string) {})
}
