// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"sync"
	"time"

	"github.com/d204ef64/fob/token"
)

// Clock returns the time.
type Clock interface{ Now() token.UnixSeconds }

// RemoteClock is a clock that may be out of reach. The bank calls Ready before each
// transaction. If it returns an error, the transaction fails with an error that wraps
// [ErrUnavailable] and [ErrClock]. Now then returns the last known time.
type RemoteClock interface {
	Clock
	Ready(ctx context.Context) error
}

// clockError is the error of a clock that is out of reach.
type clockError struct{ cause error }

func (e clockError) Error() string        { return "the bank's clock is not available: " + e.cause.Error() }
func (e clockError) Unwrap() error        { return e.cause }
func (e clockError) Is(target error) bool { return target == ErrUnavailable || target == ErrClock }

// clockReady returns an error if the clock is out of reach.
func clockReady(ctx context.Context, c Clock) error {
	if remote, ok := c.(RemoteClock); ok {
		if err := remote.Ready(ctx); err != nil {
			return clockError{err}
		}
	}
	return nil
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the machine's time.
func (SystemClock) Now() token.UnixSeconds { return token.UnixSecondsOf(time.Now()) }

// ManualClock is a clock that only moves when it is set, for tests and for a bank in
// test mode. Its zero value is at the start of 1970.
type ManualClock struct {
	mu    sync.Mutex
	now   token.UnixSeconds
	moved chan struct{} // nil if no goroutine waits
}

// NewManualClock returns a clock that is set to an instant.
func NewManualClock(at token.UnixSeconds) *ManualClock { return &ManualClock{now: at} }

// Now returns the current setting.
func (c *ManualClock) Now() token.UnixSeconds {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set sets the clock, forward or back.
func (c *ManualClock) Set(at token.UnixSeconds) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
	c.wakeLocked()
}

// Advance moves the clock by a number of seconds, and returns the new time.
func (c *ManualClock) Advance(by token.UnixSeconds) token.UnixSeconds {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += by
	c.wakeLocked()
	return c.now
}

// Moved returns a channel that is closed when the clock is next moved, for goroutines
// that wait for a time.
func (c *ManualClock) Moved() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moved == nil {
		c.moved = make(chan struct{})
	}
	return c.moved
}

func (c *ManualClock) wakeLocked() {
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

var (
	_ Clock = SystemClock{}
	_ Clock = (*ManualClock)(nil)
)
