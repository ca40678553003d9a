// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	fleetpage "github.com/d204ef64/fob/fleet/page"
	"github.com/d204ef64/fob/internal/webapi"
	"github.com/d204ef64/fob/line/page"
	"github.com/d204ef64/fob/virtual"
)

// webOf opens a web server with a handler. The caller may change it, and calls serve.
func webOf(t *testing.T, h http.Handler) *webServer {
	t.Helper()
	w, err := (&app{stderr: io.Discard}).listenWeb(t.Context(), &httpFlags{addr: "127.0.0.1:0"})
	require.NoError(t, err)
	w.answer(func(func(string) bool) http.Handler { return h })
	return w
}

// serveWeb serves until the test ends.
func serveWeb(t *testing.T, w *webServer) {
	t.Helper()
	served := make(chan error, 1)
	go func() { served <- w.serve() }()
	t.Cleanup(func() {
		w.close(io.EOF)
		require.NoError(t, <-served)
	})
}

// TestStalledBodies: a client without the key whose body does not arrive does not keep its
// connection.
func TestStalledBodies(t *testing.T) {
	world, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(world, fleet.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	for name, h := range map[string]http.Handler{
		"line":  page.New(page.Options{Key: "the-key-of-the-tests"}),
		"fleet": fleetpage.New(f, fleetpage.Options{Key: "the-key-of-the-tests"}),
	} {
		w := webOf(t, h)
		w.stall = 50 * time.Millisecond
		serveWeb(t, w)
		for _, path := range []string{"/login", "/language", "/v1/tokens", "/nothing"} {
			c, err := net.Dial("tcp", w.listener.Addr().String())
			require.NoError(t, err)
			_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\nkey=", path)
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, c) // until the server closes the connection, or resets it
			require.NoError(t, c.Close(), "%s %s", name, path)
		}
	}
}

// TestStreamsStay: the time limit of a client that stalls does not end a stream without
// events, which sends only beats. A busy machine may need longer than the limit to write a
// beat: the test doubles it until it suffices.
func TestStreamsStay(t *testing.T) {
	const wanted = 3
	for stall := 100 * time.Millisecond; ; stall *= 2 {
		w := webOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := webapi.Stream{
				Next: func(out []byte) ([]byte, bool) { return out, false }, Changed: func() <-chan struct{} { return nil },
				Every: 3 * stall, Beat: "beat\n",
			}
			s.Send(r.Context(), w)
		}))
		w.stall = stall
		serveWeb(t, w)
		beats := 0
		a, err := http.Get(w.url())
		for err == nil && beats < wanted {
			if _, err = io.ReadFull(a.Body, make([]byte, len("beat\n"))); err == nil {
				beats++
			}
		}
		if a != nil {
			require.NoError(t, a.Body.Close())
		}
		if beats == wanted {
			return
		}
		require.Less(t, stall, 10*time.Second, "%d beats: %v", beats, err)
	}
}

// TestConnections: connections beyond the maximum wait.
func TestConnections(t *testing.T) {
	var open, most atomic.Int64
	w := webOf(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		most.Store(max(most.Load(), open.Add(1)))
		for range 100 {
			runtime.Gosched()
		}
		time.Sleep(time.Millisecond) // work
		open.Add(-1)
	}))
	require.Equal(t, maxConnections, w.connections)
	w.connections = 2
	serveWeb(t, w)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var clients sync.WaitGroup
	for range 50 {
		clients.Go(func() {
			a, err := client.Get(w.url())
			if err != nil {
				t.Error(err)
				return
			}
			a.Body.Close()
		})
	}
	clients.Wait()
	require.LessOrEqual(t, most.Load(), int64(2))
}
