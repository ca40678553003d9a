// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"encoding/hex"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/page"
	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// patience is a time limit for events that must happen.
const patience = 5 * time.Minute

// inBothLanguages runs a test on the page of the first token of a lot.
func inBothLanguages(t *testing.T, c virtual.Config, lot fleet.Lot, test func(t *testing.T, r *rig, b *uitest.Tab, english bool)) {
	for _, lang := range []string{"ja", "en"} {
		t.Run(lang, func(t *testing.T) {
			r := newRig(t, c, lot)
			b := r.open(r.tokenPath(1))
			if lang == "en" {
				english(b)
			}
			b.WaitUntil(`fob.token.now !== null`)
			test(t, r, b, lang == "en")
		})
	}
}

// tokenPath returns the path of a token's page.
func (r *rig) tokenPath(place int) string {
	id := r.member(place).Token.HardwareID()
	return "/tokens/" + hex.EncodeToString(id[:])
}

// agree gives the first answer in a dialog.
func agree(b *uitest.Tab, dialog string) {
	b.T.Helper()
	b.WaitUntil(`document.querySelector("` + dialog + `").open`)
	b.Press(dialog + ` [value="yes"]`)
}

// happens waits until the log has n events of a kind.
func (r *rig) happens(kind virtual.EventKind, n int) {
	r.t.Helper()
	for {
		seq, found := r.fleet.Log().Seq(), 0
		for _, e := range r.fleet.Log().After(nil, 0, 10_000) {
			if e.Kind == kind {
				found++
			}
		}
		if found >= n {
			return
		}
		select {
		case <-r.fleet.Log().Changed(seq):
		case <-time.After(patience):
			r.t.Fatalf("%d events of kind %v, want %d", found, kind, n)
		}
	}
}

// shown waits until the page's list of events has n of a kind.
func shown(b *uitest.Tab, kind string, n int) {
	b.T.Helper()
	b.WaitUntil(fmt.Sprintf(`document.querySelectorAll("#token-log [data-event=%s]").length === %d`, kind, n))
}

// TestChromiumTokenButton presses and holds the button with the mouse, a finger and the
// keyboard. A hold ends when the pointer leaves, the window loses the focus or the page
// closes.
func TestChromiumTokenButton(t *testing.T) {
	inBothLanguages(t, virtual.Config{Mode: virtual.Real}, ready(1, "button-6"), func(t *testing.T, r *rig, b *uitest.Tab, english bool) {
		why := map[bool]string{false: "ボタンを押してください", true: "Press the button"}[english]
		require.Contains(t, eval[string](b, `document.getElementById("token-why").textContent`), why)

		// The events of a click come at once: on a slow machine, a real one would be a hold.
		eval[bool](b, `(() => {
			const button = document.querySelector("#token-front .fob-button circle");
			for (const type of ["pointerdown", "pointerup"]) {
				button.dispatchEvent(new PointerEvent(type, { bubbles: true, isPrimary: true, button: 0 }));
			}
			return true;
		})()`)
		texts := uitest.WaitFor[[]string](b, `document.getElementById("token-code").dataset.has === "yes" &&
			[document.getElementById("token-digits").textContent.replace(" ", ""), document.getElementById("token-spoken").textContent]`)
		code, spoken := texts[0], texts[1]
		require.Regexp(t, `^\d{6}$`, code)
		require.Contains(t, spoken, " "+strings.Join(strings.Split(code, ""), " ")+map[bool]string{false: "、残り", true: ", "}[english])
		shown(b, "press", 1)

		holds := 0
		held := func() {
			holds++
			r.happens(virtual.EventHold, 2*holds-1)
			b.WaitUntil(`document.getElementById("token").dataset.down === "yes"`)
		}
		ended := func() {
			b.WaitUntil(`!("down" in document.getElementById("token").dataset)`)
			r.happens(virtual.EventHold, 2*holds) // which lets it go
			r.happens(virtual.EventRelease, holds)
		}
		b.MouseDown("#token-front .fob-button")
		held()
		b.MouseAway()
		ended()
		b.MouseUp("h1")

		b.Run(chromedp.Focus(chromedp.CSS("#token-press")))
		b.SpaceDown()
		held()
		b.SpaceUp()
		ended()
		b.SpaceDown()
		held()
		eval[bool](b, `window.dispatchEvent(new Event("blur"))`)
		ended()
		b.SpaceUp()

		b.Touch("#token-press")
		held()
		b.TouchMove(1, 1)
		ended()
		b.TouchEnd()

		eval[bool](b, `(() => {
			for (const type of ["keydown", "keyup"]) {
				document.getElementById("token-press").dispatchEvent(new KeyboardEvent(type, { key: "Enter", bubbles: true }));
			}
			document.getElementById("token-press").click(); // as a screen reader does
			return true;
		})()`)
		shown(b, "press", 3)

		b.MouseDown("#token-press")
		held()
		b.Open("/")
		r.happens(virtual.EventHold, 2*holds)
		r.happens(virtual.EventRelease, holds)
	})
}

