// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

// ErrOptions is the error of options that do not fit together.
var ErrOptions = errclass.New(errclass.Usage, "invalid load")

// Scenario is the way in which users send codes.
type Scenario string

// The scenarios. No two codes of one step of a token are sent, except by [Replay].
const (
	Steady Scenario = "steady" // users send fresh codes in turn, at a constant rate
	Storm  Scenario = "storm"  // all users send a fresh code when a step begins
	Replay Scenario = "replay" // every code that the server accepted is sent once more
	Guess  Scenario = "guess"  // users send random digits, never the right code
)

// Scenarios returns the names of the scenarios.
func Scenarios() []string {
	return []string{string(Steady), string(Storm), string(Replay), string(Guess)}
}

// schedule computes when requests are due.
type schedule struct {
	scenario Scenario
	users    int
	rate     float64 // requests per second; 0 only for Storm: all at once
	step     time.Duration
	lead     time.Duration // Storm: from the start to the first beginning of a step
	duration time.Duration
}

// due returns when a request is due after the start, and whether it is in the duration.
func (s schedule) due(n uint64) (time.Duration, bool) {
	var due time.Duration
	if s.scenario == Storm {
		due = s.lead + time.Duration(n/uint64(s.users))*s.step
		n %= uint64(s.users)
	}
	if s.rate > 0 {
		due += time.Duration(float64(n) / s.rate * float64(time.Second))
	}
	return due, due < s.duration
}

// end returns when no more requests are sent. The requests of a storm may be late until its
// step ends: a step may begin just before the duration ends.
func (s schedule) end() time.Duration {
	if s.scenario != Storm {
		return s.duration
	}
	last := (s.duration - s.lead - 1) / s.step // the number of the last storm
	return s.lead + (last+1)*s.step
}

// before returns the number of requests that are due before a time after the start.
func (s schedule) before(t time.Duration) uint64 {
	early := func(n uint64) bool {
		due, ok := s.due(n)
		return ok && due < t
	}
	most := uint64(1)
	for early(most) {
		most *= 2
	}
	return uint64(sort.Search(int(most), func(n int) bool { return !early(uint64(n)) }))
}

// newSchedule checks the options and completes them.
func newSchedule(o *Options, now time.Time) (schedule, error) {
	if len(o.Users) == 0 {
		return schedule{}, fmt.Errorf("%w: there are no users", ErrOptions)
	}
	step := time.Duration(0)
	for _, u := range o.Users {
		step = max(step, time.Duration(u.profile.Step)*time.Second)
	}
	s := schedule{scenario: o.Scenario, users: len(o.Users), rate: o.Rate, step: step, duration: o.Duration}
	most := float64(s.users) / step.Seconds()
	once := most // each token once per step, or once in a shorter duration
	if s.duration > 0 && s.duration < step {
		once = float64(s.users) / s.duration.Seconds()
	}
	switch o.Scenario {
	case Steady, Replay:
		if s.rate == 0 {
			s.rate = once
		}
		if s.rate > once {
			return s, fmt.Errorf("%w: %g requests per second: %d tokens show %.4g new codes per second: use at least %.0f tokens",
				ErrOptions, o.Rate, s.users, once, math.Ceil(o.Rate*float64(s.users)/once))
		}
	case Storm:
		s.lead = step - time.Duration(now.UnixNano()%int64(step))
		if s.rate > 0 && s.rate < most {
			return s, fmt.Errorf("%w: %g requests per second: %d users need longer than a step of %s: use at least %.4g",
				ErrOptions, o.Rate, s.users, step, most)
		}
		if s.duration < step {
			return s, fmt.Errorf("%w: a duration of %s: no step may begin in it: use at least %s", ErrOptions, s.duration, step)
		}
	case Guess:
		if s.rate == 0 {
			s.rate = once
		}
	default:
		return s, fmt.Errorf("%w: scenario %q: want one of %v", ErrOptions, o.Scenario, Scenarios())
	}
	if s.duration <= 0 || s.rate < 0 {
		return s, fmt.Errorf("%w: want a duration and a rate above 0", ErrOptions)
	}
	if o.Connections < 0 || o.Timeout < 0 {
		return s, fmt.Errorf("%w: %d connections and a timeout of %s: want 0 or more", ErrOptions, o.Connections, o.Timeout)
	}
	return s, nil
}
