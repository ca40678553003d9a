// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

const (
	// patience is a time limit for events that must happen; reaching it is a failure.
	patience = 5 * time.Minute
	// shortWait is how long to wait for an answer that will not arrive.
	shortWait = 15 * time.Millisecond
	// rfcSeed is the seed of RFC 4226, appendix D.
	rfcSeed = "12345678901234567890"
)

func newWorld(t testing.TB) *virtual.World {
	t.Helper()
	w, err := virtual.NewWorld(virtual.Config{Seed: 1, StationKey: host.InsecureTestStationKey().Public()})
	require.NoError(t, err)
	return w
}

func newToken(t testing.TB, w *virtual.World, model string) *virtual.Token {
	t.Helper()
	m, err := virtual.ModelByName(model)
	require.NoError(t, err)
	return w.NewToken(m)
}

// withFakeClock runs a test whose clock advances only while all its goroutines wait. On a
// slow machine no answer is late.
func withFakeClock(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// newOrder returns an order for a token of w, at the world's time.
func newOrder(t testing.TB, w *virtual.World, profile string) host.Order {
	t.Helper()
	return hosttest.Order(t, profile, func() time.Time { return w.Now().Time() })
}

// serve serves a token on a port until the test ends.
func serve(t testing.TB, k *virtual.Token, far port.Port) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.Serve(ctx, far, virtual.ServeOptions{}) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// attach serves a token over memory and returns a client for it.
func attach(t testing.TB, k *virtual.Token, opts ...host.Option) *host.Client {
	t.Helper()
	c, _ := attachWire(t, k, opts...)
	return c
}

// attachWire is like attach, and also returns the wire.
func attachWire(t testing.TB, k *virtual.Token, opts ...host.Option) (*host.Client, *wire) {
	t.Helper()
	far, near := port.Pipe()
	serve(t, k, far)
	w := &wire{Port: near}
	t.Cleanup(func() { w.Close() })
	return host.New(w, append([]host.Option{host.WithTimeout(patience)}, opts...)...), w
}

// wire is the host's end of a line, which can lose answers and record requests.
type wire struct {
	port.Port

	mu   sync.Mutex
	lose int // number of answers to lose
	sent [][]byte

	before func(written int) // called before each Write with its number, from 1; may be nil
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.sent = append(w.sent, append([]byte(nil), p...))
	n, before := len(w.sent), w.before
	w.mu.Unlock()
	if before != nil {
		before(n)
	}
	return w.Port.Write(p)
}

// Read loses whole answers, because over memory an answer arrives in one piece.
func (w *wire) Read(p []byte) (int, error) {
	for {
		n, err := w.Port.Read(p)
		w.mu.Lock()
		lost := n > 0 && w.lose > 0
		if lost {
			w.lose--
		}
		w.mu.Unlock()
		if !lost {
			return n, err
		}
	}
}

func (w *wire) loseNext(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = n
}

func (w *wire) sentSoFar() [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// answerRequests answers each request on a line with the bytes that reply returns, or
// not at all if reply returns none, until the line is closed.
func answerRequests(line io.ReadWriter, reply func(h serialproto.Header, body []byte) []byte) {
	var in serialproto.Deframer
	var buf [256]byte
	for {
		n, err := line.Read(buf[:])
		if err != nil {
			return
		}
		for _, b := range buf[:n] {
			m := in.Feed(b, 0)
			if m == nil {
				continue
			}
			h, _ := serialproto.ParseHeader(m)
			if answer := reply(h, m[serialproto.HeaderSize:]); len(answer) > 0 {
				if _, err := line.Write(answer); err != nil {
					return
				}
			}
		}
	}
}

// echo answers an echo request.
func echo(h serialproto.Header, body []byte) []byte {
	return hosttest.Frame(h.Response(), bytes.Replace(body, []byte("\x61d"), []byte("\x61r"), 1))
}

// device simulates a token: reply returns the bytes to send for a request, or nothing.
// The client's first request, which synchronises it, is answered here.
func device(t testing.TB, reply func(h serialproto.Header, body []byte) []byte, opts ...host.Option) *host.Client {
	t.Helper()
	far, near := port.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		synchronised := false
		answerRequests(far, func(h serialproto.Header, body []byte) []byte {
			if synchronised {
				return reply(h, body)
			}
			synchronised = true
			return echo(h, body)
		})
	}()
	t.Cleanup(func() {
		near.Close()
		far.Close()
		<-done
	})
	return host.New(near, append([]host.Option{host.WithTimeout(patience)}, opts...)...)
}

// answering returns a client whose device gives the same answer to every request. The
// body of the answer is encoded as CBOR, unless it is a string of bytes.
func answering(t testing.TB, body any) *host.Client {
	t.Helper()
	raw, isRaw := body.(string)
	if !isRaw {
		encoded, err := cbor.Marshal(body)
		require.NoError(t, err)
		raw = string(encoded)
	}
	return device(t, func(h serialproto.Header, _ []byte) []byte { return hosttest.Frame(h.Response(), []byte(raw)) })
}
