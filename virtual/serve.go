// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/d204ef64/fob/serialproto"
)

// ServeOptions are the options of [Token.Serve].
type ServeOptions struct {
	In, Out LineFaults // faults of the line in each direction; Baud sets its speed

	// Before is called after the token has worked and before its answer is sent. A
	// caller that stores the token's state saves it here: no host then sees an answer
	// that a crash could undo. An error ends Serve.
	Before func() error
}

// Serve connects a port to the token and carries bytes until the port fails, ctx ends
// or the simulated cable is pulled out ([ErrUnplugged]). It closes the port. When ctx
// ends it returns nil.
func (t *Token) Serve(ctx context.Context, p serialproto.Port, o ServeOptions) error {
	stop := context.AfterFunc(ctx, func() { p.Close() })
	defer stop()
	defer p.Close()
	start := time.Now()
	conn := t.Connect(func() int64 { return time.Since(start).Milliseconds() })
	in, out := NewLineNoise(o.In), NewLineNoise(o.Out)
	var raw [512]byte
	var arrived, answer, sent []byte
	for {
		n, err := p.Read(raw[:])
		if n > 0 {
			var broken error
			arrived, broken = transmit(ctx, in, arrived[:0], raw[:n])
			answer = conn.Exchange(answer[:0], arrived)
			if o.Before != nil {
				if err := o.Before(); err != nil {
					return err
				}
			}
			if broken == nil {
				sent, broken = transmit(ctx, out, sent[:0], answer)
				if len(sent) > 0 {
					if _, err := p.Write(sent); err != nil && broken == nil {
						broken = err
					}
				}
			}
			if broken != nil {
				return ignoreClose(ctx, broken)
			}
		}
		if err != nil {
			return ignoreClose(ctx, err)
		}
	}
}

// transmit sends src over a line. It waits until the bytes have arrived and appends them
// to dst.
func transmit(ctx context.Context, line *LineNoise, dst, src []byte) ([]byte, error) {
	now := WorldTimeOf(time.Now())
	until := now
	var err error
	for i := 0; i < len(src) && err == nil; i++ {
		until = line.Pass(now)
		dst, err = line.Append(dst, src[i:i+1])
	}
	if err == nil && line.Unplugged() { // pulled out with the last byte
		err = ErrUnplugged
	}
	if wait := time.Duration(until - now); wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return dst, ctx.Err()
		}
	}
	return dst, err
}

// ignoreClose discards the error that our own closing of the port causes.
func ignoreClose(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
