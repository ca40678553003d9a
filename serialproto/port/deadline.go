// SPDX-License-Identifier: Apache-2.0

package port

import (
	"sync"
	"time"
)

// deadline is a point in time on which waiters can select, and which can be moved while
// they wait. The zero value never passes.
type deadline struct {
	mu     sync.Mutex
	timer  *time.Timer
	turn   uint64 // number of calls of set, by which a late timer detects that it is stale
	passed chan struct{}
}

// done returns a channel that is closed when the deadline passes. A later call of set
// may replace it, so waiters must call done again in each iteration.
func (d *deadline) done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.channelLocked()
}

func (d *deadline) channelLocked() chan struct{} {
	if d.passed == nil {
		d.passed = make(chan struct{})
	}
	return d.passed
}

// set moves the deadline to t; the zero Time removes it.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	select {
	case <-d.channelLocked():
		d.passed = make(chan struct{})
	default: // waiters keep their channel and get the new time
	}
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		close(d.passed)
		return
	}
	turn := d.turn
	d.timer = time.AfterFunc(wait, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.turn == turn {
			close(d.passed)
		}
	})
}
