// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// endpoint is a Port over an open socket or terminal. It adds the operation and the
// address to errors.
type endpoint struct {
	inner       Port
	addr        string
	beforeClose func() // nil for a socket
	once        sync.Once
	closed      atomic.Bool
	err         error // result of Close
}

var _ Port = (*endpoint)(nil)

// dialSocket connects to an address of scheme TCP, RFC2217 or Unix.
func dialSocket(ctx context.Context, a Addr) (net.Conn, error) {
	var d net.Dialer
	if a.Scheme == Unix {
		return d.DialContext(ctx, "unix", a.Path)
	}
	return d.DialContext(ctx, "tcp", a.hostPort())
}

func (e *endpoint) Read(p []byte) (int, error) {
	n, err := e.inner.Read(p)
	return n, ioError("reading", e.addr, err, e.closed.Load())
}

func (e *endpoint) Write(p []byte) (int, error) {
	n, err := e.inner.Write(p)
	return n, ioError("writing", e.addr, err, e.closed.Load())
}

func (e *endpoint) SetReadDeadline(t time.Time) error {
	return ioError("setting a deadline on", e.addr, e.inner.SetReadDeadline(t), e.closed.Load())
}

func (e *endpoint) SetWriteDeadline(t time.Time) error {
	return ioError("setting a deadline on", e.addr, e.inner.SetWriteDeadline(t), e.closed.Load())
}

func (e *endpoint) Close() error {
	e.once.Do(func() {
		e.closed.Store(true)
		if e.beforeClose != nil {
			e.beforeClose()
		}
		e.err = ioError("closing", e.addr, e.inner.Close(), false)
	})
	return e.err
}
