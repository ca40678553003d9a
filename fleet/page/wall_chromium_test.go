// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"fmt"
	"math/bits"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/virtual"
)

// newWall serves three lots: five tokens that always show a code, four with a button, and
// two blank ones.
func newWall(t *testing.T) *rig {
	t.Helper()
	spring, autumn := ready(5, "always-on-6"), ready(4, "button-8")
	spring.Name, autumn.Name = "spring", "autumn"
	return newRig(t, virtual.Config{Mode: virtual.Manual}, spring, autumn, fleet.Lot{Count: 2, Profile: "always-on-6"})
}

// openWall opens the wall in English, and waits until it has so many faces.
func (r *rig) openWall(path string, faces int) *uitest.Tab {
	r.t.Helper()
	return r.openWallIn("en", path, faces)
}

func (r *rig) openWallIn(lang, path string, faces int) *uitest.Tab {
	r.t.Helper()
	b := r.open("/")
	if lang == "en" {
		english(b)
	}
	if path != "/" {
		b.Open(path)
	}
	waitFaces(b, faces)
	return b
}

// inBoth runs a test in both languages.
func inBoth(t *testing.T, test func(t *testing.T, lang string, in func(english, japanese string) string)) {
	t.Run("en", func(t *testing.T) {
		test(t, "en", func(english, _ string) string { return english })
	})
	t.Run("ja", func(t *testing.T) {
		test(t, "ja", func(_, japanese string) string { return japanese })
	})
}

func waitFaces(b *uitest.Tab, n int) {
	b.T.Helper()
	b.WaitUntil(fmt.Sprintf(`document.querySelectorAll(".face").length === %d`, n))
}

// names returns the names of the faces in their order.
func names(b *uitest.Tab) []string {
	b.T.Helper()
	return eval[[]string](b, `[...document.querySelectorAll(".face .serial")].map((e) => e.textContent)`)
}

// face is an expression for the face of a token.
func face(tag int) string { return fmt.Sprintf(`document.getElementById("face-%d")`, tag) }

// clickOn clicks in the middle of a part of a face.
func clickOn(b *uitest.Tab, tag int, part string, modifiers ...chromedp.Modifier) {
	b.T.Helper()
	b.Press(fmt.Sprintf("#face-%d %s", tag, part), modifiers...)
}

func waitSelected(b *uitest.Tab, n int) {
	b.T.Helper()
	b.WaitUntil(fmt.Sprintf(`document.querySelectorAll('.face[aria-selected="true"]').length === %d`, n))
}

func spaced(code string) string { return strings.Join(strings.Split(code, ""), " ") }

// TestChromiumWall: the wall shows all tokens as they are, and follows them.
func TestChromiumWall(t *testing.T) {
	r := newWall(t)
	dead, err := virtual.ParseSegments("d0.a")
	require.NoError(t, err)
	r.do(2, func(k *virtual.Token) { k.SetFaults(virtual.TokenFaults{Dead: dead, FlashFail: true}) })
	r.do(3, func(k *virtual.Token) { k.SetTemperature(90) })
	b := r.openWall("/", 11)
	require.Equal(t, "11 tokens", eval[string](b, `document.getElementById("wall-count").textContent`))
	require.Equal(t, r.serial(1), names(b)[0])

	label := func(tag int) string {
		t.Helper()
		return eval[string](b, face(tag)+`.getAttribute("aria-label")`)
	}
	drawn := func(tag int) string { // the lit segments are the darkest path
		b.WaitUntil(face(tag) + `.querySelector(".fob svg path") !== null`)
		return eval[string](b, `[...`+face(tag)+`.querySelectorAll(".fob svg path")]
			.sort((a, b) => b.getAttribute("fill-opacity") - a.getAttribute("fill-opacity"))[0].getAttribute("d")`)
	}
	lit := func(place int) int {
		l := r.member(place).Look().View.Lit
		n := bits.OnesCount8(l.Bars) + bits.OnesCount8(uint8(l.Icons))
		for _, d := range l.Digits {
			n += bits.OnesCount8(d)
		}
		return n
	}
	code, ok := fleet.CodeOn(r.member(1).Look().Reading)
	require.True(t, ok)
	require.Equal(t, r.serial(1)+", always-on-6, Locked, "+spaced(code), label(1))
	require.Equal(t, "always-on-6", eval[string](b, face(1)+`.querySelector(".model").textContent`))
	require.Equal(t, lit(1), strings.Count(drawn(1), "M"), "each segment is an outline")
	require.Contains(t, label(2), "Dead segment, Flash fails")
	require.Equal(t, lit(2), strings.Count(drawn(2), "M"))
	require.Equal(t, 1, strings.Count(drawn(3), "M"), "a hot LCD is black")
	require.Contains(t, label(6), "display off")
	require.Contains(t, label(10), "Blank")
	require.Less(t, eval[int](b, face(1)+`.querySelectorAll(".fob svg *").length`), 4)

	r.world.Advance(time.Minute)
	b.WaitUntil(face(1) + `.getAttribute("aria-label") !== "` + r.serial(1) + ", always-on-6, Locked, " + spaced(code) + `"`)
	next, _ := fleet.CodeOn(r.member(1).Look().Reading)
	b.WaitUntil(face(1) + `.getAttribute("aria-label").includes("` + spaced(next) + `")`)

	b.Run(chromedp.Evaluate[chromedp.Void](face(4) + `.marked = true`))
	_, err = r.fleet.MakeLot(ready(2, "always-on-6"))
	require.NoError(t, err)
	waitFaces(b, 13)
	require.NoError(t, r.fleet.Remove(r.member(1)))
	waitFaces(b, 12)
	b.WaitUntil(`document.getElementById("wall-count").textContent === "12 tokens"`)
	require.True(t, eval[bool](b, face(4)+`.marked`), "the other faces stay")
	require.Equal(t, r.serial(1), names(b)[0])
}

