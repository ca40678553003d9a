// SPDX-License-Identifier: Apache-2.0

// Package uitest tests web pages in Chromium: their width, the contrast of their text,
// and the reports of the browser.
package uitest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/d204ef64/fob/internal/tooltest"
)

// Tab is one person's browser: Chromium with its own profile. Any report of the
// browser, such as a violation of the content security policy, fails the test.
type Tab struct {
	T   testing.TB
	ctx context.Context // ends with the limit
	tab context.Context // ends with the test

	base string

	ignored []string // parts of reports

	Mu        sync.Mutex // protects Reports and Requested
	Reports   []string
	Requested []string // addresses
}

// NewTab starts a browser whose language is Japanese, for the pages at an address.
func NewTab(t testing.TB, base string) *Tab {
	t.Helper()
	o := append([]chromedp.ExecAllocatorOption{}, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless,
		chromedp.ExecPath(tooltest.Find(t, "chromium")), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		// A page gets no input before its first frame, and few frames and timers behind
		// another window: on a slow machine, both would be mere chance.
		chromedp.Flag("allow-pre-commit-input", true), chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("disable-renderer-backgrounding", true), chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("accept-lang", "ja"), chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(5*time.Minute))
	ctx, end := chromedp.NewExecAllocator(context.Background(), o...)
	t.Cleanup(end)
	return newTab(t, ctx, base)
}

// Beside opens another tab of the same browser, for the pages at another address.
func (b *Tab) Beside(base string) *Tab {
	b.T.Helper()
	return newTab(b.T, b.ctx, base)
}

// newTab opens a tab of the browser in ctx, which it starts if none runs.
func newTab(t testing.TB, ctx context.Context, base string) *Tab {
	t.Helper()
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	b := &Tab{T: t, ctx: ctx, tab: ctx, base: base}
	b.check(chromedp.Listen(ctx, b.listen))
	for _, enable := range []cdp.Command[cdp.Empty, cdp.Empty]{log.Enable, runtime.Enable} {
		_, err := chromedp.Call(ctx, enable, cdp.Empty{})
		b.check(err)
	}
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	b.check(err)
	b.ctx, end = context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(end)
	t.Cleanup(func() {
		b.Mu.Lock()
		defer b.Mu.Unlock()
		b.Reports = slices.DeleteFunc(b.Reports, func(report string) bool {
			return slices.ContainsFunc(b.ignored, func(part string) bool { return strings.Contains(report, part) })
		})
		if len(b.Reports) > 0 {
			t.Errorf("reports of the browser: %q", b.Reports)
		}
	})
	t.Cleanup(b.showIfFailed)
	return b
}

// Ignore lets the browser report some things that the test itself causes. A report with one
// of the parts fails nothing.
func (b *Tab) Ignore(parts ...string) { b.ignored = append(b.ignored, parts...) }

// EmptyCache removes the files that the browser has kept.
func (b *Tab) EmptyCache() {
	b.T.Helper()
	_, err := chromedp.Call(b.ctx, network.ClearBrowserCache, cdp.Empty{})
	b.check(err)
}

func (b *Tab) check(err error) {
	b.T.Helper()
	if err != nil {
		b.T.Fatal(err)
	}
}

