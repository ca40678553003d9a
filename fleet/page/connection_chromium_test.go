// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/virtual"
)

func connectionIs(state string) string {
	return `document.getElementById("live")?.dataset.state === "` + state + `"`
}

// TestChromiumProcessGone: when the process ends or is killed, the page shows it. When it is
// back, the page goes on by itself: with the same API key where it was, otherwise at the
// login.
func TestChromiumProcessGone(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(2, "always-on-6"))
	p, address := r.serveAt(tooltest.FreeAddress(t), testKey)
	b := uitest.NewTab(t, "http://"+address)
	b.Ignore("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
	b.Open(p.pages.NewLink())
	b.WaitUntil(isLive)
	english(b)
	faces := `document.querySelectorAll("#wall-faces .face").length`
	b.WaitUntil(faces + ` === 2`)

	p.end(control.ErrEnded) // Ctrl-C
	b.WaitUntil(connectionIs("ended"))
	b.WaitUntil(`document.querySelector("main").innerText.includes("The tokens have stopped")`) // it asks the same process again
	require.NoError(t, p.http.Close())
	p, _ = r.serveAt(address, testKey)
	b.WaitUntil(isLive + ` && ` + faces + ` === 2`)
	require.NotContains(t, b.Text(), "The tokens have stopped")

	require.NoError(t, p.http.Close()) // killed
	b.WaitUntil(connectionIs("lost"))
	require.Contains(t, b.Text(), "No connection")
	p, _ = r.serveAt(address, testKey)
	b.WaitUntil(isLive + ` && ` + faces + ` === 2`)
	require.NotContains(t, b.Text(), "No connection")

	require.NoError(t, p.http.Close())
	b.WaitUntil(connectionIs("lost"))
	r.serveAt(address, "another-key-of-the-tests")
	b.WaitUntil(`location.pathname === "/login"`)
}

// TestChromiumBroken: when only the connection breaks, the page stays as it is and goes on.
func TestChromiumBroken(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(2, "button-6"))
	b := r.open("/")
	b.Ignore("ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
	eval[bool](b, `window.mark = true, fob.on("connection", (state) => { window.states = [...(window.states ?? []), state]; }), true`)
	r.server.CloseClientConnections()
	b.WaitUntil(`window.states?.at(-1) === "live"`)
	require.Equal(t, "lost", eval[string](b, `window.states[0]`))
	require.True(t, eval[bool](b, `window.mark`), "the page was not loaded again")
	_, err := r.member(1).Do((*virtual.Token).Press)
	require.NoError(t, err)
	b.WaitUntil(`[...document.querySelectorAll(".face")].some((row) => row.fob.face.text === "` + r.member(1).Look().Text + `")`)
}

// TestChromiumTwo: if one person acts on a token, another sees it.
func TestChromiumTwo(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(1, "button-6"))
	one, two := r.open("/"), r.open("/")
	shown := `document.querySelector("#wall-faces .face")?.fob.face.on`
	one.WaitUntil(shown + ` === false`)
	two.WaitUntil(shown + ` === false`)
	eval[bool](one, `fob.api("POST", "/v1/tokens/`+r.serial(1)+`/press"), true`)
	one.WaitUntil(shown + ` === true`)
	two.WaitUntil(shown + ` === true`)
	eval[bool](two, `fob.api("POST", "/v1/time/advance", { by: "PT1H" }), true`)
	one.WaitUntil(shown + ` === false`)
	two.WaitUntil(shown + ` === false`)
}

// setHidden makes the script of a page see that the page is hidden, or shown.
func setHidden(b *uitest.Tab, hidden bool) {
	b.T.Helper()
	eval[bool](b, fmt.Sprintf(`Object.defineProperty(document, "hidden", { configurable: true, value: %v }), document.dispatchEvent(new Event("visibilitychange"))`, hidden))
}

// TestChromiumHidden: hidden pages do not keep connections, of which a browser has six for
// an address. When a page is shown again, it shows the present state.
func TestChromiumHidden(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(2, "button-6"))
	wall := r.open("/")
	eval[bool](wall, `window.mark = true, fob.on("connection", (state) => { window.states = [...(window.states ?? []), state]; }), true`)
	setHidden(wall, true)
	last := wall
	for range 7 {
		last = wall.Beside(r.server.URL)
		last.Open("/tokens/" + r.serial(1))
		last.WaitUntil(isLive)
		setHidden(last, true)
	}
	setHidden(last, false)
	eval[bool](last, `fob.api("POST", "/v1/tokens/`+r.serial(1)+`/press").then(() => { window.pressed = true; }), true`)
	last.WaitUntil(`window.pressed`)
	require.NoError(t, r.fleet.Remove(r.member(2)))
	wall.Show()
	wall.WaitUntil(`document.getElementById("live").dataset.state === "asleep"`)
	require.NotContains(t, wall.Text(), "接続")
	setHidden(wall, false)
	shown := `[...document.querySelectorAll(".face")].map((row) => row.fob.face.text).join()`
	wall.WaitUntil(shown + ` === "` + r.member(1).Look().Text + `"`)
	require.Equal(t, []string{"asleep", "live"}, eval[[]string](wall, `window.states`))
	require.True(t, eval[bool](wall, `window.mark`), "the page was not loaded again")
}

// TestChromiumLotGone: if the process starts again without the lot of the filter, the page
// shows that, once.
func TestChromiumLotGone(t *testing.T) {
	lot := ready(1, "button-6")
	lot.Name = "Lot-x"
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, lot)
	p, address := r.serveAt(tooltest.FreeAddress(t), testKey)
	b := uitest.NewTab(t, "http://"+address)
	b.Ignore("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
	b.Open(p.pages.NewLink())
	b.Open("/?lot=Lot-x")
	b.WaitUntil(isLive)
	p.end(control.ErrEnded)
	b.WaitUntil(connectionIs("ended"))
	require.NoError(t, p.http.Close())

	other := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(2, "button-6"))
	other.serveAt(address, testKey)
	b.WaitUntil(isLive + ` && document.querySelectorAll("#wall-faces .face").length === 2`)
	require.NotEmpty(t, eval[string](b, `document.querySelector(".flash.bad").textContent`))
}