// do performs an operation on a token by its place.
func (r *rig) do(place int, op func(*virtual.Token)) {
	r.t.Helper()
	_, err := r.member(place).Do(op)
	require.NoError(r.t, err)
}

// TestChromiumWallFilter: a person finds tokens, and the address shows the same again.
func TestChromiumWallFilter(t *testing.T) {
	inBoth(t, func(t *testing.T, lang string, in func(english, japanese string) string) {
		r := newWall(t)
		r.do(7, func(k *virtual.Token) { k.SetFaults(virtual.TokenFaults{FlashFail: true}) })
		b := r.openWallIn(lang, "/", 11)
		choose := func(name, value string) {
			t.Helper()
			b.Run(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
				const list = document.querySelector('#wall-filter [name="%s"]');
				list.value = "%s";
				list.dispatchEvent(new Event("change", { bubbles: true }));
			})()`, name, value)))
		}
		wanted := r.serial(3)
		b.Run(chromedp.Focus(chromedp.CSS(`#wall-filter [name="find"]`)))
		b.Key(strings.ToLower(wanted[4:]))
		waitFaces(b, 1)
		require.Equal(t, []string{wanted}, names(b))
		b.WaitUntil(`document.getElementById("wall-count").textContent === "` + in("1 of 11 tokens", "11個中1個") + `"`)
		b.WaitUntil(`location.search === "?find=` + strings.ToLower(wanted[4:]) + `"`) // a part of it may select the same
		b.Key(kb.Enter)
		b.WaitUntil(`document.activeElement.id === "face-3"`)

		b.Run(chromedp.Evaluate[chromedp.Void](`history.back()`))
		waitFaces(b, 11)
		require.Equal(t, "", eval[string](b, `document.querySelector("#wall-filter [name=find]").value`))
		choose("state", "BLANK")
		waitFaces(b, 2)
		choose("state", "")
		waitFaces(b, 11)
		choose("fault", "any")
		waitFaces(b, 1)
		require.Equal(t, []string{r.serial(7)}, names(b))
		r.do(8, func(k *virtual.Token) { k.SetFaults(virtual.TokenFaults{FlashFail: true}) })
		waitFaces(b, 2)
		r.do(7, (*virtual.Token).Mend)
		b.WaitUntil(`document.querySelector(".face .serial").textContent === "` + r.serial(8) + `"`)
		choose("lot", "spring")
		b.WaitUntil(`!document.getElementById("wall-none").hidden`)
		b.Press("#wall-none a")
		waitFaces(b, 11)

		b.Press(`#wall-filter [name="group"]`)
		b.WaitUntil(`document.querySelectorAll(".lot h2:not([hidden])").length === 3`)
		headings := eval[[]string](b, `[...document.querySelectorAll(".lot h2")].map((e) => e.textContent)`)
		require.Equal(t, []string{in("Lot spring 5 tokens", "ロット spring 5個"), in("Lot autumn 4 tokens", "ロット autumn 4個"), in("Lot 3 2 tokens", "ロット 3 2個")}, headings)
		require.Len(t, names(b), 11)
		b.Open("/?group=lot&lot=autumn&state=locked")
		waitFaces(b, 4)
		require.Equal(t, []string{in("Lot autumn 4 tokens", "ロット autumn 4個")}, eval[[]string](b, `[...document.querySelectorAll(".lot h2")].map((e) => e.textContent)`))
		require.Equal(t, "LOCKED", eval[string](b, `document.querySelector("#wall-filter [name=state]").value`))

		b.Open("/?state=broken")
		waitFaces(b, 11)
		require.Contains(t, b.Text(), in("You see all tokens", "すべてのトークンを表示しています"))
	})
}