// TestChromiumTokenCode copies the code, also if the browser refuses, and watches the
// countdown, which stands with the clock.
func TestChromiumTokenCode(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 20, 0, time.UTC)
	inBothLanguages(t, virtual.Config{At: at}, ready(1, "always-on-6"), func(t *testing.T, r *rig, b *uitest.Tab, english bool) {
		b.WaitUntil(`document.getElementById("token-code").dataset.has === "yes"`)
		code := strings.TrimSpace(r.member(1).Look().Text)
		require.Equal(t, code[:3]+" "+code[3:], eval[string](b, `document.getElementById("token-digits").textContent`))
		left := func(seconds int) {
			b.WaitUntil(fmt.Sprintf(`document.getElementById("token-seconds").textContent === "%d"`, seconds))
		}
		left(40)
		require.Nil(t, eval[any](b, `document.getElementById("token-press")`), "it has no button")

		permit := func(setting browser.PermissionSetting) {
			uitest.Call(b, browser.SetPermission, browser.SetPermissionParams{
				Permission: &browser.PermissionDescriptor{Name: "clipboard-write"}, Setting: setting,
			})
		}
		permit("granted")
		b.Press("#token-copy")
		waitForMessage(b, map[bool]string{false: "コピーしました", true: "in the clipboard"}[english])
		permit("denied")
		b.Press("#token-copy")
		waitForMessage(b, map[bool]string{false: "許可しませんでした", true: "did not allow"}[english])
		require.Equal(t, code, eval[string](b, `getSelection().toString().replace(" ", "")`), "it is selected")

		r.world.Advance(36 * time.Second)
		left(4)
		b.WaitUntil(`document.getElementById("token-ring").classList.contains("late")`)
		r.world.Advance(4 * time.Second)
		left(60)
		next := strings.TrimSpace(r.member(1).Look().Text)
		require.NotEqual(t, code, next)
		b.WaitUntil(fmt.Sprintf(`document.getElementById("token-digits").textContent.replace(" ", "") === %q`, next))

		b.Press("#token-flip")
		require.True(t, eval[bool](b, `document.getElementById("token-front").hidden && !document.getElementById("token-back").hidden`))
		require.Contains(t, eval[string](b, `document.getElementById("token-back").textContent`), r.serial(1))
		year, month, day := r.member(1).Look().Expiry.Date()
		require.Contains(t, eval[string](b, `document.getElementById("token-back").textContent`),
			fmt.Sprintf("EXP %02d/%02d/%02d", month, day, year%100), "as real tokens print it")
		b.Press("#token-flip")
		require.False(t, eval[bool](b, `document.getElementById("token-front").hidden`))
	})
}

