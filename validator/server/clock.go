// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"time"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// Clock returns the time and waits for a given time.
type Clock interface {
	Now() token.UnixSeconds
	// Wait returns nil once Now is t or later. It returns the context's error if the
	// context ends first.
	Wait(ctx context.Context, t token.UnixSeconds) error
}

var (
	_ Clock = SystemClock{}
	_ Clock = ManualClock{}
)

// lookEvery is how often a waiting SystemClock reads the time again. The wait must
// adapt if the machine was suspended or its clock was set.
const lookEvery = time.Minute

// SystemClock is the machine's clock.
type SystemClock struct{ bank.SystemClock }

// Wait implements [Clock].
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

// ManualClock is a clock for tests. It stands still until the test moves it.
type ManualClock struct{ *bank.ManualClock }

// NewManualClock returns a clock that shows t.
func NewManualClock(t token.UnixSeconds) ManualClock {
	return ManualClock{bank.NewManualClock(t)}
}

// Wait implements [Clock]. It may take several moves of the clock.
func (c ManualClock) Wait(ctx context.Context, t token.UnixSeconds) error {
	for {
		moved := c.Moved() // before Now, which makes a move in between visible
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