// waitEvents waits until the log has n events of a kind.
func (r *rig) waitEvents(kind virtual.EventKind, n int) {
	r.t.Helper()
	log := r.fleet.Log()
	for seq := uint64(0); n > 0; {
		changed := log.Changed(seq)
		entries := log.After(nil, seq, 1000)
		for _, e := range entries {
			if seq = e.Seq; e.Kind == kind {
				n--
			}
		}
		if len(entries) == 0 && n > 0 {
			<-changed
		}
	}
}

// TestChromiumWallPress: a person presses tokens on the wall, with the mouse and with a key.
func TestChromiumWallPress(t *testing.T) {
	inBoth(t, func(t *testing.T, lang string, in func(english, japanese string) string) {
		r := newWall(t)
		b := r.openWallIn(lang, "/", 11)
		clickOn(b, 6, ".press")
		b.WaitUntil(`/(\d ){7}\d/.test(` + face(6) + `.getAttribute("aria-label"))`)
		require.EqualValues(t, 1, r.member(6).Look().Presses)
		require.Equal(t, "false", eval[string](b, face(6)+`.getAttribute("aria-selected")`))
		b.Key(kb.ArrowRight)
		b.Key("p")
		b.WaitUntil(`/(\d ){7}\d/.test(` + face(7) + `.getAttribute("aria-label"))`)
		b.Key("o")
		r.waitEvents(virtual.EventHold, 1)
		b.Key(kb.Home)
		b.Key("p")
		waitForMessage(b, in("has no button", "ボタンがありません"))
	})
}

// TestChromiumWallKeys: the keyboard alone moves over the faces, selects and opens them.
func TestChromiumWallKeys(t *testing.T) {
	r := newWall(t)
	b := r.openWall("/?group=lot", 11)
	b.Run(chromedp.Focus(chromedp.CSS("#wall-help-open")))
	b.Run(chromedp.KeyEvent(kb.Tab))
	focused := func() string { return eval[string](b, `document.activeElement.id`) }
	require.Equal(t, "face-1", focused(), "Tab goes from the filter to the faces")
	require.Contains(t, eval[string](b, `getComputedStyle(document.activeElement).outlineStyle`), "solid")
	b.Key(kb.ArrowDown) // lines of four
	require.Equal(t, "face-5", focused())
	b.Key(kb.ArrowDown)
	require.Equal(t, "face-6", focused(), "the next lot")
	b.Key(kb.ArrowUp)
	b.Key(kb.ArrowUp)
	require.Equal(t, "face-1", focused())
	b.Key(kb.ArrowRight)
	require.Equal(t, "face-2", focused())
	b.Key(kb.End)
	require.Equal(t, "face-11", focused())
	b.Key(kb.Home)
	b.Key(" ")
	waitSelected(b, 1)
	b.Key(kb.ArrowRight, chromedp.ModifierShift)
	b.Key(kb.ArrowRight, chromedp.ModifierShift)
	waitSelected(b, 3)
	b.WaitUntil(`document.getElementById("wall-selected").textContent === "3 selected"`)
	b.Key("a", chromedp.ModifierCtrl)
	waitSelected(b, 11)
	b.Key(kb.Escape)
	waitSelected(b, 0)
	b.WaitUntil(`document.getElementById("wall-bar").hidden`)
	b.Key("?")
	b.WaitUntil(`document.getElementById("wall-help").open`)
	b.Key(kb.Escape)
	b.WaitUntil(`!document.getElementById("wall-help").open`)
	b.Key("/")
	require.Equal(t, "find", eval[string](b, `document.activeElement.name`))
	require.Empty(t, eval[string](b, `document.activeElement.value`), "the key goes to the field, and types nothing")
	b.Key(kb.ArrowDown)
	require.Equal(t, "face-3", focused(), "the focus comes back")
	require.NoError(t, r.fleet.Remove(r.member(3)))
	b.WaitUntil(`document.activeElement.id === "face-4"`)
	b.Follow(chromedp.KeyEvent(kb.Enter))
	require.Contains(t, eval[string](b, `document.querySelector("h1").textContent`), r.serial(3))
}

