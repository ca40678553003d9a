// SPDX-License-Identifier: Apache-2.0

package line

import (
	"context"
	"fmt"
	"time"

	"github.com/d204ef64/fob/serialproto/host"
)

// strictTries is how often the token's clock is set until its error must be certainly
// within the limit. A line that is slower than that doubles the limit at every further try.
const strictTries = 3

// setting is one try to set a token's clock. Its values are by the station's clock.
type setting struct {
	lead          time.Duration // by which the time in the request was ahead
	took          time.Duration // from before the request until after the reading
	earliest, top time.Duration // limits of the clock's error, by the reading
	quickest      time.Duration // the shorter one of the two round trips
}

// faulty reports whether the clock is off by more than limit and the time that the line may
// have taken: the request arrived after it was sent, and before the reading was back.
func (s *setting) faulty(limit time.Duration) bool {
	return s.earliest > s.lead+limit || s.top < s.lead-s.took-limit
}

// error returns the middle of the possible errors and half the width of their range.
func (s *setting) error() (middle, spread time.Duration) {
	return (s.earliest + s.top) / 2, (s.top - s.earliest) / 2
}

// setClock sets the token's clock and measures its error. A request that was delayed has
// set a time that was past when it arrived: the clock is then set again. A line that is
// always slow cannot show an error within the limit. Its measurement has a wider limit, which
// goes on record. Only a clock with an error that the line cannot explain is faulty.
func (w *work) setClock(ctx context.Context) error {
	w.step(StepClock)
	strict := w.station.job.ClockLimit
	limit, lead := strict, time.Duration(0)
	for try := 1; ; try++ {
		s, err := w.setClockOnce(ctx, lead)
		if err != nil {
			return err
		}
		off, spread := s.error()
		w.unit.Results.ClockError = measured(ms(off), ms(spread), -ms(limit), ms(limit))
		switch {
		case s.faulty(strict):
			return fmt.Errorf("%w: the clock is off by %v after it was set, and the limit is %v", host.ErrVerify, off, strict)
		case off.Abs()+spread <= limit:
			return nil
		}
		if half := s.quickest / 2; try == 1 || half < lead {
			lead = half // the request then arrives when its time is the present
		}
		if try >= strictTries {
			limit *= 2
		}
	}
}

// setClockOnce sets the token's clock and reads it: the answer was true at some time between
// the request and its arrival, and counts whole milliseconds.
func (w *work) setClockOnce(ctx context.Context, lead time.Duration) (*setting, error) {
	began := w.station.now()
	if err := w.client.SetClock(ctx, began.Add(lead)); err != nil {
		return nil, err
	}
	sent := w.station.now()
	clock, set, err := w.client.Clock(ctx)
	received := w.station.now()
	if err != nil {
		return nil, err
	}
	if !set {
		return nil, fmt.Errorf("%w: the clock was set, but the device says that it was not", host.ErrVerify)
	}
	return &setting{
		lead: lead, took: received.Sub(began), quickest: min(sent.Sub(began), received.Sub(sent)),
		earliest: clock.Sub(received), top: clock.Add(time.Millisecond).Sub(sent),
	}, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
