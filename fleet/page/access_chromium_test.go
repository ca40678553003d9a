// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/virtual"
)

// openDetails is an expression that opens all parts of the page that can be opened in
// place, but not the menus, which close each other.
const openDetails = `[...document.querySelectorAll("main details")].filter((e) => !e.closest("#clock")).forEach((e) => { e.open = true; }), true`

// accessPage is a page, and an expression that is true when it can be checked.
type accessPage struct{ name, path, ready string }

// selectFace is an expression that selects the first face of the wall.
const selectFace = `document.querySelectorAll(".face").length === 18 && (document.querySelector(".face[aria-selected=true]") !== null ||
	document.querySelector(".face").dispatchEvent(new MouseEvent("click", { bubbles: true }))) && !document.getElementById("wall-bar").hidden`

// pictures is true if FOB_SHOTS names a folder. The test then saves pictures of more states.
var pictures = os.Getenv("FOB_SHOTS") != ""

// TestChromiumAccess opens each page in both languages: Shoot checks it at several widths
// and in both schemes, also with its details open, and the keyboard reaches every control.
// The keyboard opens each dialog, stays in it, and returns to its button.
func TestChromiumAccess(t *testing.T) {
	full := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(9, "always-on-6"), ready(9, "button-6"))
	empty := newRig(t, virtual.Config{Mode: virtual.Manual})
	widths := []int64{1280, 390}
	if pictures {
		widths = []int64{1280, 2560, 390}
	}
	for _, site := range []struct {
		*rig
		pages []accessPage
	}{
		{empty, []accessPage{{"start", "/", ""}}},
		{full, []accessPage{
			{"wall", "/", `document.querySelectorAll(".face").length === 18`},
			{"wall-selected", "/?group=lot", selectFace},
			{"token", "/tokens/" + full.serial(1), ""},
			{"token-button", "/tokens/" + full.serial(10), ""},
			{"missing", "/tokens/nothing", ""},
		}},
	} {
		b := uitest.NewTab(t, site.server.URL)
		login := func(lang string) {
			b.Open("/login")
			b.Shoot("login-"+lang, widths, func(string) {})
			assert.Empty(t, b.WalkKeyboard(), "login in "+lang)
		}
		if site.rig == full {
			login("ja")
			b.Click(".language button")
			login("en")
			b.Click(".language button")
		}
		b.Open(site.pages[0].path)
		b.Open(site.rig.pages.NewLink())
		for _, lang := range []string{"ja", "en"} {
			if lang == "en" {
				b.Open("/")
				english(b)
			}
			for _, p := range site.pages {
				b.Open(p.path)
				if p.name != "missing" {
					b.WaitUntil(isLive)
				}
				if p.ready != "" {
					b.WaitUntil(p.ready)
				}
				b.Shoot(p.name+"-"+lang, widths, func(string) {})
				if lang == "en" && !pictures {
					continue
				}
				assert.Empty(t, b.WalkKeyboard(), p.name)
				if eval[bool](b, `document.querySelector("main details:not(#clock *)") !== null`) {
					eval[bool](b, openDetails)
					b.Shoot(p.name+"-open-"+lang, widths, func(string) {})
					assert.Empty(t, b.WalkKeyboard(), p.name+" with its details open")
				}
				dialogs(b, p.name+"-"+lang, widths)
			}
		}
	}
}

// dialogs opens each dialog of the page with the keyboard.
func dialogs(b *uitest.Tab, name string, widths []int64) {
	b.T.Helper()
	for _, id := range eval[[]string](b, `[...document.querySelectorAll("[data-dialog]")].filter((e) => e.getClientRects().length > 0).map((e) => e.dataset.dialog)`) {
		eval[bool](b, `document.querySelector('[data-dialog="`+id+`"]').focus(), true`)
		b.Run(chromedp.KeyEvent("\r"))
		b.WaitUntil(`document.getElementById("` + id + `").open`)
		if pictures {
			b.Shoot(name+"-"+id, widths, func(string) {})
		} else {
			assert.Empty(b.T, b.Axe(), id)
		}
		assert.Empty(b.T, b.WalkKeyboard(), id)
		b.Run(chromedp.KeyEvent("\x1b"))
		b.WaitUntil(`!document.getElementById("` + id + `").open`)
		require.True(b.T, eval[bool](b, `document.activeElement.matches('[data-dialog="`+id+`"]')`), "%s: the focus returns", id)
	}
}
