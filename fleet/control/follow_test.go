// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// away stands between a follower and a fleet. While down is set, it cuts connections.
type away struct {
	down atomic.Bool
	*httptest.Server
}

func newAway(t *testing.T, to string) *away {
	target, err := url.Parse(to)
	require.NoError(t, err)
	a := &away{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.down.Load() {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

// TestFollow: a follower has the world's time in each mode, also right after it was
// changed.
func TestFollow(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	f, err := control.Follow(t.Context(), &control.Client{URL: c.url, Key: key}, nil)
	require.NoError(t, err)
	now := func() time.Time {
		at, err := f.Now(t.Context())
		require.NoError(t, err)
		return at
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, start, now())
	c.do("POST", "/v1/time/advance", `{"by":"P365D"}`)
	require.Equal(t, start.AddDate(1, 0, 0), now())
	c.do("PUT", "/v1/time", `{"mode":"scaled","rate":1e6}`)
	for first := now(); !now().After(first); {
	}
	c.do("PUT", "/v1/time", `{"paused":true}`)
	require.Equal(t, now(), now())
}

// TestFollowWait: a wait ends when the world's time is reached: by an advance, or
// because the clock runs again or faster.
func TestFollowWait(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	f, err := control.Follow(t.Context(), &control.Client{URL: c.url, Key: key}, nil)
	require.NoError(t, err)
	running, stop := context.WithCancel(t.Context())
	defer stop()
	go f.Run(running)
	for _, change := range []func(){
		func() { c.do("POST", "/v1/time/advance", `{"by":"P1D"}`) },
		func() { c.do("PUT", "/v1/time", `{"mode":"scaled","rate":1e6}`) },
		func() {
			c.do("PUT", "/v1/time", `{"paused":true}`)
			c.do("PUT", "/v1/time", `{"paused":false}`)
		},
	} {
		at, err := f.Now(t.Context())
		require.NoError(t, err)
		at = at.Add(24 * time.Hour)
		done := make(chan error, 1)
		go func() { done <- f.Wait(t.Context(), at) }()
		change()
		require.NoError(t, <-done)
		now, err := f.Now(t.Context())
		require.NoError(t, err)
		require.False(t, now.Before(at))
	}
	stop()
	require.ErrorIs(t, f.Wait(running, time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)), context.Canceled)
}

// TestFollowLost: without the fleet there is an error and the last time. Loss and return
// are reported once.
func TestFollowLost(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	a := newAway(t, c.url)
	events := make(chan error, 10)
	f, err := control.Follow(t.Context(), &control.Client{URL: a.URL, Key: key}, func(err error) { events <- err })
	require.NoError(t, err)
	running, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.Run(running)
	}()
	a.down.Store(true)
	a.CloseClientConnections()
	require.ErrorIs(t, <-events, control.ErrUnreachable)
	for range 3 {
		now, err := f.Now(t.Context())
		require.ErrorIs(t, err, control.ErrUnreachable)
		require.Equal(t, "2026-01-01T00:00:00Z", now.Format(time.RFC3339))
	}
	c.do("POST", "/v1/time/advance", `{"by":"P1D"}`)
	a.down.Store(false)
	require.NoError(t, f.Wait(t.Context(), time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)), "Run notices the return")
	require.NoError(t, <-events)
	require.Empty(t, events)
	stop()
	<-ended

	_, err = control.Follow(t.Context(), &control.Client{URL: c.url, Key: "wrong"}, nil)
	require.ErrorContains(t, err, "send the API key")
}
