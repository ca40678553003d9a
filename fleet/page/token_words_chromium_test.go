// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/virtual"
)

// TestChromiumTokenNumbers: both sections have the same numbers for the battery and the
// clock, and the texts about one thing are in the singular.
func TestChromiumTokenNumbers(t *testing.T) {
	driftInBoth(t, driftConfig, "always-on-6", func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		b.WaitUntil(`fob.token.now !== null`)
		r.world.Advance(virtual.Year / 52)
		m := r.member(1)
		_, err := m.Do(func(k *virtual.Token) { k.Skew(-m.Look().Error - 2e6) })
		require.NoError(t, err)
		share := m.Look().Battery
		require.True(t, share > 0.99 && share < 1, share) // one week was taken
		driftShows(b, "left", driftWord(ja, "99%", "99 %"))
		require.Equal(t, driftWord(ja, "99%・", "99 % · ")+strconv.Itoa(m.Look().Voltage)+" mV", eval[string](b, `document.querySelector("[data-fact=battery]").textContent`))
		driftShows(b, "meaning", driftWord(ja, "正確です", "is right"))
		require.Equal(t, driftWord(ja, "0.00秒", "0.00 s"), eval[string](b, `document.querySelector('[data-drift="error"]').textContent`))
		require.Equal(t, driftWord(ja, "ずれなし", "exact"), eval[string](b, `document.querySelector("[data-fact=error]").textContent`))
		require.Equal(t, 29, eval[int](b, `fob.percent(0.29)`)) // 0.29*100 is less than 29

		for key, one := range map[string]string{
			"drift steps ahead": "1 step ahead", "drift steps behind": "1 step behind", "token wire bytes": "1 byte", "token event flash": "The flash was written, 1 operation.",
			"token event bytes-in": "1 byte arrived.", "token event bytes-out": "1 byte was sent.", "token wire more": "The newest messages. 1 older one is not shown.",
			"token speak": "Code 1 2 3, 1 second left",
		} {
			text := eval[string](b, fmt.Sprintf(`fob.counted(%q, 1, "1 2 3")`, key))
			two := eval[string](b, fmt.Sprintf(`fob.counted(%q, 2, "1 2 3")`, key))
			if !ja {
				require.Equal(t, one, text)
			}
			require.Contains(t, two, "2", key)
			require.NotContains(t, two, "{", key)
		}
	})
}

// TestChromiumTokenQuiet: a token page makes no request that fails, although its port has
// no recording; and the page has a link to all tokens before its title.
func TestChromiumTokenQuiet(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(1, "button-6"))
	_, err := r.fleet.Attach(r.member(1), "tcp:127.0.0.1:0")
	require.NoError(t, err)
	b := r.open(r.tokenPath(1))
	b.WaitUntil(isLive)
	b.WaitUntil(`!document.getElementById("token-wire-more").hidden && document.querySelector('[data-fault="line"]').hidden === false`)
	require.Empty(t, eval[[]string](b, `performance.getEntriesByType("resource").filter((e) => e.responseStatus >= 400 || e.name.includes("/wire")).map((e) => e.name)`))
	require.Equal(t, "/", eval[string](b, `document.querySelector(".up a").getAttribute("href")`))
	require.True(t, eval[bool](b, `Boolean(document.querySelector(".up").compareDocumentPosition(document.querySelector("h1")) & Node.DOCUMENT_POSITION_FOLLOWING)`))
}

// TestChromiumTokenOrder: the most useful sections come first, and
// on a wide screen the columns are about as long as each other.
func TestChromiumTokenOrder(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(1, "button-6"))
	b := r.open(r.tokenPath(1))
	english(b)
	driftSettled(b, 36, 25)
	require.Equal(t, []string{"Front", "Facts", "Clock and battery", "Faults", "Ports", "Wire", "Events", "Snapshots", "Seed", "Remove"},
		eval[[]string](b, `[...document.querySelectorAll(".token-live section h2")].map((e) => e.textContent)`))
	b.Shoot("token-order", []int64{1280}, func(string) {
		ends := eval[[]float64](b, `[...document.querySelectorAll(".token-half")].map((e) => e.getBoundingClientRect().height)`)
		require.Less(t, max(ends[0], ends[1]), 1.6*min(ends[0], ends[1]), "heights of the columns: %v", ends)
	})
}

// TestChromiumPlotNames: no curve or line lies on the name of a line of a plot.
func TestChromiumPlotNames(t *testing.T) {
	driftInBoth(t, driftConfig, "always-on-6", func(t *testing.T, r *rig, b *uitest.Tab, ja bool) {
		for _, celsius := range []int{25, -10, 60} {
			driftSlide(b, "drift-celsius", celsius)
			for _, months := range []int{0, 36, 44, 48, 54, 78, 84, 144} {
				driftSlide(b, "drift-age", months)
				driftSettled(b, months, celsius)
				at := fmt.Sprintf("%d months at %d", months, celsius)
				require.Empty(t, eval[[]string](b, `[...document.querySelectorAll(".plot-name")].filter((text) => {
					const box = text.getBBox();
					const inside = ({ x, y }) => x > box.x && x < box.x + box.width && y > box.y + 2 && y < box.y + box.height - 2;
					return [...text.ownerSVGElement.querySelectorAll(".plot-curve, .plot-cursor, .plot-mark, .plot-level")].some((line) => {
						const all = line.getTotalLength();
						for (let at = 0; at <= all; at++) {
							if (inside(line.getPointAtLength(at))) { return true; }
						}
						return false;
					});
				}).map((text) => text.textContent)`), at)
			}
		}
	})
}
