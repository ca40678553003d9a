// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"strings"
	"testing"

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
	api.close()
	require.NoError(t, <-served)
	require.NoError(t, f.Close())
}
