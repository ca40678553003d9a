// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"fmt"
	"time"

	"github.com/d204ef64/fob/serialproto"
)

// Port is a [serialproto.Port]. The package comment states the guarantees of every
// implementation about deadlines, Close and concurrent use.
type Port = serialproto.Port

// Option is an option of [Open] and [Listen].
type Option func(*options)

type options struct {
	password string
	wait     time.Duration // for the password line
}

// WithPassword sets the password of a tcp:, unix: or rfc2217: connection. A listener
// then forwards no byte until the client has sent the line "token PASSWORD"; [Open]
// sends that line. An empty password is the same as no option. Open ignores the
// password for serial devices and PTYs; Listen returns [ErrUnsupported] for them.
func WithPassword(password string) Option { return func(o *options) { o.password = password } }

// parse parses the arguments of Open and Listen.
func parse(op, addr string, opts []Option) (Addr, options, error) {
	o := options{wait: passwordWait}
	for _, opt := range opts {
		opt(&o)
	}
	a, err := ParseAddr(addr)
	if err == nil {
		if err = checkPassword(o.password); err != nil {
			err = &OpError{Op: op, Addr: addr, Err: err}
		}
	}
	return a, o, err
}

// Open connects to the token at addr. Serial lines are set to 115200 8N1. ctx limits
// the time for connecting and has no effect afterwards.
func Open(ctx context.Context, addr string, opts ...Option) (Port, error) {
	a, o, err := parse("opening", addr, opts)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, &OpError{Op: "opening", Addr: addr, Err: err}
	}
	switch a.Scheme {
	case Device:
		return openDevice(a)
	case PTY:
		if a.Path == "" {
			return nil, addrError(addr, "the path is missing; want pty:PATH")
		}
		return openPTY(a)
	}
	if a.Scheme != Unix && a.Port == 0 {
		return nil, addrError(addr, "port 0 is for listening only")
	}
	return dial(ctx, a, o)
}

// dial opens an address that is a socket.
func dial(ctx context.Context, a Addr, o options) (Port, error) {
	conn, err := dialSocket(ctx, a)
	if err != nil {
		return nil, openError("opening", a.String(), err)
	}
	var p Port
	if a.Scheme == RFC2217 {
		client := newTelnetClient(conn, a.String())
		if err := client.negotiate(ctx); err != nil {
			client.Close()
			return nil, openError("opening", a.String(), err)
		}
		p = client
	} else {
		p = &endpoint{inner: conn, addr: a.String()}
	}
	if o.password == "" {
		return p, nil
	}
	if err := sendPassword(ctx, p, o.password); err != nil {
		p.Close()
		return nil, openError("opening", a.String(), fmt.Errorf("sending the password: %w", bareOp(err)))
	}
	return &unanswered{Port: p}, nil
}

// bareOp removes the address that a Port has added to its error.
func bareOp(err error) error {
	if oe, ok := err.(*OpError); ok {
		return oe.Err
	}
	return err
}
