// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"net"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/virtual"
)

// countingListener counts the bytes that its connections send.
type countingListener struct {
	net.Listener
	sent *atomic.Int64
}

func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countingConn{c, l.sent}, err
}

type countingConn struct {
	net.Conn
	sent *atomic.Int64
}

func (c countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

const (
	wallTokens = 1000
	allShown   = `document.querySelectorAll("#wall-faces .face").length === 1000`
	firstPaint = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`
)

// BenchmarkWall measures the wall of 1,000 tokens in Chromium: the time to the first paint
// and to the last face, the bytes until then, the frames of a second while 1,000 countdowns
// run, and the memory of the page over an hour of world time at speed 60.
func BenchmarkWall(b *testing.B) {
	r := newRig(b, virtual.Config{Mode: virtual.Manual}, ready(wallTokens, "always-on-6"))
	var sent atomic.Int64
	counted := httptest.NewUnstartedServer(r.pages)
	counted.Listener = countingListener{counted.Listener, &sent}
	counted.Start()
	b.Cleanup(func() {
		counted.CloseClientConnections()
		counted.Close()
	})
	for range b.N {
		tab := uitest.NewTab(b, counted.URL)
		tab.Open(r.pages.NewLink())
		tab.WaitUntil(allShown)
		measurePaint(b, tab, &sent)
		require.NoError(b, r.world.SetMode(virtual.Real, 0))
		measureFrames(b, tab)
		measureMemory(b, tab, r)
		require.NoError(b, r.world.SetMode(virtual.Manual, 0))
	}
}

// measurePaint loads the wall anew, with an empty cache.
func measurePaint(b *testing.B, tab *uitest.Tab, sent *atomic.Int64) {
	tab.EmptyCache()
	before := sent.Load()
	tab.Open("/?find=")
	tab.WaitUntil(allShown)
	shown := eval[float64](tab, `performance.now()`)
	bytes := sent.Load() - before
	b.ReportMetric(eval[float64](tab, firstPaint), "ms-first-paint")
	b.ReportMetric(shown, "ms-all-faces")
	b.ReportMetric(float64(bytes)/1000, "kB-sent")
}

// measureFrames counts the frames while the page asks for each, and the countdowns run. The
// trace also has the frames that came too late, and the work for all.
func measureFrames(b *testing.B, tab *uitest.Tab) {
	const seconds = 10
	require.Positive(b, eval[int](tab, `[...document.querySelectorAll(".track:not(.off)")].length`))
	events := tab.Trace([]string{"disabled-by-default-devtools.timeline.frame", "disabled-by-default-devtools.timeline", "devtools.timeline"}, func() {
		eval[bool](tab, `window.drawn = 0, window.running = true, (function frame() { window.drawn++; if (window.running) { requestAnimationFrame(frame); } })(), true`)
		time.Sleep(seconds * time.Second) // the frames of this time are counted
		eval[bool](tab, `window.running = false, true`)
	})
	frames, dropped, work := eval[int](tab, `window.drawn`), 0, 0.0
	for _, e := range events {
		switch e.Name {
		case "DroppedFrame":
			dropped++
		case "RunTask":
			work += e.Work
		}
	}
	b.ReportMetric(float64(frames)/seconds, "frames/s")
	b.ReportMetric(float64(dropped)/seconds, "dropped-frames/s")
	b.ReportMetric(work/1000/float64(max(frames, 1)), "cpu-ms/frame")
}

// measureMemory lets an hour of the world pass at speed 60.
func measureMemory(b *testing.B, tab *uitest.Tab, r *rig) {
	require.NoError(b, r.world.SetMode(virtual.Scaled, 60))
	pass := func(d time.Duration) {
		reached := make(chan struct{})
		r.world.At(r.world.Now().Add(d), func() { close(reached) })
		<-reached
	}
	pass(10 * time.Minute) // the script is compiled, and its caches are filled
	before, nodes := tab.Memory()
	pass(time.Hour)
	after, nodesAfter := tab.Memory()
	b.ReportMetric(after/1e6, "MB-script")
	b.ReportMetric((after-before)/1e6, "MB-growth/h")
	b.ReportMetric(float64(nodesAfter-nodes), "nodes-growth/h")
}

// BenchmarkOpenPage measures how much longer a press takes in a large fleet while a browser
// has its wall open.
func BenchmarkOpenPage(b *testing.B) {
	tokens := 10_000
	if text := os.Getenv("FOB_TOKENS"); text != "" {
		var err error
		tokens, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	r := newRig(b, virtual.Config{Mode: virtual.Manual}, ready(tokens, "button-6"))
	members := slices.Collect(r.fleet.All(0))
	press := func(b *testing.B) {
		for i := range b.N {
			_, err := members[i*7919%len(members)].Do((*virtual.Token).Press)
			require.NoError(b, err)
		}
	}
	b.Run("closed", press)
	l := r.listen("page=wall", "")
	l.until(tagOf(1000))
	go func() {
		for {
			if _, err := l.lines.ReadString('\n'); err != nil {
				return
			}
		}
	}()
	b.Run("open", press)
}