// TestChromiumTokenPorts attaches a port, records its wire while a host talks, disturbs
// its line, unplugs, replugs and removes it.
func TestChromiumTokenPorts(t *testing.T) {
	inBothLanguages(t, virtual.Config{}, ready(1, "button-6"), func(t *testing.T, r *rig, b *uitest.Tab, english bool) {
		word := func(ja, en string) string { return map[bool]string{false: ja, true: en}[english] }
		b.WaitUntil(`!document.getElementById("token-port-none").hidden`)
		b.Press("#token-attach button")
		waitForMessage(b, "tcp:127.0.0.1:")
		at := `[data-port="p1"] `
		b.WaitUntil(`document.querySelector('` + at + `.tag')?.textContent.includes("` + word("接続中", "plugged in") + `")`) // the list follows the message

		b.WaitUntil(`!document.getElementById("token-wire-tools").hidden`)
		b.Press("#token-wire-record")
		b.WaitUntil(`document.getElementById("token-wire-record").textContent === "` + word("記録を止める", "Stop recording") + `"`)
		p, err := r.fleet.Port("p1")
		require.NoError(t, err)
		require.True(t, p.Tap().On())
		conn, err := port.Open(t.Context(), p.Addr())
		require.NoError(t, err)
		c := host.New(conn, host.WithTimeout(patience))
		_, err = c.Info(t.Context())
		require.NoError(t, err)
		_, _, err = c.Clock(t.Context())
		require.Error(t, err, "the token is locked")
		b.WaitUntil(`[...document.querySelectorAll("#token-messages .token-what")].some((e) => e.textContent.includes("token info") && e.textContent.includes("LOCKED"))`)
		b.WaitUntil(`[...document.querySelectorAll("#token-messages .token-what")].some((e) => e.textContent.includes("err 64 3") && e.textContent.includes("` +
			word("トークンはロックされています", "the token is locked") + `"))`)
		require.NoError(t, conn.Close())
		shown(b, "host-off", 1)
		require.Equal(t, "/v1/ports/p1/wire?format=pcapng", eval[string](b, `document.getElementById("token-wire-pcapng").getAttribute("href")`))

		b.Press(at + `[data-act="line"]`)
		b.Fill("#token-line-p1-in-drop", "0.25")
		b.Press(at + `form [type="submit"]`)
		waitForMessage(b, word("故障を設定しました", "has these faults now"))
		in, out := p.Faults().Get()
		require.Equal(t, 0.25, in.Drop)
		require.Zero(t, out.Drop)
		b.Fill("#token-line-p1-out-stall", "PT2S")
		b.Press(at + `form [type="submit"]`) // refused: it has no stall_at
		b.WaitUntil(`document.getElementById("say").classList.contains("bad")`)
		b.Press(at + `[data-act="mend"]`)
		waitForMessage(b, word("故障を取り除きました", "has no faults"))
		in, _ = p.Faults().Get()
		require.Zero(t, in.Drop)

		b.Press(at + `[data-act="plug"]`)
		waitForMessage(b, word("取り外しました", "is unplugged"))
		require.Empty(t, p.Addr())
		b.Press(at + `[data-act="plug"]`)
		waitForMessage(b, word("に接続しました", "is plugged in at"))
		require.NotEmpty(t, p.Addr())

		b.Press(at + `[data-act="rm"]`)
		agree(b, "#token-ask-dialog")
		waitForMessage(b, word("ポートp1を削除しました", "Port p1 was removed"))
		_, err = r.fleet.Port("p1")
		require.ErrorIs(t, err, fleet.ErrNotFound)
	})
}

// TestChromiumTokenEvents reads the log: newest first, live, and with a filter.
func TestChromiumTokenEvents(t *testing.T) {
	inBothLanguages(t, virtual.Config{}, ready(2, "button-6"), func(t *testing.T, r *rig, b *uitest.Tab, english bool) {
		word := func(ja, en string) string { return map[bool]string{false: ja, true: en}[english] }
		r.member(1).Token.SetTemperature(-12.5)
		r.member(1).Token.Skew(-90 * time.Second)
		r.member(2).Token.Press() // another token
		r.member(1).Token.Press()
		shown(b, "press", 1)
		shown(b, "temperature", 1)
		first := eval[string](b, `document.querySelector("#token-log li span").textContent`)
		require.Contains(t, []string{word("表示されました。", "The display went on."), word("ボタンが押されました。", "The button was pressed.")}, first)
		text := eval[string](b, `document.getElementById("token-log").textContent`)
		require.Contains(t, text, word("温度が-12.5 °Cになりました。", "The temperature is now -12.5 °C."))
		require.Contains(t, text, word("時計が1分30秒遅れました。", "The clock was moved back by 1 min 30 s."))

		eval[bool](b, `document.getElementById("token-event-kind").value = "button", document.getElementById("token-event-kind").dispatchEvent(new Event("change"))`)
		shown(b, "temperature", 0)
		shown(b, "press", 1)
		eval[bool](b, `document.getElementById("token-event-kind").value = "", document.getElementById("token-event-kind").dispatchEvent(new Event("change"))`)
		b.Fill("#token-event-find", "12.5")
		shown(b, "press", 0)
		shown(b, "temperature", 1)
		r.member(1).Token.SetTemperature(12.5)
		shown(b, "temperature", 2)
	})
}

