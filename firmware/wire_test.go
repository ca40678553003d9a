// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/virtual"
)

// wire is a host's end of a line to a token that responds at once, without waiting. It
// records all bytes.
type wire struct {
	exchange       func(in []byte) (out []byte)
	pending        []byte
	sent, received []byte
}

func (w *wire) Write(p []byte) (int, error) {
	w.sent = append(w.sent, p...)
	out := w.exchange(p)
	w.pending = append(w.pending, out...)
	w.received = append(w.received, out...)
	return len(p), nil
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.pending) == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(p, w.pending)
	w.pending = w.pending[n:]
	return n, nil
}

func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
func (w *wire) Close() error                     { return nil }

// connect returns a host that does not repeat requests.
func (m *machine) connect(t testing.TB) (*host.Client, *wire) {
	w := &wire{exchange: func(in []byte) []byte {
		m.in = append(m.in, in...)
		m.step()
		m.settle(t)
		out := bytes.Clone(m.out)
		m.out = m.out[:0]
		return out
	}}
	return host.New(w, host.WithRetries(0)), w
}

// connectToken returns a host connected to a virtual token.
func connectToken(v *virtual.Token) (*host.Client, *wire) {
	conn := v.Connect(nil)
	w := &wire{exchange: func(in []byte) []byte { return conn.Exchange(nil, in) }}
	return host.New(w, host.WithRetries(0)), w
}
