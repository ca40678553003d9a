// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/ui/uitest"
)

// gallery is a page with each part in each of its forms.
type gallery struct {
	ui.Page
	Problems ui.Problems
	Fields   []ui.Field
	Facts    []ui.Fact
	Picture  ui.Picture
	Table    ui.Table
	Pager    ui.Pager
	Progress ui.Progress
	Tiles    []ui.Tile
	Dialog   ui.Dialog
	Flashes  []*ui.Flash
	Tones    []ui.Tone
}

const galleryTemplate = `{{define "content"}}
<p class="lead">A text of the page with a <a href="/">link</a>.</p>
{{range .Flashes}}{{template "flash" .}}{{end}}
<section class="alarm"><h2>Alarm</h2><p>Text with a <a href="/">link</a>.</p><pre>{{.Title}}</pre></section>
<section class="note"><h2>Note</h2><p>Text with a <a href="/">link</a> and a <span class="detail">detail</span>.</p></section>
{{template "problems" .Problems}}
<div class="card"><h2>Form</h2><form method="post" action="/sent" novalidate>{{range .Fields}}{{template "field" .}}{{end}}
<p class="buttons"><button id="send">Send</button> <button class="danger" type="button" data-dialog="confirm">Delete</button> <a class="button quiet" href="/">Back</a> <button disabled>Off</button> <button class="script quiet" type="button" data-print>Print</button></p></form></div>
<div class="card"><div class="beside"><div class="pictures">{{template "picture" .Picture}}</div>{{template "facts" .Facts}}</div>{{template "table" .Table}}{{template "pager" .Pager}}
<p>{{range .Tones}}<span class="tag {{.}}">{{.}}</span> {{end}}<span class="tag">none</span></p>
<p class="tabs"><a href="/" aria-current="true">One</a> <a href="/">Two</a></p>
<ul class="list"><li><a href="/">Line</a> <span class="serial">999-0000123</span></li></ul>
<ul class="shortcuts"><li><a href="/"><b>Shortcut</b><span>explained</span></a></li></ul>{{template "progress" .Progress}}</div>
{{template "tiles" .Tiles}}{{template "dialog" .Dialog}}{{end}}`

