// SPDX-License-Identifier: Apache-2.0

package line

import (
	"context"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/hostclock"
)

// ErrClock is the error of a station whose clock cannot be trusted.
var ErrClock = errclass.New(errclass.Refused, "the station's clock")

const (
	// hostClockLimit is how far the clock of the station may be off.
	hostClockLimit = 50 * time.Millisecond
	// clockInterval is the time between two checks of the station's clock.
	clockInterval = time.Minute
	// stepLimit is how far the station's clock may move against its monotonic clock while
	// a unit is programmed.
	stepLimit = 100 * time.Millisecond
)

// HostClock returns a function for [Config] that asks chrony, systemd-timesyncd or the
// kernel whether the clock of this machine is synchronised and off by at most a limit.
func HostClock(limit time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		s, err := hostclock.Read(ctx, hostclock.Here())
		if err != nil {
			return err
		}
		return s.Check(limit)
	}
}

// CheckClock checks the clock of this machine, as [Station.Run] does before it begins. The
// error wraps [ErrClock].
func CheckClock(ctx context.Context, limit time.Duration) error {
	if err := HostClock(limit)(ctx); err != nil && ctx.Err() == nil {
		return distrust(err)
	}
	return ctx.Err()
}

func distrust(err error) error { return fmt.Errorf("%w cannot be trusted: %w", ErrClock, err) }

// checkClock checks the station's clock before the first device.
func (s *Station) checkClock(ctx context.Context) error {
	err := s.hostClock(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case !s.unsynchronised:
		return distrust(err)
	}
	return s.journal.UnsynchronisedClock(ctx, err.Error())
}

// watchClock checks the station's clock again and again. While it cannot be trusted, no
// unit is programmed.
func (s *Station) watchClock(ctx context.Context) {
	if s.unsynchronised {
		return
	}
	for sleep(ctx, clockInterval) == nil {
		err := s.hostClock(ctx)
		if ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		s.clockErr = err
		s.mu.Unlock()
	}
}

// clockReady returns an error while the station's clock cannot be trusted, or while the
// order is not valid by it.
func (s *Station) clockReady() error {
	s.mu.Lock()
	err := s.clockErr
	s.mu.Unlock()
	if err != nil {
		return distrust(err)
	}
	if s.job.Validity != nil {
		from, until := s.job.Validity()
		if now := s.now(); now.Before(from) || now.After(until) {
			return fmt.Errorf("%w: it is %s, and the order is valid from %s until %s", ErrClock,
				now.UTC().Format(time.RFC3339), from.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// instant is a time by the station's clock, which was read between two times of a clock
// that is never set.
type instant struct{ wall, before, after time.Time }

func (s *Station) instant() instant {
	before := time.Now()
	wall := s.now().Round(0)
	return instant{wall, before, time.Now()}
}

// stepped returns how far the station's clock was certainly set since an instant: a machine
// may pause while it reads the clocks. A world that runs faster than the machine has no such
// clock.
func (s *Station) stepped(since instant) time.Duration {
	if s.scaled {
		return 0
	}
	return since.stepped(s.instant())
}

func (a instant) stepped(b instant) time.Duration {
	passed := b.wall.Sub(a.wall)
	least, most := passed-b.after.Sub(a.before), passed-b.before.Sub(a.after)
	switch {
	case least > 0:
		return least
	case most < 0:
		return most
	}
	return 0
}
