// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

// ClockMode is the way in which a world's clock advances.
type ClockMode uint8

// The modes of a world's clock.
const (
	Manual ClockMode = iota // stands still until Advance
	Real                    // follows the machine's clock
	Scaled                  // runs Config.Rate times as fast as the machine's clock
)

// String returns "manual", "real" or "scaled".
func (m ClockMode) String() string {
	switch m {
	case Manual:
		return "manual"
	case Real:
		return "real"
	case Scaled:
		return "scaled"
	}
	return "unknown"
}

// ErrClock is the error of an invalid clock configuration.
var ErrClock = errclass.New(errclass.Usage, "invalid world clock")

// The limits of the rate of a [Scaled] clock, in world seconds per second.
const (
	MinRate = 0.001
	MaxRate = 1e9
)

// ClockState describes how a world's clock runs at one instant.
type ClockState struct {
	Mode   ClockMode
	Rate   float64       // world seconds per second: 0 for Manual, 1 for Real; as set while Paused
	Paused bool          // the clock stands still until Resume
	Now    WorldTime     // WorldEnd at the latest
	Ahead  time.Duration // how far Now is ahead of the machine's clock; negative if it is behind
}

// Stopped returns why the clock stands still, such as "the clock is paused", and "" if it
// runs.
func (c ClockState) Stopped() string {
	switch {
	case c.Now >= WorldEnd:
		return "the world has ended, at " + WorldEnd.Time().Format(time.RFC3339)
	case c.Mode == Manual:
		return "the clock is manual, and is moved only by an advance"
	case c.Paused:
		return "the clock is paused"
	}
	return ""
}

// Clock returns how the clock runs.
func (w *World) Clock() ClockState {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.nowLocked()
	return ClockState{
		Mode: w.mode, Rate: w.rate, Paused: w.paused, Now: now,
		Ahead: time.Duration(now - WorldTimeOf(w.machine())),
	}
}

// Mode returns the mode of the clock.
func (w *World) Mode() ClockMode { return w.Clock().Mode }

// Rate returns how many world seconds pass in a second: 0 for Manual, 1 for Real. A
// pause does not change it.
func (w *World) Rate() float64 { return w.Clock().Rate }

// Now returns the world's time.
func (w *World) Now() WorldTime {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nowLocked()
}

func (w *World) nowLocked() WorldTime {
	if w.rate == 0 || w.paused {
		return w.base
	}
	// Use the wall clock, not the monotonic one, because a server under test follows
	// it.
	passed := w.machine().Round(0).Sub(w.start.Round(0))
	if w.rate != 1 {
		passed = time.Duration(max(-9e18, min(float64(passed)*w.rate, 9e18)))
	}
	return min(w.base.Add(passed), WorldEnd)
}

// SetMode changes how the clock runs from now on. The time does not jump: a clock that
// was manual and becomes Real continues from its present time. The rate is used for
// Scaled only. A pause continues. The error wraps [ErrClock].
func (w *World) SetMode(mode ClockMode, rate float64) error {
	w.mu.Lock()
	w.anchorLocked()
	err := w.setModeLocked(mode, rate)
	now := w.base
	w.mu.Unlock()
	if err == nil {
		w.report(EventMode, now, int64(mode))
	}
	w.ring()
	return err
}

func (w *World) setModeLocked(mode ClockMode, rate float64) error {
	switch mode {
	case Manual:
		rate = 0
	case Real:
		rate = 1
	case Scaled:
		if !(rate >= MinRate && rate <= MaxRate) {
			return fmt.Errorf("%w: rate %v, want 0.001 to 1e9", ErrClock, rate)
		}
	default:
		return fmt.Errorf("%w: unknown mode %d", ErrClock, mode)
	}
	w.mode, w.rate = mode, rate
	return nil
}

// anchorLocked makes the present time the one from which the clock is computed.
func (w *World) anchorLocked() {
	w.base, w.start = w.nowLocked(), w.machine()
}

// Pause stops the clock until Resume. Advance still moves it.
func (w *World) Pause() { w.setPaused(true, EventPause) }

// Resume lets the clock run again from where it stands.
func (w *World) Resume() { w.setPaused(false, EventResume) }

func (w *World) setPaused(paused bool, kind EventKind) {
	w.mu.Lock()
	w.anchorLocked()
	changed := w.paused != paused
	w.paused = paused
	now := w.base
	w.mu.Unlock()
	if changed {
		w.report(kind, now, 0)
	}
	w.ring()
}

// report reports an event of the world itself.
func (w *World) report(kind EventKind, now WorldTime, value int64) {
	w.gate.RLock()
	defer w.gate.RUnlock()
	if w.observer != nil {
		w.observer.Event(nil, Event{Kind: kind, World: now, Value: value})
	}
}

// Advance moves the world's clock forward by d, in any mode. Ten years take no longer
// than ten seconds. A negative d is ignored, because time does not run backwards; skew
// a token instead. The clock stops at [WorldEnd]. Alarms that are due by then ring before Advance returns.
func (w *World) Advance(d time.Duration) {
	w.move(func(now WorldTime) WorldTime { return now.Add(max(d, 0)) })
}

// AdvanceTo moves the world's clock forward to t. An earlier t is ignored.
func (w *World) AdvanceTo(t WorldTime) {
	w.move(func(now WorldTime) WorldTime { return max(t, now) })
}

// move sets the clock to the time that target returns.
func (w *World) move(target func(now WorldTime) WorldTime) {
	w.gate.Lock()
	w.mu.Lock()
	w.anchorLocked()
	from := w.base
	to := min(target(from), WorldEnd)
	w.base = to
	w.mu.Unlock()
	if w.observer != nil {
		w.observer.Event(nil, Event{Kind: EventAdvance, World: from, Value: int64(to - from)})
		w.observer.Advanced(from, to)
	}
	w.gate.Unlock()
	w.ring()
}
