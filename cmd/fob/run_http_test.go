// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// TestLargeHeaders: the HTTP API refuses a request whose path or headers are too large,
// and does not wait for ever for those that do not come.
func TestLargeHeaders(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{})
	require.NoError(t, err)
	api, err := (&app{}).listenHTTP(t.Context(), f, &httpFlags{addr: "127.0.0.1:0"})
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- api.serve() }()
	require.Positive(t, api.server.ReadHeaderTimeout)
	require.Positive(t, api.server.IdleTimeout)
	get := func(path, header string) int {
		r, err := http.NewRequestWithContext(t.Context(), "GET", api.url()+path, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+api.key)
		r.Header.Set("X-Long", header)
		a, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		a.Body.Close()
		return a.StatusCode
	}
	long := strings.Repeat("x", 200_000)
	require.Equal(t, 200, get("/v1/time", "short"))
	require.Equal(t, 431, get("/v1/time", long))
	require.Equal(t, 431, get("/v1/"+long, "short"))
	r, err := http.NewRequestWithContext(t.Context(), "OPTIONS", api.url(), nil)
	require.NoError(t, err)
	r.URL.Opaque = "*"
	a, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	a.Body.Close()
	require.Equal(t, 401, a.StatusCode, "OPTIONS *")
	api.close()
	require.NoError(t, <-served)
	require.NoError(t, f.Close())
}

// TestSlowHeaders: a connection whose request does not arrive is closed, whether its
// client sends nothing, sends the headers one by one, or does not finish the handshake.
func TestSlowHeaders(t *testing.T) {
	dir := t.TempDir()
	makeCertificate(t, dir, "IP:127.0.0.1")
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{})
	require.NoError(t, err)
	for _, h := range []*httpFlags{
		{addr: "127.0.0.1:0"},
		{addr: "127.0.0.1:0", cert: filepath.Join(dir, "crt"), certKey: filepath.Join(dir, "key")},
	} {
		api, err := (&app{stderr: io.Discard}).listenHTTP(t.Context(), f, h)
		require.NoError(t, err)
		api.server.ReadHeaderTimeout = 50 * time.Millisecond
		served := make(chan error, 1)
		go func() { served <- api.serve() }()
		for _, begin := range []string{"", "GET /v1/time HTTP/1.1\r\n", "GET /v1/time HTTP/1.1\r\nHost: localhost\r\n"} {
			conn, err := net.Dial("tcp", api.listener.Addr().String())
			require.NoError(t, err)
			_, err = io.WriteString(conn, begin)
			require.NoError(t, err)
			_, err = io.ReadAll(conn) // the server closes the connection
			if err != nil {
				require.ErrorIs(t, err, syscall.ECONNRESET)
			}
			conn.Close()
		}
		api.close()
		require.NoError(t, <-served)
	}
	require.NoError(t, f.Close())
}
