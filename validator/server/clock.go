// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"time"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// Clock tells the time and waits for it.
type Clock interface {
	Now() token.UnixSeconds
	// Wait returns nil once Now is t or later, and the context's error when that
	// ends before.
	Wait(ctx context.Context, t token.UnixSeconds) error
}

var (
	_ Clock = SystemClock{}
	_ Clock = ManualClock{}
)

// lookEvery is how often a waiting system clock is looked at: a machine sleeps,
// and its clock is set.
const lookEvery = time.Minute

// SystemClock is the machine's clock.
type SystemClock struct{ bank.SystemClock }

// Wait waits as [Clock] says.
func (c SystemClock) Wait(ctx context.Context, t token.UnixSeconds) error {
	for {
		left := t - c.Now()
		if left <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(min(lookEvery, time.Duration(min(left, 3600))*time.Second))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// ManualClock stands still until it is moved, for tests.
type ManualClock struct{ *bank.ManualClock }

// NewManualClock returns a clock that shows t.
func NewManualClock(t token.UnixSeconds) ManualClock {
	return ManualClock{bank.NewManualClock(t)}
}

// Wait waits as [Clock] says, for as many moves as it takes.
func (c ManualClock) Wait(ctx context.Context, t token.UnixSeconds) error {
	for {
		moved := c.Moved() // before Now: a move in between is then seen
		if c.Now() >= t {
			return ctx.Err()
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
