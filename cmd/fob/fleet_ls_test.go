// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// writesCounter counts the calls of Write, each of which is a system call on a real file.
type writesCounter struct {
	strings.Builder
	writes int
}

func (w *writesCounter) Write(b []byte) (int, error) {
	w.writes++
	return w.Builder.Write(b)
}

// TestLsAtOnce: a long list takes one connection, a request for each page, and a write for
// each few kilobytes. It had one connection for each page and ten writes for each token.
func TestLsAtOnce(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Lots: []fleet.Lot{{Count: 2500, Ready: true}, {Count: 1}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	const key = "a-key-of-sixteen-characters"
	api := control.New(f, control.Options{Key: key})
	var connections, requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		api.ServeHTTP(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	t.Setenv("FOB_URL", server.URL)
	t.Setenv("FOB_API_KEY", key)
	for _, more := range [][]string{nil, {"--json"}} {
		connections.Store(0)
		requests.Store(0)
		var out writesCounter
		var errs strings.Builder
		code := run(t.Context(), append([]string{"fleet", "ls", "--state", "locked"}, more...), strings.NewReader(""), &out, &errs)
		require.Zero(t, code, errs.String())
		lines := 2500
		if more == nil {
			lines++ // the header
		}
		require.Equal(t, lines, strings.Count(out.String(), "\n"))
		require.EqualValues(t, 3, requests.Load())
		require.EqualValues(t, 1, connections.Load())
		require.LessOrEqual(t, out.writes, out.Len()/4096+4)
	}
}
