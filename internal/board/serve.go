// SPDX-License-Identifier: Apache-2.0

package board

import (
	"context"
	"sync"
	"time"

	"github.com/d204ef64/fob/serialproto/port"
)

// Serve connects the board's line to all who come to the listeners, each of whom
// gets the answers to what he asked last, until ctx ends (then it returns nil) or QEMU does
// (ErrStopped). It closes the listeners.
func (m *Machine) Serve(ctx context.Context, listeners ...port.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b := bridge{machine: m}
	var wait sync.WaitGroup
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		wait.Go(func() {
			failed <- b.accept(ctx, l)
		})
	}
	go b.fromBoard()
	var err error
	select {
	case <-m.done:
		err = m.Err()
	case <-ctx.Done():
	case err = <-failed:
	}
	cancel()
	for _, l := range listeners {
		l.Close()
	}
	b.closeAll()
	wait.Wait()
	return err
}

// bridge carries bytes between the board and its hosts.
type bridge struct {
	machine *Machine

	mu    sync.Mutex
	hosts map[port.Port]bool
	last  port.Port // who sent something last, and gets the answer; nil: nobody
}

// patience is for a host that does not read its answer. Others must not wait
// for it longer.
const patience = time.Second

// fromBoard sends what the board sends to the host that asked.
func (b *bridge) fromBoard() {
	var buf [512]byte
	for {
		n, err := b.machine.line.Read(buf[:])
		b.mu.Lock()
		h := b.last
		b.mu.Unlock()
		if h != nil && n > 0 {
			_ = h.SetWriteDeadline(time.Now().Add(patience))
			_, _ = h.Write(buf[:n]) // a host that has gone is noticed when reading
		}
		if err != nil {
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
			b.toBoard(h)
			b.remove(h)
		})
	}
}

// toBoard carries what one host sends until it leaves.
func (b *bridge) toBoard(h port.Port) {
	var buf [512]byte
	for {
		n, err := h.Read(buf[:])
		if n > 0 {
			b.mu.Lock()
			b.last = h
			b.mu.Unlock()
			if _, err := b.machine.line.Write(buf[:n]); err != nil {
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