func (b *Tab) listen(event any) {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		// The browser also reports the status 422 of a refused form, which is intended.
		if !strings.Contains(e.Entry.Text, "status of 4") {
			b.Reports = append(b.Reports, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		report := string(e.Type)
		for _, a := range e.Args {
			report += " " + a.Description + string(a.Value)
		}
		b.Reports = append(b.Reports, report)
	case *runtime.EventExceptionThrown:
		b.Reports = append(b.Reports, e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		b.Requested = append(b.Requested, e.Request.URL)
	}
}

// Run performs actions.
func (b *Tab) Run(actions ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	b.check(chromedp.Do(b.ctx, actions...))
}

// Result performs an action and returns its result.
func Result[T any](b *Tab, a chromedp.Action[T]) T {
	b.T.Helper()
	v, err := chromedp.Run(b.ctx, a)
	b.check(err)
	return v
}

// WaitUntil waits until an expression is true on the page, which may be loaded anew
// meanwhile.
func (b *Tab) WaitUntil(expression string) {
	b.T.Helper()
	WaitFor[bool](b, expression)
}

// WaitFor is like WaitUntil, and returns the value of the expression, which is true as a
// condition of JavaScript.
func WaitFor[T any](b *Tab, expression string) T {
	b.T.Helper()
	for {
		value, err := chromedp.Run(b.ctx, chromedp.Poll[T](expression, chromedp.WithPollingTimeout(0))) // the tab has a limit
		if err == nil {
			return value
		}
		if !isReload(err) {
			b.T.Fatalf("waiting until %s: %v", expression, err)
		}
	}
}

// isReload reports whether Chromium could not evaluate an expression because the page was
// loaded anew.
func isReload(err error) bool {
	return slices.ContainsFunc([]string{"navigated", "context was destroyed", "Cannot find context"}, func(part string) bool {
		return strings.Contains(err.Error(), part)
	})
}

// Open opens a path and waits for the page's title.
func (b *Tab) Open(path string) {
	b.T.Helper()
	b.Run(chromedp.Navigate(b.base+path), chromedp.WaitVisible(chromedp.CSS("h1")))
}

// Follow performs an action that leads to the next page, and waits for it.
func (b *Tab) Follow(a chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	_, err := chromedp.RunResponse(b.ctx, a)
	b.check(err)
}

// Text returns the text of the page's main part.
func (b *Tab) Text() string {
	b.T.Helper()
	return Result(b, chromedp.Text(chromedp.CSS("main")))
}

// Path returns the path of the page.
func (b *Tab) Path() string {
	b.T.Helper()
	return strings.TrimPrefix(Result(b, chromedp.Location()), b.base)
}

// System sets features of the user's system, such as "prefers-color-scheme", "dark".
func (b *Tab) System(pairs ...string) {
	b.T.Helper()
	var p emulation.SetEmulatedMediaParams
	for i := 0; i < len(pairs); i += 2 {
		p.Features = append(p.Features, &emulation.MediaFeature{Name: pairs[i], Value: pairs[i+1]})
	}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, p)
	b.check(err)
}

// Print shows the page as it is printed.
func (b *Tab) Print() {
	b.T.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	b.check(err)
}

// Shoot checks the page at several widths, in the light and the dark scheme of the
// system: it must not be wider than the screen, all text and controls must have enough
// contrast, and axe-core must find no violation in either scheme. Then it calls check. If
// FOB_SHOTS names a folder, it saves screenshots there. The page must also fit into
// windows of 1280 pixels at a zoom of 200 % and 400 %, as WCAG 2.2 requires (1.4.4 and
// 1.4.10).
func (b *Tab) Shoot(name string, widths []int64, check func(at string)) {
	b.T.Helper()
	axe, hasAxe := axeScript()
	if !hasAxe && tooltest.Required() {
		tooltest.Missing(b.T, axeName)
	}
	for turn, scheme := range []string{"light", "dark"} {
		b.System("prefers-color-scheme", scheme)
		for i, width := range widths {
			b.resize(width)
			at := fmt.Sprintf("%s-%d-%s.png", name, width, scheme)
			b.fits(at, width)
			if faint := b.Faint(); len(faint) > 0 {
				b.T.Errorf("%s: too little contrast: %q", at, faint)
			}
			// axe-core is slow: one width in each scheme.
			if hasAxe && i == turn%len(widths) {
				if violations := b.axe(axe); len(violations) > 0 {
					b.T.Errorf("%s: axe-core:\n%s", at, strings.Join(violations, "\n"))
				}
			}
			if folder := os.Getenv("FOB_SHOTS"); folder != "" {
				b.check(os.WriteFile(filepath.Join(folder, at), Result(b, chromedp.FullScreenshot(100)), 0o644))
			}
			check(at)
		}
	}
	b.System()
	for _, zoom := range []int64{2, 4} {
		b.resize(1280 / zoom)
		b.fits(fmt.Sprintf("%s at %d %%", name, 100*zoom), 1280/zoom)
	}
	b.resize(widths[len(widths)-1])
}

// resize gives the window a width in pixels.
func (b *Tab) resize(width int64) {
	b.T.Helper()
	b.Run(chromedp.EmulateViewport(width, 900))
	b.WaitUntil(fmt.Sprintf(`window.innerWidth === %d`, width))
	// Parts that the page draws only in view are drawn in the next frame.
	Result(b, chromedp.Evaluate[bool](`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`, chromedp.EvalAwaitPromise))
}

// fits checks that the page is not wider than its window.
func (b *Tab) fits(at string, width int64) {
	b.T.Helper()
	if got := Result(b, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); got > width {
		b.T.Errorf("%s: the page is %d pixels wide", at, got)
	}
}
