// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui/uitest"
)

// Tab reaches each part of the gallery. uitest reports each kind of fault that a script
// adds to the page.
func TestChromiumKeyboard(t *testing.T) {
	b := uitest.NewTab(t, newGallery(t).URL)
	b.Open("/gallery/blue/text")
	require.Empty(t, b.WalkKeyboard())
	for _, tt := range []struct{ script, want string }{
		{`bad.innerHTML = "<button>a</button>"; bad.firstChild.style.outline = "none"`, "a</button>: no visible focus"},
		{`bad.innerHTML = "<button>b</button>"; bad.firstChild.onkeydown = (e) => e.preventDefault()`, "b</button>: Tab does not leave it"},
		{`bad.innerHTML = "<button tabindex=1>c</button>"`, "c</button>: Tab does not reach it"},
		{`bad.innerHTML = "<button>d</button>"; bad.firstChild.onfocus = (e) => e.target.blur()`, "d</button>: Tab does not reach it"},
		{`bad.innerHTML = "<button>e</button><div></div>"; bad.lastChild.style.cssText = "position: fixed; inset: 0; background: red"`, "covered or out of sight"},
		{`bad.innerHTML = "<button>f</button>"; bad.firstChild.style.cssText = "position: fixed; left: -99px; width: 9px"`, "f</button>: the focus is covered or out of sight"},
	} {
		uitest.Result(b, chromedp.Evaluate[bool](`(() => {
			const bad = document.createElement("div");
			bad.id = "bad";
			document.querySelector("main").append(bad);
			`+tt.script+`;
			return true;
		})()`))
		require.Contains(t, strings.Join(b.WalkKeyboard(), "\n"), tt.want, tt.script)
		uitest.Result(b, chromedp.Evaluate[bool](`document.querySelector("#bad").remove(), true`))
	}
	require.Empty(t, b.WalkKeyboard())
}

// A dialog that the keyboard opens keeps the focus inside, closes with Escape, and gives
// the focus back to its button.
func TestChromiumDialogKeyboard(t *testing.T) {
	b := uitest.NewTab(t, newGallery(t).URL)
	b.Open("/gallery/blue/text")
	for _, leave := range []string{"\x1b", "\t\r"} {
		uitest.Result(b, chromedp.Evaluate[bool](`document.querySelector("[data-dialog]").focus(), true`))
		b.Run(chromedp.KeyEvent("\r"), chromedp.WaitVisible(chromedp.CSS("#confirm")))
		require.True(t, uitest.Result(b, chromedp.Evaluate[bool](`document.getElementById("confirm").contains(document.activeElement)`)))
		if leave == "\x1b" {
			require.Empty(t, b.WalkKeyboard())
			require.Empty(t, b.Axe())
		}
		b.Run(chromedp.KeyEvent(leave))
		b.WaitUntil(`!document.getElementById("confirm").open`)
		require.True(t, uitest.Result(b, chromedp.Evaluate[bool](`document.activeElement.matches("[data-dialog]")`)), "%q", leave)
	}
}
