// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// TestEventsDropped: a client that was too slow gets the number of events that it has
// missed. If the stream breaks, it asks again for the next event.
func TestEventsDropped(t *testing.T) {
	asked := make(chan string, 10)
	var n atomic.Int32 // the connection of an aborted request orders nothing
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Query().Get("after_seq")
		switch n.Add(1) {
		case 1:
			_, _ = w.Write([]byte("event: dropped\ndata: {\"dropped\":7,\"oldest\":8}\n\n: \n\nid: 8\ndata: {\"seq\":8,\"event\":\"press\",\"token\":\"00\"}\n\n"))
		case 2:
			_, _ = w.Write([]byte("event: dropped\ndata: {\"dropped\":1,\"oldest\":10}\n\n"))
		default:
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	var got []control.StreamEvent
	var lines []string
	err := (&control.Client{URL: server.URL, Key: key}).Events(t.Context(), control.EventQuery{}, func(e control.StreamEvent) error {
		lines = append(lines, string(e.JSON))
		e.JSON = nil
		got = append(got, e)
		return nil
	})
	require.ErrorIs(t, err, control.ErrUnreachable)
	require.NotErrorIs(t, err, control.ErrEnded)
	require.ErrorContains(t, err, "is fob run still running there?")
	require.Equal(t, []string{"0", "8", "9"}, []string{<-asked, <-asked, <-asked})
	require.Equal(t, []control.StreamEvent{{Dropped: 7, Oldest: 8}, {Seq: 8, Token: "00", Event: "press"}, {Dropped: 1, Oldest: 10}}, got)
	require.Equal(t, `{"dropped":7,"oldest":8}`, lines[0])
}

// TestEventsReconnect: when connections break, a client gets each event once and in
// order. It stops when the fleet is gone, and when its own function does.
func TestEventsReconnect(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	a := newAway(t, c.url)
	serial := c.make(`{"ready":true}`)[0]
	seen, done := make(chan uint64), make(chan error, 1)
	follow := func(q control.EventQuery) {
		done <- (&control.Client{URL: a.URL, Key: key}).Events(t.Context(), q, func(e control.StreamEvent) error {
			seen <- e.Seq
			return nil
		})
	}
	go follow(control.EventQuery{Token: serial, Kinds: []string{"skew"}})
	var last uint64
	for range 5 {
		want := uint64(c.do("POST", "/v1/tokens/"+serial+"/skew", `{"by":"1s"}`)["seq"].(float64))
		last = <-seen
		require.Equal(t, want, last)
		a.CloseClientConnections()
	}
	a.down.Store(true)
	a.CloseClientConnections()
	err := <-done
	require.ErrorIs(t, err, control.ErrUnreachable)
	require.ErrorContains(t, err, "is fob run still running there?")

	a.down.Store(false)
	own := errors.New("own")
	err = (&control.Client{URL: a.URL, Key: key}).Events(t.Context(), control.EventQuery{After: last - 1}, func(control.StreamEvent) error { return own })
	require.Equal(t, own, err)
	var refused *control.RefusedError
	err = (&control.Client{URL: a.URL, Key: key}).Events(t.Context(), control.EventQuery{After: last + 1}, nil)
	require.ErrorAs(t, err, &refused, "another fleet")
	stopped, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorIs(t, (&control.Client{URL: a.URL, Key: key}).Events(stopped, control.EventQuery{}, nil), context.Canceled)
}

// TestEnd: when the fleet ends, a stream has all events and says so, and a wait ends with
// a problem.
func TestEnd(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	base, end := context.WithCancelCause(t.Context())
	server := httptest.NewUnstartedServer(control.New(c.fleet, control.Options{Key: key}))
	server.Config.BaseContext = func(net.Listener) context.Context { return base }
	server.Start()
	defer server.Close()
	serial := c.make(`{"ready":true}`)[0]
	client := &control.Client{URL: server.URL, Key: key}
	streamed, waited := make(chan error, 1), make(chan error, 1)
	var first = make(chan struct{})
	var last uint64
	go func() {
		streamed <- client.Events(t.Context(), control.EventQuery{}, func(e control.StreamEvent) error {
			if last = e.Seq; e.Seq == 1 {
				close(first)
			}
			return nil
		})
	}()
	go func() {
		waited <- client.Do(t.Context(), "GET", "/v1/tokens/"+serial+"/wait?state=BLANK&real_timeout=PT1H", nil, nil)
	}()
	<-first
	require.Eventually(t, func() bool { return c.fleet.World().Alarms() > 0 }, patience, time.Millisecond)
	for range 3000 { // more than a batch
		c.fleet.World().Advance(time.Second)
	}
	end(control.ErrEnded)
	require.ErrorIs(t, <-streamed, control.ErrEnded)
	require.Equal(t, c.fleet.Log().Seq(), last)
	var refused *control.RefusedError
	err := <-waited
	require.ErrorAs(t, err, &refused)
	require.Equal(t, 503, refused.Status)
	require.Equal(t, "ended", refused.Code)
	require.Equal(t, "the fleet has ended", refused.Detail)
}

// TestBrokenEnd: a fleet that ends because of an error does not end its streams as if
// all was well.
func TestBrokenEnd(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	base, end := context.WithCancelCause(t.Context())
	var streams atomic.Int32
	handler := control.New(c.fleet, control.Options{Key: key})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if streams.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		handler.ServeHTTP(w, r)
	}))
	server.Config.BaseContext = func(net.Listener) context.Context { return base }
	server.Start()
	defer server.Close()
	c.make(`{}`)
	err := (&control.Client{URL: server.URL, Key: key}).Events(t.Context(), control.EventQuery{}, func(control.StreamEvent) error {
		end(errors.New("the disk is full"))
		return nil
	})
	require.ErrorIs(t, err, control.ErrUnreachable)
	require.NotErrorIs(t, err, control.ErrEnded)
}

// TestPageDropped: a page says how many events are missing because the log no longer
// holds them.
func TestPageDropped(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{LogSize: 100})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	c := &client{t, f, httptestServer(t, control.New(f, control.Options{Key: key}))}
	c.make(`{"count":250}`) // events 1 to 250, of which 151 to 250 are left
	for after, want := range map[string]int{"0": 150, "100": 50, "149": 1, "150": 0, "200": 0, "250": 0} {
		page := c.do("GET", "/v1/events?after_seq="+after, "")
		require.EqualValues(t, want, page["dropped"], after)
		require.EqualValues(t, 151, page["oldest"])
	}
	require.EqualValues(t, 150, c.do("GET", "/v1/events?limit=1&kind=made", "")["dropped"])
	require.EqualValues(t, 150, c.do("GET", "/v1/events?kind=press", "")["dropped"], "they may have been presses")
	next := c.open("/v1/events")
	e := next()
	require.Equal(t, "dropped", e.kind)
	require.EqualValues(t, 150, e.data["dropped"])
	require.Equal(t, "151", next().id)
}
