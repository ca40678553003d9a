// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/virtual"
)

// faultsSynced waits until the page has sent its changes, and checks the faults of the token.
func faultsSynced(b *uitest.Tab, r *rig, want virtual.TokenFaults) {
	b.T.Helper()
	b.WaitUntil(`!document.getElementById("token-faults").dataset.busy`)
	require.Equal(b.T, want, r.member(1).Look().Faults)
}

// faultSegments returns the segments with the names.
func faultSegments(t testing.TB, names ...string) virtual.Segments {
	s, err := virtual.ParseSegments(names...)
	require.NoError(t, err)
	return s
}

// faultsInBoth runs a test of the faults in both languages. The section is closed at first,
// because the token has none.
func faultsInBoth(t *testing.T, profile string, test func(t *testing.T, r *rig, b *uitest.Tab, ja bool)) {
	driftInBoth(t, driftConfig, profile, func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		faultsOpen(b)
		test(t, r, b, ja)
	})
}

// faultsOpen opens the section of the faults.
func faultsOpen(b *uitest.Tab) {
	b.T.Helper()
	b.WaitUntil(`document.querySelector(".fault-part") !== null && !document.querySelector("#token-faults details").open`)
	b.Press("#token-faults summary")
	b.WaitUntil(`document.querySelector("#token-faults details").open`)
}

// TestChromiumSegments: a click on a segment of the drawn display makes it dead, another
// one a ghost, and a third one mends it.
func TestChromiumSegments(t *testing.T) {
	faultsInBoth(t, "always-on-6", func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		const bar = `.fault-part[data-name="bar1"]`
		labelled := func(text string) {
			b.WaitUntil(fmt.Sprintf(`document.querySelector('%s').getAttribute("aria-label").includes(%q)`, bar, text))
		}
		labelled(driftWord(ja, "正常", "works"))
		b.Press(bar)
		labelled(driftWord(ja, "点灯しない", "never on"))
		faultsSynced(b, r, virtual.TokenFaults{Dead: faultSegments(t, "bar1")})
		b.Press(bar)
		labelled(driftWord(ja, "点灯したまま", "always on"))
		faultsSynced(b, r, virtual.TokenFaults{Ghost: faultSegments(t, "bar1")})
		b.Press(bar)
		labelled(driftWord(ja, "正常", "works"))
		faultsSynced(b, r, virtual.TokenFaults{})

		b.Press(`.fault-part[data-name="tick"]`)
		faultsSynced(b, r, virtual.TokenFaults{Dead: faultSegments(t, "tick")})
		b.Press("[data-fault-do=mend]")
		faultsSynced(b, r, virtual.TokenFaults{})
		b.WaitUntil(`document.querySelector("[data-fault-do=mend]").disabled`)
	})
}

// TestChromiumFaultsOldAnswer: an answer from before a change, which comes after it, does not
// take the change back on the page.
func TestChromiumFaultsOldAnswer(t *testing.T) {
	r := newRig(t, driftConfig, ready(1, "always-on-6"))
	b := r.open("/tokens/" + r.serial(1))
	faultsOpen(b)
	b.WaitUntil(`!document.getElementById("token-faults").dataset.busy`)
	eval[bool](b, `(() => {
		const ask = window.fetch;
		window.asked = window.answered = 0;
		const held = new Promise((go) => { window.letGo = go; });
		window.fetch = async (path, options) => {
			const answer = await ask(path, options);
			if (options?.method === "GET" && path.endsWith("/faults")) {
				if (++asked === 1) await held;
				answered++;
			}
			return answer;
		};
		return true;
	})()`)
	r.do(1, func(k *virtual.Token) { k.SetFaults(virtual.TokenFaults{Dead: faultSegments(t, "bar2")}) })
	b.WaitUntil(`asked === 1`)
	b.Press(`.fault-part[data-name="bar1"]`)
	b.WaitUntil(`answered >= 1`) // the page has asked again after its change
	eval[bool](b, `letGo(), true`)
	faultsSynced(b, r, virtual.TokenFaults{Dead: faultSegments(t, "bar1")})
	require.Equal(t, []string{"bar1"}, eval[[]string](b, `[...document.querySelectorAll(".fault-part.dead")].map((e) => e.dataset.name)`))
}