// newGallery serves the gallery with each brand and width. Its address selects them:
// /gallery/violet/wide.
func newGallery(t *testing.T) *httptest.Server {
	site := ui.New(ui.Options{
		Templates: fstest.MapFS{"gallery.html": {Data: []byte(galleryTemplate)}},
		Catalogs:  map[string]ui.Catalog{ui.Japanese: {}, ui.English: {}},
	})
	mux := http.NewServeMux()
	mux.Handle("GET "+ui.AssetPath, site.Assets)
	mux.HandleFunc("GET /gallery/{brand}/{width}", func(w http.ResponseWriter, r *http.Request) {
		g := gallery{Page: ui.NewPage(r, "Gallery")}
		g.Site, g.Tagline, g.LanguagePath, g.NavLabel, g.Who = "Gallery", "Every part", "/language", "Pages", "Alice"
		g.Brand, g.Width, g.HTMX = ui.Brand(strings.TrimPrefix(r.PathValue("brand"), "blue")), ui.Width(r.PathValue("width")), true
		g.Actions, g.Footer = []ui.Action{{Path: "/logout", Text: "Log out"}}, []string{"A footer.", "With two lines."}
		g.Banner = &ui.Banner{Label: "TEST MODE", Text: "Nothing here is real."}
		g.Nav = []ui.NavLine{ui.NewNavLine("/a", "/a", "Here"), ui.NewNavLine("/a", "/b", "There")}
		for _, kind := range []ui.FlashKind{ui.FlashPlain, ui.FlashGood, ui.FlashNext, ui.FlashBad} {
			g.Flashes = append(g.Flashes, &ui.Flash{Kind: kind, Text: "A message.", More: "And more."})
		}
		g.Fields = []ui.Field{
			{Name: "a", Label: "Text", Type: "text", Value: "entry", Hint: "A hint."},
			{Name: "b", Label: "Code", Type: "text", Digits: true, Error: "Enter six digits.", Picture: &ui.Picture{Asset: "icon.svg", Width: 32, Height: 32, Alt: "The icon"}},
			{Name: "c", Label: "Choice", Type: "select", Value: "2", Options: []ui.Option{{Value: "1", Text: "one"}, {Value: "2", Text: "two"}}},
			{Name: "d", Label: "Tick", Type: "checkbox", Value: "yes", Hint: "A hint."},
			{Name: "e", Label: "Comment", Type: "textarea", Value: "text", Optional: true},
			{Name: "f", Label: "File", Type: "file"},
			{Name: "g", Label: "Fixed", Type: "text", Value: "fixed", Fixed: true},
			{Name: "h", Label: "Suggestions", Type: "text", Options: []ui.Option{{Value: "1"}, {Value: "2"}}},
		}
		g.Problems = ui.Problems{Fields: g.Fields[1:2], Detail: "a detail"}
		g.Facts = []ui.Fact{{Label: "Serial number", Text: "999-0000123"}, {Label: "Nothing"}}
		g.Picture = ui.Picture{Asset: "icon.svg", Width: 32, Height: 32, Alt: "The icon", Caption: "A caption."}
		g.Table = ui.Table{
			Caption: "Units",
			Columns: []ui.Column{{Text: "Serial number", Class: "serial"}, {Text: "State", Class: "word"}, {Text: "Seconds", Class: "number"}, {Text: "Made", Class: "time"}},
			Rows: [][]ui.Cell{
				{{Text: "999-0000123", Path: "/"}, {Text: "done", Tag: ui.Good}, {Text: "12.5"}, {Text: "1 Apr 2026, 12:05:00"}},
				{{Text: "999-0000124", Path: "/"}, {Text: "void", Tag: ui.Bad, Small: "read-out not refused"}, {Text: "3.1"}, {}},
			},
		}
		g.Pager = ui.Pager{Prev: "/", Next: "/"}
		g.Tones = []ui.Tone{ui.Good, ui.Bad, ui.Warn, ui.Info, ui.Quiet}
		g.Progress = ui.Progress{ID: "batch", Label: "Batch 7", Text: "312 of 500", Value: 312, Max: 500}
		g.Tiles = []ui.Tile{
			{ID: "p1", Name: "Port 1", State: ui.TileWait, Word: "WAIT", Text: "Insert a token."},
			{ID: "p2", Name: "Port 2", State: ui.TileWorking, Word: "WORKING", Subject: "999-0000125", Text: "Checking codes", Progress: &ui.Progress{ID: "p2-at", Label: "Step", Text: "6 of 9", Value: 6, Max: 9}},
			{ID: "p3", Name: "Port 3", State: ui.TilePass, Word: "PASS", Subject: "999-0000123", Due: "Take the label", Button: &ui.TileButton{Name: "entry", Value: "3", Text: "Label taken"}},
			{ID: "p4", Name: "Port 4", State: ui.TileFail, Word: "FAIL", Subject: "999-0000124", Text: "The device showed a code after it was locked. Put it into bin 3."},
			{ID: "p5", Name: "Port 5", State: ui.TileOff, Word: "OFF"},
			{ID: "p6", Name: "Port 6", Title: "usb 1-6", State: ui.TileKnown, Word: "DONE BEFORE", Subject: "999-0000122", Text: "The device was finished before.", Advice: "Remove it."},
		}
		g.Dialog = ui.Dialog{ID: "confirm", Title: "Delete?", Text: []string{"This cannot be undone."}, Action: "/delete", Submit: "Delete", Danger: true}
		if err := site.Write(w, http.StatusOK, ui.English, "gallery", g); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	server := httptest.NewServer(ui.Secure(mux))
	t.Cleanup(server.Close)
	return server
}

// wordsThatOverflow lists the tiles whose state is wider than the tile.
const wordsThatOverflow = `[...document.querySelectorAll(".tile")].filter((e) => [...e.querySelectorAll(".state, .state span")].some((s) => s.scrollWidth > e.clientWidth || s.getClientRects().length > 1)).map((e) => e.id)`

// Every part has enough contrast with each brand, in both schemes, and fits on every
// screen from a phone to 4K. FOB_SHOTS=folder saves pictures.
func TestChromiumGallery(t *testing.T) {
	b := uitest.NewTab(t, newGallery(t).URL)
	for _, page := range []string{"/gallery/blue/text", "/gallery/violet/roomy", "/gallery/teal/wide", "/gallery/graphite/wide"} {
		b.Open(page)
		widths := []int64{1280}
		if page == "/gallery/teal/wide" {
			widths = []int64{320, 390, 768, 1280, 2560, 3840}
		}
		b.Shoot(strings.ReplaceAll(page[1:], "/", "-"), widths, func(at string) {
			require.Empty(t, uitest.Result(b, chromedp.Evaluate[[]string](wordsThatOverflow)), at)
		})
	}
	b.Run(chromedp.EmulateViewport(3840, 2160))
	require.Greater(t, uitest.Result(b, chromedp.Evaluate[float64](`parseFloat(getComputedStyle(document.querySelector(".tile .state")).fontSize)`)), 80.0,
		"pixels of the state on a 4K screen")
}

// Package uitest reports faint text and faint edges. #949494 on white has a contrast of
// 3.03, and #959595 2.99. (https://webaim.org/resources/contrastchecker/) Large text and
// edges need 3.
func TestChromiumReportsFaintElements(t *testing.T) {
	b := uitest.NewTab(t, newGallery(t).URL)
	b.Open("/gallery/blue/text")
	b.System("prefers-color-scheme", "light")
	set := func(script string) { uitest.Result(b, chromedp.Evaluate[int](script+";0")) }
	require.Empty(t, b.Faint())
	for _, tt := range []struct{ script, want string }{
		{`document.querySelector(".facts dd").style.color = "#949494"`, "999-0000123 in DD"},
		{`document.querySelector(".card h2").style.fontSize = "24px"; document.querySelector(".card h2").style.color = "#949494"`, ""},
		{`document.querySelector(".card h2").style.color = "#959595"`, "Form in H2"},
		{`document.querySelector("#f-a").style.borderColor = "#949494"`, ""},
		{`document.querySelector("#f-a").style.borderColor = "#959595"`, "edge in INPUT"},
		{`document.querySelector("#f-a").style.color = "#aaaaaa"`, "entry in INPUT"},
	} {
		before := b.Faint()
		set(tt.script)
		after := b.Faint()
		if tt.want == "" {
			require.Equal(t, before, after, tt.script)
		} else {
			require.Len(t, after, len(before)+1, tt.script)
			require.Contains(t, strings.Join(after, "\n"), tt.want)
		}
	}
}

// ground is the colour of the page's ground.
const ground = `getComputedStyle(document.body).backgroundColor`

// The values of --ground in ui.css.
const lightGround, darkGround = "rgb(242, 245, 248)", "rgb(15, 21, 28)"

// The page follows the system's scheme until the user chooses another. The choice is
// remembered, and is on the next page from the beginning: the server sends it.
func TestChromiumTheme(t *testing.T) {
	server := newGallery(t)
	b := uitest.NewTab(t, server.URL)
	color := func() string { return uitest.Result(b, chromedp.Evaluate[string](ground)) }
	label := func() string {
		return uitest.Result(b, chromedp.Evaluate[string](`document.querySelector("[data-theme-switch]").innerText`))
	}
	press := func(want string) {
		t.Helper()
		b.Press("[data-theme-switch]")
		b.WaitUntil(ground + ` === "` + want + `"`)
	}
	b.System("prefers-color-scheme", "light")
	b.Open("/gallery/blue/text")
	require.Equal(t, lightGround, color())
	require.Equal(t, "Dark mode", label())
	b.System("prefers-color-scheme", "dark")
	require.Equal(t, darkGround, color())
	require.Equal(t, "Light mode", label())

	// A choice that differs from the system's scheme.
	press(lightGround)
	require.Equal(t, "Dark mode", label())
	b.Open("/gallery/blue/roomy")
	require.Equal(t, lightGround, color())
	require.Equal(t, "light", uitest.Result(b, chromedp.Evaluate[string](`document.querySelector("meta[name=color-scheme]").content`)), "the server has read the cookie")
	b.System("prefers-color-scheme", "light")
	press(darkGround)
	b.Open("/gallery/blue/text")
	require.Equal(t, darkGround, color())
	require.Equal(t, "Light mode", label())

	// The system's scheme again: the page follows it.
	press(lightGround)
	b.System("prefers-color-scheme", "dark")
	require.Equal(t, darkGround, color())
	require.Empty(t, uitest.Result(b, chromedp.Evaluate[string](`document.cookie`)))
}

// Print is dark on white on any screen, and does not contain the navigation.
func TestChromiumPrint(t *testing.T) {
	b := uitest.NewTab(t, newGallery(t).URL)
	b.System("prefers-color-scheme", "dark")
	b.Open("/gallery/blue/text")
	b.Press("[data-theme-switch]")
	b.Press("[data-theme-switch]")
	b.Print()
	require.Equal(t, "rgb(28, 39, 51)", uitest.Result(b, chromedp.Evaluate[string](`getComputedStyle(document.body).color`)), "--ink of the light scheme")
	require.Equal(t, "none", uitest.Result(b, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("nav")).display`)))
	// Browsers print no backgrounds by default: text must not need one.
	const light = `[...document.querySelectorAll(".tile, .tabs a")].filter((e) => getComputedStyle(e).color !== "rgb(28, 39, 51)").map((e) => e.className)`
	require.Empty(t, uitest.Result(b, chromedp.Evaluate[[]string](light)))
}

// A user who asks for reduced motion sees none.
func TestChromiumReducedMotion(t *testing.T) {
	b := uitest.NewTab(t, newGallery(t).URL)
	b.Open("/gallery/blue/text")
	const animations = `document.getAnimations().length`
	require.Equal(t, int64(1), uitest.Result(b, chromedp.Evaluate[int64](animations)))
	b.System("prefers-reduced-motion", "reduce")
	require.Zero(t, uitest.Result(b, chromedp.Evaluate[int64](animations)))
}

// A button opens a dialog. Its second button closes it, and sends nothing; afterwards
// the form of the page can still be sent.
func TestChromiumDialog(t *testing.T) {
	b := uitest.NewTab(t, newGallery(t).URL)
	b.Open("/gallery/blue/text")
	const open = `document.getElementById("confirm").open`
	for range 2 {
		b.Press("[data-dialog]")
		b.WaitUntil(open)
		b.Shoot("dialog", []int64{390, 1280}, func(string) {})
		b.Press("#confirm .quiet")
		b.WaitUntil("!" + open)
		require.Equal(t, "/gallery/blue/text", b.Path())
	}
	b.Click("#send")
	require.Equal(t, "/sent", b.Path())
}
