// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"fmt"
	"os"
)

// Listener offers a virtual token to hosts.
type Listener interface {
	// Accept waits for a host. On a PTY the first call returns at once with the
	// one Port that serves every host that opens the terminal, and later calls
	// wait until ctx ends or the listener is closed ([os.ErrClosed]).
	Accept(ctx context.Context) (Port, error)
	// Addr returns the address to give to [Open].
	Addr() string
	// Close stops listening. Ports accepted from sockets live on; closing a PTY
	// listener unplugs its Port.
	Close() error
}

// Listen starts serving at addr: "pty:LINK", where LINK becomes a symbolic link
// to the terminal (or is empty for none), "tcp:HOST:PORT" and
// "rfc2217://HOST:PORT", where port 0 picks a free one, or "unix:PATH".
func Listen(addr string, opts ...Option) (Listener, error) {
	a, err := ParseAddr(addr)
	if err != nil {
		return nil, err
	}
	o, err := collect(opts)
	if err != nil {
		return nil, &OpError{Op: "listening on", Addr: addr, Err: err}
	}
	switch a.Scheme {
	case Device:
		return nil, &OpError{Op: "listening on", Addr: addr,
			Err: fmt.Errorf("%w: a device cannot be served; use pty:LINK, tcp:HOST:PORT, unix:PATH or rfc2217://HOST:PORT", ErrUnsupported)}
	case PTY:
		if o.token != "" {
			return nil, &OpError{Op: "listening on", Addr: addr,
				Err: fmt.Errorf("%w: a token cannot protect a PTY, its file permissions do", ErrUnsupported)}
		}
		return listenPTY(a)
	case Unix:
		return listenUnix(a, o)
	}
	return listenTCP(a, o)
}

// acceptNext is Accept for listeners that hand over Ports by a channel.
func acceptNext(ctx context.Context, addr string, ready <-chan Port, closed <-chan struct{}) (Port, error) {
	fail := func(err error) (Port, error) {
		return nil, &OpError{Op: "accepting on", Addr: addr, Err: err}
	}
	if isDone(closed) {
		return fail(os.ErrClosed)
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	select {
	case p := <-ready:
		return p, nil
	case <-ctx.Done():
		return fail(ctx.Err())
	case <-closed:
		return fail(os.ErrClosed)
	}
}
