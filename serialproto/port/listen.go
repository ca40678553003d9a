// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"fmt"
	"os"
)

// Listener offers a virtual token to hosts. The Ports that it accepts lose what
// their host does not read within half a second, and what is written to a PTY
// that no host has open, as a UART does: a Write on them never waits longer.
type Listener interface {
	// Accept waits for a host. On a PTY or a device the first call returns at once
	// with the one Port that serves every host that opens the other end. Later
	// calls on a PTY wait until ctx ends or the listener is closed ([os.ErrClosed]);
	// on a device they wait until that Port is closed, as it must be after
	// [ErrGone], and then for the device to be there again.
	Accept(ctx context.Context) (Port, error)
	// Addr returns the address to give to [Open]; that of a device is the token's
	// end, and the host's end has a name of its own.
	Addr() string
	// Close stops listening. Ports accepted from sockets live on; closing a PTY
	// listener unplugs its Port, and that of a device closes its Port.
	Close() error
}

// Listen starts serving at addr: "pty:LINK", where LINK becomes a symbolic link
// to the terminal (or is empty for none), "tcp:HOST:PORT" and
// "rfc2217://HOST:PORT", where port 0 picks a free one, or "unix:PATH". The path
// of a serial device, such as /dev/ttyGS0 of a USB gadget, makes the token answer
// there, to the host at the other end of the cable.
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
		if o.password != "" {
			return nil, &OpError{Op: "listening on", Addr: addr,
				Err: fmt.Errorf("%w: a password cannot protect a serial device, who holds its cable may use it", ErrUnsupported)}
		}
		return listenDevice(a)
	case PTY:
		if o.password != "" {
			return nil, &OpError{Op: "listening on", Addr: addr,
				Err: fmt.Errorf("%w: a password cannot protect a PTY, its file permissions do", ErrUnsupported)}
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