// TestChromiumTokenSnapshots takes a snapshot, goes back to it, and makes a copy.
func TestChromiumTokenSnapshots(t *testing.T) {
	inBothLanguages(t, virtual.Config{}, ready(1, "button-6"), func(t *testing.T, r *rig, b *uitest.Tab, english bool) {
		word := func(ja, en string) string { return map[bool]string{false: ja, true: en}[english] }
		take := func() { b.Fill("#token-snap-name", "before\r") }
		take()
		waitForMessage(b, word("beforeを保存しました", "before was taken"))
		at := `[data-name="before"] `
		r.member(1).Token.Press()
		b.WaitUntil(`document.querySelector("[data-fact=presses]").textContent === "1"`)
		b.Press(at + `[data-act="restore"]`)
		b.WaitUntil(`document.getElementById("token-ask-dialog").open`)
		b.Press(`#token-ask-dialog [value="no"]`)
		b.Press(at + `[data-act="restore"]`)
		agree(b, "#token-ask-dialog")
		waitForMessage(b, word("beforeを復元しました", "as in snapshot before"))
		b.WaitUntil(`document.querySelector("[data-fact=presses]").textContent === "0"`)

		b.Press(at + `[data-act="fork"]`)
		waitForMessage(b, word("beforeを複製しました", "before was forked"))
		require.Equal(t, 2, r.fleet.Len())
		require.Equal(t, r.tokenPath(2), eval[string](b, `document.querySelector("#token-forked a").getAttribute("href")`))

		take() // a name that exists
		b.WaitUntil(`document.getElementById("token-ask-dialog").open`)
		b.Press(`#token-ask-dialog [value="no"]`)
		b.Press(at + `[data-act="drop"]`)
		agree(b, "#token-ask-dialog")
		b.WaitUntil(`!document.getElementById("token-snap-none").hidden`)
		require.Empty(t, r.fleet.Snapshots())

		b.Click("#token-forked a")
		b.WaitUntil(isLive)
		require.Equal(t, r.tokenPath(2), b.Path())
		b.Open("/tokens/" + r.serial(1)) // two tokens have it
		require.Equal(t, "/?find="+r.serial(1), b.Path())
	})
}

// TestChromiumTokenSeed shows the QR code and saves the seed only if that is allowed.
func TestChromiumTokenSeed(t *testing.T) {
	inBothLanguages(t, virtual.Config{}, ready(1, "button-6"), func(t *testing.T, r *rig, b *uitest.Tab, english bool) {
		word := func(ja, en string) string { return map[bool]string{false: ja, true: en}[english] }
		require.Nil(t, eval[any](b, `document.querySelector("#token-qr-place svg")`), "not before a person asks")
		b.Press("#token-qr")
		b.WaitUntil(`document.querySelector("#token-qr-place svg path") !== null`)
		require.Equal(t, "true", eval[string](b, `document.getElementById("token-qr").getAttribute("aria-expanded")`))
		b.Press("#token-qr")
		b.WaitUntil(`document.querySelector("#token-qr-place svg") === null`)
		b.Press("#token-export button")
		waitForMessage(b, word("シードファイルを保存しました", "was saved"))

		closed := page.New(r.fleet, page.Options{Key: testKey, Event: func(err error) { t.Error(err) }})
		server := httptest.NewServer(closed)
		t.Cleanup(func() { // after the tab: its page still sends requests
			server.CloseClientConnections()
			server.Close()
		})
		other := uitest.NewTab(t, server.URL)
		other.Open(closed.NewLink())
		other.Open(r.tokenPath(1))
		other.WaitUntil(isLive)
		require.Nil(t, eval[any](other, `document.getElementById("token-qr")`))
		require.Contains(t, eval[string](other, `document.getElementById("token-seed").textContent`), "--allow-seed-export")
	})
}

