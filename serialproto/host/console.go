// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/d204ef64/fob/serialproto"
)

// Transport carries SMP messages, header and body, to a token and back. [New] makes
// one for SMP over console on a port; [NewOver] accepts another, such as reports of
// a USB HID device or BLE packets. A [Client] calls one method at a time.
type Transport interface {
	// Exchange sends a message and returns the first answer that accept approves.
	// It discards others, such as the late answer to an earlier message. It fails
	// with [os.ErrDeadlineExceeded] at the deadline, and when ctx ends.
	Exchange(ctx context.Context, message []byte, deadline time.Time, accept func(answer []byte) bool) ([]byte, error)
	// Drain discards bytes that have arrived but were not read.
	Drain(ctx context.Context)
	// Traffic returns the number of bytes sent and received. It may be called at any
	// time.
	Traffic() (sent, received int)
}

// console is the transport of SMP over console. It sets deadlines on the port during a
// call, and removes them afterwards, because the caller owns the port.
type console struct {
	port    serialproto.Port
	in      serialproto.Deframer
	out     serialproto.Framer
	pending []byte // bytes that were read but not yet processed
	start   time.Time

	mu             sync.Mutex // guards the fields below
	sent, received int
}

func newConsole(port serialproto.Port) *console { return &console{port: port, start: time.Now()} }

func (c *console) Traffic() (sent, received int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent, c.received
}

func (c *console) Exchange(ctx context.Context, message []byte, deadline time.Time, accept func([]byte) bool) ([]byte, error) {
	defer c.watch(ctx)()
	err := c.send(ctx, message, deadline)
	if err == nil {
		return c.receive(ctx, deadline, accept)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// The device may block until the host reads the bytes that it sends.
		c.drain(ctx)
	}
	return nil, err
}

// watch ends a Read or Write in progress when ctx ends. The returned function stops the
// watch and removes the deadlines.
func (c *console) watch(ctx context.Context) (stop func()) {
	stopped := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(stopped)
		past := time.Unix(1, 0)
		_ = c.port.SetReadDeadline(past)
		_ = c.port.SetWriteDeadline(past)
	})
	return func() {
		if !cancel() {
			<-stopped // it must not overwrite the next call's deadline
		}
		_ = c.port.SetReadDeadline(time.Time{})
		_ = c.port.SetWriteDeadline(time.Time{})
	}
}

// setDeadline sets a deadline. It must not undo the deadline that the end of ctx has just
// set.
func setDeadline(ctx context.Context, set func(time.Time) error, deadline time.Time) error {
	if err := set(deadline); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (c *console) send(ctx context.Context, message []byte, deadline time.Time) error {
	if err := setDeadline(ctx, c.port.SetWriteDeadline, deadline); err != nil {
		return err
	}
	c.out.Seal(len(append(c.out.Message(), message...)))
	n, err := c.port.Write(c.out.AppendLines(nil))
	c.mu.Lock()
	c.sent += n
	c.mu.Unlock()
	return err
}

func (c *console) receive(ctx context.Context, deadline time.Time, accept func([]byte) bool) ([]byte, error) {
	if err := setDeadline(ctx, c.port.SetReadDeadline, deadline); err != nil {
		return nil, err
	}
	var buf [1024]byte
	for {
		for len(c.pending) > 0 {
			b := c.pending[0]
			c.pending = c.pending[1:]
			if answer := c.in.Feed(b, time.Since(c.start).Milliseconds()); answer != nil && accept(answer) {
				return append([]byte(nil), answer...), nil
			}
		}
		n, err := c.read(buf[:])
		c.pending = append(c.pending[:0], buf[:n]...)
		if err != nil && n == 0 {
			return nil, err
		}
	}
}

func (c *console) read(p []byte) (int, error) {
	n, err := c.port.Read(p)
	c.mu.Lock()
	c.received += n
	c.mu.Unlock()
	return n, err
}

const (
	// drainPause is how long a line must be silent to count as drained.
	drainPause = 2 * time.Millisecond
	// drainMost limits the draining of a line that is never silent.
	drainMost = 100 * time.Millisecond
)

func (c *console) Drain(ctx context.Context) {
	defer c.watch(ctx)()
	c.drain(ctx)
}

func (c *console) drain(ctx context.Context) {
	c.pending = nil
	var buf [4096]byte
	for end := time.Now().Add(drainMost); time.Now().Before(end); {
		if setDeadline(ctx, c.port.SetReadDeadline, time.Now().Add(drainPause)) != nil {
			return
		}
		if _, err := c.read(buf[:]); err != nil {
			return
		}
	}
}
