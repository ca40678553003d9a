// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"fmt"
	"os"
)

// Listener serves a virtual token to hosts. On its Ports, as on a UART, bytes are lost
// if the host does not read them within half a second, or if no host has the PTY open.
// A Write never waits longer.
type Listener interface {
	// Accept waits for a host. On a PTY or a device the first call returns at once with
	// the one Port that serves every host that opens the other end. Later calls on a
	// PTY wait until ctx ends or the listener is closed ([os.ErrClosed]). On a device
	// they wait until that Port is closed, which the caller must do after [ErrGone],
	// and then until the device is back.
	Accept(ctx context.Context) (Port, error)
	// Addr returns the address for [Open]. For a device it is the token's end; the
	// host's end has a different name.
	Addr() string
	// Close stops listening. Ports accepted from sockets stay open. Closing the
	// listener of a PTY unplugs its Port, and closing the listener of a device closes
	// its Port.
	Close() error
}

// Listen starts serving at addr, which has one of these forms:
//
//   - "pty:LINK": LINK becomes a symbolic link to the terminal; an empty LINK makes none
//   - "tcp:HOST:PORT" and "rfc2217://HOST:PORT": port 0 selects a free port
//   - "unix:PATH"
//   - the path of a serial device, such as /dev/ttyGS0 of a USB gadget: the token answers
//     the host at the other end of the cable
func Listen(addr string, opts ...Option) (Listener, error) {
	a, o, err := parse("listening on", addr, opts)
	if err != nil {
		return nil, err
	}
	noPassword := map[Scheme]string{
		Device: "a serial device cannot have a password: anyone with access to its cable can use it",
		PTY:    "a PTY cannot have a password: its file permissions protect it",
	}[a.Scheme]
	if noPassword != "" && o.password != "" {
		return nil, &OpError{Op: "listening on", Addr: addr, Err: fmt.Errorf("%w: %s", ErrUnsupported, noPassword)}
	}
	switch a.Scheme {
	case Device:
		return listenDevice(a)
	case PTY:
		return listenPTY(a)
	case Unix:
		return listenUnix(a, o)
	}
	return listenTCP(a, o)
}

// acceptNext implements Accept for listeners that pass Ports through a channel.
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