// TestChromiumWallMany: more tokens than a page has are on the next one, and one action
// reaches all of them.
func TestChromiumWallMany(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(1003, "always-on-6"))
	b := r.openWall("/", 1000)
	b.WaitUntil(`document.getElementById("wall-count").textContent === "1,000 of 1,003 tokens"`)
	require.Less(t, eval[int](b, `document.querySelectorAll(".fob svg path").length`), 500, "only faces in view are drawn")
	clickOn(b, 1, ".model")
	b.WaitUntil(`document.querySelector("#wall-bar [value=all]").textContent === "Select all that match"`)
	b.Press("#wall-bar [value=all]")
	b.WaitUntil(`document.getElementById("wall-selected").textContent === "1,003 selected"`)
	act(b, "remove", "") // the tokens of both pages
	waitForMessage(b, "1,003 tokens removed")
	b.WaitUntil(`!document.getElementById("start").hidden && document.getElementById("wall").hidden`)
	require.Zero(t, r.fleet.Len())
	_, err := r.fleet.MakeLot(ready(1003, "always-on-6"))
	require.NoError(t, err)
	waitFaces(b, 1000)
	require.True(t, eval[bool](b, `document.getElementById("wall-bar").hidden`), "no token is selected")

	b.Click(`#wall-pager [rel="next"]`)
	waitFaces(b, 3)
	require.Equal(t, r.serial(1001), names(b)[0])
	b.Click(`#wall-pager [rel="prev"]`)
	waitFaces(b, 1000)
	require.Equal(t, r.serial(1), names(b)[0])
}

// act does something to the selected tokens with the dialog of an action.
func act(b *uitest.Tab, name, fill string) {
	b.T.Helper()
	b.Press(`#wall-bar [data-dialog="wall-` + name + `"]`)
	b.WaitUntil(`document.getElementById("wall-` + name + `").open`)
	if fill != "" {
		b.Run(chromedp.Evaluate[chromedp.Void](`(() => {
			const form = document.querySelector("#wall-` + name + ` form").elements;
			` + fill + `;
			for (const field of form) field.dispatchEvent(new Event("change", { bubbles: true }));
		})()`))
	}
	b.Press(`#wall-` + name + ` [value="ok"]`)
}

// TestChromiumWallActions: each action reaches all selected tokens, and failures are listed.
func TestChromiumWallActions(t *testing.T) {
	inBoth(t, func(t *testing.T, lang string, in func(english, japanese string) string) {
		r := newWall(t)
		b := r.openWallIn(lang, "/", 11)
		said := func(english, japanese string) {
			t.Helper()
			waitForMessage(b, in(english, japanese))
		}
		clickOn(b, 6, ".model")
		clickOn(b, 9, ".model", chromedp.ModifierShift)
		waitSelected(b, 4)
		b.Press("#wall-bar [value=press]")
		said("4 tokens pressed.", "4個のボタンを押しました。")
		require.EqualValues(t, 1, r.member(9).Look().Presses)
		age := r.member(6).Look().Battery
		act(b, "age", `form.years.value = "2"; form.months.value = "6"`)
		said("4 tokens are older.", "4個を経年させました。")
		require.Less(t, r.member(6).Look().Battery, age)
		act(b, "temperature", `form.celsius.value = "40"`)
		said("4 tokens have the temperature.", "4個の温度を変更しました。")
		r.waitEvents(virtual.EventTemperature, 4)
		act(b, "battery", `form.do.value = "remove"`)
		said("Batteries of 4 tokens changed.", "4個の電池を操作しました。")
		require.False(t, r.member(6).Look().Powered)
		act(b, "battery", `form.do.value = "replace"`)
		said("Batteries of 4 tokens changed.", "4個の電池を操作しました。")
		b.WaitUntil(face(6) + `.getAttribute("aria-label").includes("` + in("Dead", "電源なし") + `")`)
		act(b, "snapshot", `form.name.value = "before"`)
		said("Snapshot before has 4 tokens.", "スナップショット「before」に4個を保存しました。")
		snapshot, err := r.fleet.Snapshot("before")
		require.NoError(t, err)
		require.Equal(t, 4, snapshot.Len())

		clickOn(b, 1, ".model") // six digits
		waitSelected(b, 5)
		b.Press("#wall-bar [value=press]")
		said("4 tokens pressed. 1 has no button.", "4個のボタンを押しました。 1個にはボタンがありません。")
		require.Zero(t, r.member(1).Look().Presses)
		act(b, "faults", `form.fault.value = "dead"; form.segment.value = "d7.a"`)
		said("1 failed.", "1個は失敗しました。")
		require.Contains(t, eval[string](b, `document.getElementById("wall-failures").textContent`), r.serial(1)+": ")
		b.WaitUntil(face(6) + `.getAttribute("aria-label").includes("` + in("Dead segment", "点灯不良") + `")`)
		b.Press("#wall-failures [value=select]")
		waitSelected(b, 1)
		act(b, "faults", `form.fault.value = "flash_fail"`)
		said("Faults of 1 token changed.", "1個の故障を変更しました。")
		b.WaitUntil(face(1) + `.getAttribute("aria-label").includes("` + in("Flash fails", "フラッシュ不良") + `")`)
		act(b, "faults", `form.fault.value = "none"`)
		said("Faults of 1 token changed.", "1個の故障を変更しました。")
		b.WaitUntil(`!` + face(1) + `.getAttribute("aria-label").includes("` + in("Flash fails", "フラッシュ不良") + `")`)

		b.Press(`#wall-bar [data-dialog="wall-remove"]`)
		b.Press(`#wall-remove [value=""]`)
		require.Equal(t, 11, r.fleet.Len())
		act(b, "remove", "")
		said("1 token removed.", "1個を削除しました。")
		waitFaces(b, 10)
		require.Equal(t, 10, r.fleet.Len())
	})
}

