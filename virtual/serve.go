// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/d204ef64/fob/serialproto"
)

// ServeOptions are the options of [Token.Serve].
type ServeOptions struct {
	In, Out LineFaults // faults of the line in each direction; Baud sets its speed

	// Faults, if not nil, takes the place of In and Out and can change while the line is
	// in use.
	Faults *Faults

	// Tap, if not nil, is called with the bytes on the host's end of the line. Sent is
	// true for those that the token sent. It must not keep b.
	Tap func(sent bool, b []byte)

	// Before is called after the token has worked and before its answer is sent. A
	// caller that stores the token's state saves it here: no host then sees an answer
	// that a crash could undo. An error ends Serve.
	Before func() error

	// Pulled, if not nil, is called when a fault of the line has pulled the cable out,
	// before the port is closed.
	Pulled func()
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
	t.Report(EventHostOn, 0)
	defer t.Report(EventHostOff, 0)
	faults := o.Faults
	if faults == nil {
		faults = NewFaults(o.In, o.Out)
	}
	var pause pauser
	defer pause.close()
	var in, out *LineNoise
	changes := uint64(0)
	var raw [512]byte
	var arrived, answer, sent []byte
	for {
		n, err := p.Read(raw[:])
		if n > 0 {
			var broken error
			if f := faults.get(); f.changes != changes {
				in, out, changes = NewLineNoise(f.in), NewLineNoise(f.out), f.changes
			}
			if o.Tap != nil {
				o.Tap(false, raw[:n])
			}
			arrived, broken = transmit(ctx, &pause, in, arrived[:0], raw[:n])
			answer = conn.Exchange(answer[:0], arrived)
			if o.Before != nil {
				if err := o.Before(); err != nil {
					return err
				}
			}
			if broken == nil {
				sent, broken = transmit(ctx, &pause, out, sent[:0], answer)
				if len(sent) > 0 {
					if o.Tap != nil {
						o.Tap(true, sent)
					}
					if _, err := p.Write(sent); err != nil && broken == nil {
						broken = err
					}
				}
			}
			if errors.Is(broken, ErrUnplugged) && o.Pulled != nil {
				o.Pulled()
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

// Faults are the faults of both directions of a line, which can change while it is in
// use. It is safe for concurrent use.
type Faults struct {
	mu     sync.Mutex
	faults lineFaults
}

type lineFaults struct {
	in, out LineFaults
	changes uint64 // number of times that they were set
}

// NewFaults returns the faults of a line.
func NewFaults(in, out LineFaults) *Faults {
	return &Faults{faults: lineFaults{in, out, 1}}
}

// Set changes the faults from the next bytes on. Their counts start again at 0.
func (f *Faults) Set(in, out LineFaults) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = lineFaults{in, out, f.faults.changes + 1}
}

// Get returns the faults.
func (f *Faults) Get() (in, out LineFaults) {
	now := f.get()
	return now.in, now.out
}

func (f *Faults) get() lineFaults {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.faults
}

// transmit sends src over a line. It waits until the bytes have arrived and appends them
// to dst.
func transmit(ctx context.Context, pause *pauser, line *LineNoise, dst, src []byte) ([]byte, error) {
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
		if stopped := pause.wait(ctx, wait); stopped != nil {
			return dst, stopped
		}
	}
	return dst, err
}

// sleep waits, or returns the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ignoreClose discards the error that our own closing of the port causes.
func ignoreClose(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
