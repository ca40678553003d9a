// SPDX-License-Identifier: Apache-2.0

package board

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto/port"
)

// ErrLine is returned if the board's serial line failed.
var ErrLine = errclass.With(errclass.Unreachable, fmt.Errorf("the board's serial line failed: %w", port.ErrGone))

// Serve connects the board's line to the hosts that the listeners accept. The board's
// output goes to the host that sent something last. Serve returns nil when ctx ends. It
// returns an error when QEMU ends (ErrStopped), the board's line fails (ErrLine), or a
// listener fails. It closes the listeners. Only one Serve may run at a time.
func (m *Machine) Serve(ctx context.Context, listeners ...port.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b := bridge{machine: m, failed: make(chan error, 1)}
	// A previous user of the line may have left a deadline on it.
	if err := m.line.SetDeadline(time.Time{}); err != nil {
		b.fail(lineError(err))
	}
	var wait sync.WaitGroup
	for _, l := range listeners {
		wait.Go(func() {
			if err := b.accept(ctx, l); err != nil {
				b.fail(err)
			}
		})
	}
	var reader sync.WaitGroup
	reader.Go(func() { b.fromBoard(ctx) })
	var err error
	select {
	case <-m.done:
		err = m.Err()
	case <-ctx.Done():
	case err = <-b.failed:
		if errors.Is(err, ErrLine) {
			err = m.whyLine(err)
		}
	}
	cancel()
	for _, l := range listeners {
		l.Close()
	}
	b.closeAll()
	_ = m.line.SetDeadline(time.Unix(1, 0)) // interrupts a pending Read or Write
	wait.Wait()
	reader.Wait()
	_ = m.line.SetDeadline(time.Time{})
	return err
}

// endWait is how long to wait for the end of QEMU after it has closed the line.
const endWait = time.Second

// whyLine returns the reason for a failed line. When QEMU ends, it closes the line a
// moment before the process is gone; in that case whyLine returns the error of QEMU.
func (m *Machine) whyLine(err error) error {
	select {
	case <-m.done:
		return m.Err()
	case <-time.After(endWait):
		return err
	}
}

func lineError(err error) error { return fmt.Errorf("%w: %w", ErrLine, err) }

// bridge copies bytes between the board and its hosts.
type bridge struct {
	machine *Machine
	failed  chan error // the failure that ends Serve

	mu    sync.Mutex
	hosts map[port.Port]bool
	last  port.Port // the host that sent something last and gets the response, or nil
}

// fail ends Serve, unless another failure already has.
func (b *bridge) fail(err error) {
	select {
	case b.failed <- err:
	default:
	}
}

// fromBoard copies bytes from the board to the host in last, until ctx ends.
func (b *bridge) fromBoard(ctx context.Context) {
	var buf [512]byte
	for {
		n, err := b.machine.line.Read(buf[:])
		b.mu.Lock()
		h := b.last
		b.mu.Unlock()
		if h != nil && n > 0 {
			// Errors are ignored: toBoard notices a host that has gone, and a host that
			// does not read loses its response, see port.Listener.
			_, _ = h.Write(buf[:n])
		}
		if err != nil {
			if ctx.Err() == nil {
				b.fail(lineError(err))
			}
			return
		}
	}
}

// accept serves the hosts of one listener.
func (b *bridge) accept(ctx context.Context, l port.Listener) error {
	var wait sync.WaitGroup
	defer wait.Wait()
	for {
		h, err := l.Accept(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		b.add(h)
		wait.Go(func() {
			b.toBoard(ctx, h)
			b.remove(h)
		})
	}
}

// toBoard copies bytes from a host to the board until the host closes its port.
func (b *bridge) toBoard(ctx context.Context, h port.Port) {
	var buf [512]byte
	for {
		n, err := h.Read(buf[:])
		if n > 0 {
			b.mu.Lock()
			b.last = h
			b.mu.Unlock()
			if _, err := b.machine.line.Write(buf[:n]); err != nil {
				if ctx.Err() == nil {
					b.fail(lineError(err))
				}
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (b *bridge) add(h port.Port) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hosts == nil {
		b.hosts = map[port.Port]bool{}
	}
	b.hosts[h] = true
}

func (b *bridge) remove(h port.Port) {
	b.mu.Lock()
	delete(b.hosts, h)
	if b.last == h {
		b.last = nil
	}
	b.mu.Unlock()
	h.Close()
}

func (b *bridge) closeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for h := range b.hosts {
		h.Close()
	}
}