// TestChromiumWallStop: a person stops an action, and learns how far it got.
func TestChromiumWallStop(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(11, "button-8"))
	b := r.openWall("/", 11)
	clickOn(b, 1, ".model")
	b.Press("#wall-bar [value=all]")
	waitSelected(b, 11)
	release := make(chan struct{})
	var held, busy sync.WaitGroup
	for place := 3; place <= 6; place++ { // as many as the page presses at once
		held.Add(1)
		busy.Go(func() {
			r.member(place).Token.Look(func(virtual.Reading) {
				held.Done()
				<-release
			})
		})
	}
	held.Wait()
	b.Press("#wall-bar [value=press]")
	b.WaitUntil(`document.querySelector("#wall-progress span").textContent === "2 of 11"`)
	b.Press("#wall-progress [value=stop]")
	close(release)
	busy.Wait()
	waitForMessage(b, "6 tokens pressed. Stopped: 5 were left as they are.")
	r.waitEvents(virtual.EventPress, 6)
}

// TestChromiumWallMotion: countdowns stand still with the clock, and are numbers if motion
// is reduced.
func TestChromiumWallMotion(t *testing.T) {
	r := newWall(t)
	b := r.openWall("/", 11)
	length := face(1) + `.querySelector(".track i").style.transform`
	b.WaitUntil(length + ` !== ""`)
	before := eval[string](b, length)
	left := r.member(1).Look().Left
	r.world.Advance(10 * time.Second)
	b.WaitUntil(length + ` !== "` + before + `"`)
	want := float64(left-10*time.Second) / float64(time.Minute)
	if want <= 0 {
		want++
	}
	b.WaitUntil(fmt.Sprintf(`Math.abs(Number(%s.match(/[\d.]+/)[0]) - %f) < 0.02`, length, want))
	b.System("prefers-reduced-motion", "reduce")
	b.WaitUntil(fmt.Sprintf(`%s.querySelector(".track b").textContent === "%d s left"`, face(1), int(want*60+0.999)))
	require.Zero(t, eval[int](b, `document.getAnimations().length`))
}

// TestChromiumWallLooks: the wall fits every screen, in both languages and schemes.
func TestChromiumWallLooks(t *testing.T) {
	r := newWall(t)
	r.do(2, func(k *virtual.Token) { k.SetFaults(virtual.TokenFaults{FlashFail: true}) })
	r.do(7, (*virtual.Token).Press)
	b := r.open("/")
	for _, lang := range []string{"ja", "en"} {
		if lang == "en" {
			english(b)
		}
		waitFaces(b, 11)
		clickOn(b, 3, ".model")
		waitSelected(b, 1)
		b.WaitUntil(face(1) + `.querySelector(".fob svg path") !== null`)
		b.Shoot("wall-"+lang, []int64{390, 1280, 2560, 3840}, func(at string) {
			require.Empty(t, b.Axe(), at)
		})
	}
}