// TestChromiumSegmentKeys: the keyboard alone breaks a segment.
func TestChromiumSegmentKeys(t *testing.T) {
	faultsInBoth(t, "button-8", func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		at := func(name string) {
			b.WaitUntil(fmt.Sprintf(`document.activeElement.dataset.name === %q`, name))
		}
		eval[bool](b, `(document.querySelector('.fault-part[tabindex="0"]').focus(), true)`)
		at("d0.a")
		for _, step := range []struct{ key, to string }{
			{kb.ArrowDown, "d0.g"}, {kb.ArrowDown, "d0.d"}, {kb.ArrowUp, "d0.g"}, {kb.ArrowUp, "d0.a"}, {kb.ArrowRight, "d1.a"}, {kb.ArrowLeft, "d0.a"},
		} {
			b.Run(chromedp.KeyEvent(step.key))
			at(step.to)
		}
		b.Run(chromedp.KeyEvent("\r"))
		faultsSynced(b, r, virtual.TokenFaults{Dead: faultSegments(t, "d0.a")})
		b.Run(chromedp.KeyEvent(" "))
		faultsSynced(b, r, virtual.TokenFaults{Ghost: faultSegments(t, "d0.a")})
	})
}

// TestChromiumFlashAndPower: the switches arm the faults of the flash and the supply, and
// go back when the fault has struck.
func TestChromiumFlashAndPower(t *testing.T) {
	faultsInBoth(t, "button-6", func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		b.Press("#fault-flash")
		faultsSynced(b, r, virtual.TokenFaults{FlashFail: true})
		driftEnter(b, "fault-power-number", "0")
		b.Press("#fault-power")
		number := driftWord(ja, "1から4294967295までの数を入力してください", "a number from 1 to 4294967295")
		waitForMessage(b, number) // of the field
		waitForMessage(b, number) // of the switch
		b.WaitUntil(`!document.getElementById("fault-power").checked`)
		faultsSynced(b, r, virtual.TokenFaults{FlashFail: true})
		require.Contains(t, eval[string](b, `document.getElementById("say").textContent`), number, "the message stays")
		driftEnter(b, "fault-power-number", "3")
		b.Press("#fault-power")
		faultsSynced(b, r, virtual.TokenFaults{FlashFail: true, PowerCutAt: 3})

		r.world.Advance(virtual.Year / 365)
		_, err := r.member(1).Do((*virtual.Token).Press) // which is counted in the flash
		require.NoError(t, err)
		b.WaitUntil(`!document.getElementById("fault-flash").checked`)
		b.Press("[data-fault-do=clear]")
		waitForMessage(b, driftWord(ja, "すべて直しました", "no faults now"))
		faultsSynced(b, r, virtual.TokenFaults{})
		b.WaitUntil(`!document.getElementById("fault-power").checked`)
	})
}

// TestChromiumLineFaults: each switch of a line sets its fault and mends it.
func TestChromiumLineFaults(t *testing.T) {
	faultsInBoth(t, "always-on-6", func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		b.WaitUntil(`document.querySelector('[data-fault="no line"]').hidden === false`)
		p, err := r.fleet.Attach(r.member(1), "tcp:127.0.0.1:0")
		require.NoError(t, err)
		b.Open("/tokens/" + r.serial(1))
		b.WaitUntil(`document.querySelector('[data-fault="line"]')?.hidden === false`)
		faultsOpen(b)
		for _, name := range []string{"drop", "flip", "double", "insert", "stall", "unplug", "baud"} {
			faults := func() (in, out virtual.LineFaults) {
				b.Press("#fault-line-" + name)
				b.WaitUntil(`!document.getElementById("token-faults").dataset.busy`)
				return p.Faults().Get()
			}
			// The form of the port follows the switch.
			form := func(filled bool) {
				b.WaitUntil(fmt.Sprintf(`[...document.querySelectorAll("#token-port-list [data-way=out] input")].some((e) => e.value !== "") === %t`, filled))
			}
			_, out := faults()
			require.NotZero(t, out, name)
			form(true)
			in, out := faults()
			require.Zero(t, in, name)
			require.Zero(t, out, name)
			form(false)
		}
	})
}
