// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
)

// patience is a time limit for events that must happen; reaching it is a failure.
const patience = 5 * time.Minute

// kind is one way to connect a token to a host.
type kind struct {
	name  string
	pair  func(t *testing.T) (token, host Port)
	hosts bool // the token does not notice when hosts come and go, as on a PTY
	cable bool // the host does not notice when the token closes its end
}

func kinds() []kind {
	all := []kind{
		{name: "pipe", pair: func(*testing.T) (Port, Port) { return Pipe() }},
		{name: "tcp", pair: func(t *testing.T) (Port, Port) { return connect(t, "tcp:127.0.0.1:0") }},
		{name: "tcp with password", pair: func(t *testing.T) (Port, Port) {
			return connect(t, "tcp:127.0.0.1:0", WithPassword("s3cret"))
		}},
		{name: "unix", pair: func(t *testing.T) (Port, Port) {
			return connect(t, "unix:"+filepath.Join(t.TempDir(), "s"))
		}},
		{name: "rfc2217", pair: func(t *testing.T) (Port, Port) { return connect(t, "rfc2217://127.0.0.1:0") }},
		{name: "rfc2217 with password", pair: func(t *testing.T) (Port, Port) {
			return connect(t, "rfc2217://127.0.0.1:0", WithPassword("s3cret"))
		}},
	}
	if runtime.GOOS == "linux" {
		all = append(all,
			kind{name: "pty", hosts: true, pair: func(t *testing.T) (Port, Port) {
				return connect(t, "pty:"+filepath.Join(t.TempDir(), "tok"))
			}},
			kind{name: "device", hosts: true, pair: func(t *testing.T) (Port, Port) {
				l := listen(t, "pty:"+filepath.Join(t.TempDir(), "tok"))
				host := open(t, strings.TrimPrefix(l.Addr(), "pty:"))
				return accept(t, l), host
			}},
			kind{name: "served device", hosts: true, cable: true, pair: func(t *testing.T) (Port, Port) {
				link := filepath.Join(t.TempDir(), "gs")
				host, _ := plug(t, link)
				return accept(t, listen(t, link)), host
			}})
	}
	return all
}

// forEachKind runs a test on every kind of connection.
func forEachKind(t *testing.T, test func(t *testing.T, k kind)) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			tooltest.CheckLeaks(t, "serialproto/port.")
			test(t, k)
		})
	}
}

func (k kind) connect(t *testing.T) (token, host Port) {
	token, host = k.pair(t)
	t.Cleanup(func() { token.Close(); host.Close() })
	return token, host
}

func connect(t *testing.T, addr string, opts ...Option) (token, host Port) {
	l := listen(t, addr, opts...)
	host = open(t, l.Addr(), opts...)
	return accept(t, l), host
}

func listen(t *testing.T, addr string, opts ...Option) Listener {
	t.Helper()
	l, err := Listen(addr, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

func open(t *testing.T, addr string, opts ...Option) Port {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := Open(ctx, addr, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

func accept(t *testing.T, l Listener) Port {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := l.Accept(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// plug makes link a serial device. It returns the host's end of the cable, and a
// function that pulls the cable out: the device then hangs up, and its node disappears.
// The device is a PTY with its ends exchanged.
func plug(t *testing.T, link string) (host Port, unplug func()) {
	t.Helper()
	l := listen(t, "pty:"+link)
	return accept(t, l), func() {
		t.Helper()
		require.NoError(t, l.Close())
	}
}

// exchange checks that bytes pass in both directions.
func exchange(t *testing.T, a, b Port) {
	t.Helper()
	for _, c := range []struct{ from, to Port }{{a, b}, {b, a}} {
		want := []byte("hello \xff\xff\x00\r\n\x03\x04\x11\x13 token")
		require.NoError(t, c.to.SetReadDeadline(time.Now().Add(patience)))
		_, err := c.from.Write(want)
		require.NoError(t, err)
		got := make([]byte, len(want))
		_, err = io.ReadFull(c.to, got)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.NoError(t, c.to.SetReadDeadline(time.Time{}))
	}
}

// within returns the next value from c, and fails if there is none within patience.
func within[T any](t *testing.T, call string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		require.FailNow(t, "still blocked: "+call)
		panic("unreachable")
	}
}

// background runs f in a goroutine and returns a channel for its error.
func background(f func() error) <-chan error {
	c := make(chan error, 1)
	go func() { c <- f() }()
	return c
}
