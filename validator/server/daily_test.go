// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// tokyo parses a Japan time with the time package, independently of nextRun.
func tokyo(t *testing.T, text string) token.UnixSeconds {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	at, err := time.ParseInLocation("2006-01-02 15:04:05", text, zone)
	require.NoError(t, err)
	return token.UnixSeconds(at.Unix())
}

func TestNextRun(t *testing.T) {
	for _, c := range []struct {
		now  string
		hour int
		next string
	}{
		{"2026-11-25 05:59:59", 6, "2026-11-25 06:00:00"},
		{"2026-11-25 06:00:00", 6, "2026-11-26 06:00:00"},
		{"2026-11-25 00:00:00", 6, "2026-11-25 06:00:00"},
		{"2026-11-25 23:59:59", 6, "2026-11-26 06:00:00"},
		{"2026-11-25 08:59:59", 0, "2026-11-26 00:00:00"},
		{"2026-11-25 09:00:00", 0, "2026-11-26 00:00:00"},
		{"2026-12-31 23:30:00", 23, "2027-01-01 23:00:00"},
		{"2028-02-28 12:00:00", 6, "2028-02-29 06:00:00"},
		{"1970-01-01 09:00:00", 6, "1970-01-02 06:00:00"},
	} {
		require.Equal(t, tokyo(t, c.next), nextRun(tokyo(t, c.now), c.hour), c.now)
	}
}

// runs is a fake daily job that reports each run to the test.
type runs struct {
	clock  ManualClock
	at     chan token.UnixSeconds
	report chan bank.DailyReport
	errs   chan error
}

func startDaily(t *testing.T, now string) (*runs, *daily) {
	r := &runs{NewManualClock(tokyo(t, now)), make(chan token.UnixSeconds), make(chan bank.DailyReport, 1), make(chan error, 1)}
	d := &daily{
		clock: r.clock, hour: 6,
		run: func(ctx context.Context) (bank.DailyReport, error) {
			select {
			case r.at <- r.clock.Now():
			case <-ctx.Done():
				return bank.DailyReport{}, ctx.Err()
			}
			return <-r.report, <-r.errs
		},
		done: func(bank.DailyReport, error) {},
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		d.loop(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return r, d
}

func (r *runs) next(t *testing.T, want string, report bank.DailyReport, err error) {
	t.Helper()
	require.Equal(t, tokyo(t, want), <-r.at)
	r.report <- report
	r.errs <- err
}

// TestDailyWithManualClock moves the clock over days. The job runs at the start and
// once for each move past its hour, however far the move. After an incomplete or failed
// run it runs again soon.
func TestDailyWithManualClock(t *testing.T) {
	r, _ := startDaily(t, "2026-11-25 12:00:00")
	r.next(t, "2026-11-25 12:00:00", bank.DailyReport{}, nil)
	for _, to := range []string{"2026-11-26 05:59:59", "2026-11-26 06:00:00"} {
		r.clock.Set(tokyo(t, to)) // the first time must not start a run
	}
	r.next(t, "2026-11-26 06:00:00", bank.DailyReport{}, nil)
	r.clock.Advance(400 * day)
	r.next(t, "2027-12-31 06:00:00", bank.DailyReport{Later: 1}, nil)
	r.clock.Advance(retryAfter - 1)
	r.clock.Advance(1)
	r.next(t, "2027-12-31 06:15:00", bank.DailyReport{}, errors.New("the store is away"))
	r.clock.Advance(retryAfter)
	r.next(t, "2027-12-31 06:30:00", bank.DailyReport{}, nil)
	r.clock.Advance(retryAfter)
	r.clock.Set(tokyo(t, "2027-12-31 05:00:00")) // back in time
	r.clock.Set(tokyo(t, "2028-01-01 06:00:00"))
	r.next(t, "2028-01-01 06:00:00", bank.DailyReport{}, nil)
}

func TestManualClockWait(t *testing.T) {
	c := NewManualClock(100)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Wait(ctx, 200) }()
	c.Advance(50)
	c.Set(199)
	require.Empty(t, done)
	c.Advance(1)
	require.NoError(t, <-done)
	require.EqualValues(t, 200, c.Now())
	go func() { done <- c.Wait(ctx, 300) }()
	stop()
	require.ErrorIs(t, <-done, context.Canceled)
}

func TestSystemClock(t *testing.T) {
	c := SystemClock{}
	before := time.Now().Unix()
	now := int64(c.Now())
	require.LessOrEqual(t, before, now)
	require.LessOrEqual(t, now, time.Now().Unix())
	require.NoError(t, c.Wait(t.Context(), c.Now()-1))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Wait(ctx, c.Now()+1_000_000_000) }()
	stop()
	require.ErrorIs(t, <-done, context.Canceled)
}
