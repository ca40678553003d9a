// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui/uitest"
)

// axe-core runs on a page with a strict content security policy, and reports each fault
// that a script adds to the page. The names are axe-core's
// (https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md).
func TestChromiumAxe(t *testing.T) {
	b := uitest.NewTab(t, newGallery(t).URL)
	b.Open("/gallery/blue/text")
	require.Empty(t, b.Axe())
	for _, tt := range []struct{ rule, html string }{
		{"svg-img-alt", `<svg role="img" viewBox="0 0 1 1"></svg>`},                          // 2.0 A
		{"button-name", `<button><svg viewBox="0 0 1 1" aria-hidden="true"></svg></button>`}, // 2.0 A
		{"label", `<input>`}, // 2.0 A
		{"aria-required-attr", `<div role="checkbox" tabindex="0" aria-label="a"></div>`}, // 2.0 A
		{"nested-interactive", `<button>a <a href="/">b</a></button>`},                    // 2.0 A
		{"color-contrast", `<p class="lead faint">faint</p>`},                             // 2.0 AA
		{"autocomplete-valid", `<label>Name <input autocomplete="who"></label>`},          // 2.1 AA
		{"target-size", `<div class="small"><button>a</button><button>b</button></div>`},  // 2.2 AA
	} {
		uitest.Result(b, chromedp.Evaluate[bool](`(() => {
			const bad = document.createElement("div");
			bad.id = "bad";
			bad.innerHTML = `+"`"+tt.html+"`"+`;
			for (const e of bad.querySelectorAll(".faint")) e.style.color = "#999999";
			for (const e of bad.querySelectorAll(".small button")) e.style.cssText = "min-height: 0; padding: 0; width: 12px; height: 12px; overflow: hidden";
			document.querySelector("main").append(bad);
			return true;
		})()`))
		found := b.Axe()
		require.True(t, slices.ContainsFunc(found, func(line string) bool { return strings.HasPrefix(line, tt.rule+": ") }),
			"%s: %q", tt.rule, found)
		uitest.Result(b, chromedp.Evaluate[bool](`document.querySelector("#bad").remove(), true`))
	}
}
