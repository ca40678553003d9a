// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/page"
	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/virtual"
)

const testKey = "the-key-of-the-tests"

// rig is a fleet with its pages.
type rig struct {
	t      testing.TB
	world  *virtual.World
	fleet  *fleet.Fleet
	pages  *page.Server
	server *httptest.Server
}

// newRig serves a fleet until the test ends. A world of mode Manual begins in 2026.
func newRig(t testing.TB, c virtual.Config, lots ...fleet.Lot) *rig {
	t.Helper()
	if c.Seed == 0 {
		c.Seed = 7
	}
	w, err := virtual.NewWorld(c)
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Lots: lots})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- f.Serve(ctx) }()
	r := &rig{t: t, world: w, fleet: f}
	r.pages = page.New(f, page.Options{
		Key: testKey, Version: "v0.0.0-test", AllowSeedExport: true,
		Event: func(err error) { t.Errorf("the pages reported: %v", err) },
	})
	r.server = httptest.NewServer(r.pages)
	t.Cleanup(func() {
		r.server.CloseClientConnections()
		r.server.Close()
		cancel()
		require.NoError(t, <-served)
		require.NoError(t, f.Close())
	})
	return r
}

// ready returns a lot of provisioned tokens.
func ready(n int, profile string) fleet.Lot {
	return fleet.Lot{Count: fleet.LotCount(n), Profile: profile, Ready: true}
}

const isLive = `document.getElementById("live")?.dataset.state === "live"`

// keepMessages is a script that keeps the messages of a page for waitForMessage.
const keepMessages = `
	window.fobMessages = [];
	document.addEventListener("DOMContentLoaded", () => {
		const keep = (nodes) => fobMessages.push(...[...nodes].map((node) => node.textContent).filter(Boolean));
		const say = document.getElementById("say");
		if (say) new MutationObserver((records) => records.forEach((record) => keep(record.addedNodes))).observe(say, { childList: true });
	});`

// waitForMessage waits for a message of the page, which may have disappeared since. The next
// call looks at the messages after it.
func waitForMessage(b *uitest.Tab, text string) {
	b.T.Helper()
	b.WaitUntil(fmt.Sprintf(`(() => {
		const at = window.fobMessages?.findIndex((message) => message.includes(%q)) ?? -1;
		return at >= 0 && fobMessages.splice(0, at + 1).length > 0;
	})()`, text))
}

// open logs a browser in with a link and opens a page, in Japanese.
func (r *rig) open(path string) *uitest.Tab {
	r.t.Helper()
	b := uitest.NewTab(r.t, r.server.URL)
	b.OnEachPage(keepMessages)
	b.Open(r.pages.NewLink())
	if path != "/" {
		b.Open(path)
	}
	b.WaitUntil(isLive)
	return b
}

// english switches the page to English.
func english(b *uitest.Tab) {
	b.T.Helper()
	b.Click(".language button")
	b.WaitUntil(isLive + ` && document.documentElement.lang === "en"`)
}

func eval[T any](b *uitest.Tab, expression string) T {
	b.T.Helper()
	return uitest.Result(b, chromedp.Evaluate[T](expression))
}

// member returns a token by its place, 1 for the first.
func (r *rig) member(place int) fleet.Member {
	r.t.Helper()
	n := 0
	for m := range r.fleet.All(0) {
		if n++; n == place {
			return m
		}
	}
	r.t.Fatalf("the fleet has no token %d", place)
	return fleet.Member{}
}

// serial returns the serial number of a token by its place.
func (r *rig) serial(place int) string {
	serial, _ := r.member(place).Token.BackLabel()
	return strings.TrimSpace(serial.String())
}

// process is a fleet that is served at an address, as by fob run.
type process struct {
	pages *page.Server
	http  *http.Server
	end   context.CancelCauseFunc
}

// serveAt serves the rig's fleet at an address.
func (r *rig) serveAt(address, key string) (*process, string) {
	r.t.Helper()
	l, err := net.Listen("tcp", address)
	require.NoError(r.t, err)
	ctx, end := context.WithCancelCause(context.Background())
	p := &process{pages: page.New(r.fleet, page.Options{Key: key}), end: end}
	p.http = &http.Server{
		Handler: p.pages, BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { // a slow client is one soon
			require.NoError(r.t, c.(*net.TCPConn).SetWriteBuffer(4096))
			return ctx
		},
	}
	go p.http.Serve(l)
	r.t.Cleanup(func() { p.http.Close() })
	return p, l.Addr().String()
}