// TestChromiumTokenRemoved removes a token on its page, which another person has open.
func TestChromiumTokenRemoved(t *testing.T) {
	inBothLanguages(t, virtual.Config{}, ready(1, "button-6"), func(t *testing.T, r *rig, b *uitest.Tab, english bool) {
		word := func(ja, en string) string { return map[bool]string{false: ja, true: en}[english] }
		other := r.open(r.tokenPath(1))
		b.Press("#token-remove")
		b.WaitUntil(`document.getElementById("token-remove-dialog").open`)
		b.Press(`#token-remove-dialog [value="no"]`)
		require.Equal(t, 1, r.fleet.Len())
		b.Press("#token-remove")
		agree(b, "#token-remove-dialog")
		for _, tab := range []*uitest.Tab{b, other} {
			tab.WaitUntil(`!document.getElementById("token-gone").hidden`)
			require.True(t, eval[bool](tab, `[...document.querySelectorAll(".token-live :is(button, input, select)")].every((e) => e.disabled)`))
			require.Equal(t, "token-gone", eval[string](tab, `document.activeElement.id`))
		}
		require.Contains(t, b.Text(), word("このトークンは削除されました", "This token was removed"))
		require.Zero(t, r.fleet.Len())
		b.Click("#token-gone a")
		require.Equal(t, "/", b.Path())
	})
}

// TestChromiumTokenStates reads the pages of tokens without a code, with the reason.
func TestChromiumTokenStates(t *testing.T) {
	inBothLanguages(t, virtual.Config{}, fleet.Lot{Count: 2, Profile: "button-6"}, func(t *testing.T, r *rig, b *uitest.Tab, english bool) {
		word := func(ja, en string) string { return map[bool]string{false: ja, true: en}[english] }
		why := func(state, text string) {
			b.WaitUntil(`document.getElementById("token").dataset.state === "` + state + `"`)
			require.Contains(t, eval[string](b, `document.getElementById("token-why").textContent`), text)
			require.False(t, eval[bool](b, `document.getElementById("token-advice").hidden`))
			require.True(t, eval[bool](b, `document.getElementById("token-copy").disabled`))
		}
		why("BLANK", word("シードが書き込まれていない", "A blank token"))
		id := r.member(1).Token.HardwareID()
		require.Equal(t, hex.EncodeToString(id[:]), eval[string](b, `document.querySelector("h1").textContent`), "it has no serial number")
		require.Equal(t, word("未登録", "none yet"), eval[string](b, `document.querySelector("[data-fact=serial]").textContent`))
		require.False(t, eval[bool](b, `document.getElementById("token-seed-none").hidden`))

		_, err := r.fleet.MakeLot(ready(1, "button-6"))
		require.NoError(t, err)
		r.member(3).Token.RemoveBattery()
		b.Open(r.tokenPath(3))
		b.WaitUntil(isLive + ` && fob.token.now !== null`)
		why("DEAD", word("電池", "dead"))
	})
}

// TestChromiumTokenShots: the page of a token on a phone, a desk and a large screen, with
// everything open.
func TestChromiumTokenShots(t *testing.T) {
	r := newRig(t, virtual.Config{}, ready(3, "button-6"))
	p, err := r.fleet.Attach(r.member(1), "tcp:127.0.0.1:0")
	require.NoError(t, err)
	_, err = r.fleet.Attach(r.member(1), "tcp:127.0.0.1:0")
	require.NoError(t, err)
	p.Tap().Start()
	conn, err := port.Open(t.Context(), p.Addr())
	require.NoError(t, err)
	c := host.New(conn, host.WithTimeout(patience))
	_, err = c.Info(t.Context())
	require.NoError(t, err)
	require.Error(t, c.SetClock(t.Context(), time.Unix(0, 0)))
	_, err = conn.Write([]byte("\x06\x09AAsCAAABAACPBaDesg==\n\x04\x14x\n"))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	r.fleet.TakeSnapshot("before", r.member(1))
	r.member(1).Token.Press()
	b := r.open(r.tokenPath(1))
	unfold := func() {
		b.WaitUntil(`document.getElementById("token-code").dataset.has === "yes" && document.querySelector("[data-name]") !== null && document.querySelectorAll("#token-messages [data-kind=error]").length === 2`)
		b.Press(`[data-port="p1"] [data-act="line"]`)
		b.Press("#token-qr")
		b.WaitUntil(`document.querySelector("#token-qr-place svg") !== null`)
		eval[bool](b, `document.querySelector("#token-messages details").open = true, scrollTo(0, 0), true`)
	}
	unfold()
	b.Shoot("token", []int64{390, 1280, 2560}, func(at string) {
		require.Empty(t, b.Axe(), at)
	})
	english(b)
	unfold()
	b.Press("#token-flip")
	eval[bool](b, `scrollTo(0, 0), true`)
	b.Shoot("token-en", []int64{390, 1280}, func(at string) {
		require.Empty(t, b.Axe(), at)
	})
}
