// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"log/slog"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// retryAfter is the delay before a failed or incomplete daily job runs again.
const retryAfter token.UnixSeconds = 15 * 60

// The Japanese calendar day. Japan has had no daylight saving time since 1951.
const (
	day   token.UnixSeconds = 86400
	hour  token.UnixSeconds = 3600
	japan token.UnixSeconds = 9 * hour
)

// nextRun returns the first instant after now at which the hour "at" begins in Japan.
func nextRun(now token.UnixSeconds, at int) token.UnixSeconds {
	midnight := (now+japan)/day*day - japan
	next := midnight + token.UnixSeconds(at)*hour
	if next <= now {
		next += day
	}
	return next
}

// daily runs the daily job at the start and then once a day, until the context ends.
// The job does all work that is due, and so it catches up after missed days.
type daily struct {
	clock Clock
	hour  int
	run   func(context.Context) (bank.DailyReport, error)
	done  func(bank.DailyReport, error)
}

func (d *daily) loop(ctx context.Context) {
	for {
		now := d.clock.Now()
		report, err := d.run(ctx)
		if ctx.Err() != nil {
			return
		}
		d.done(report, err)
		next := nextRun(now, d.hour)
		if err != nil || report.Later > 0 {
			next = min(next, now+retryAfter)
		}
		if d.clock.Wait(ctx, next) != nil {
			return
		}
	}
}

// dailyDone records the outcome of a run in the metrics and the log.
func (s *Server) dailyDone(r bank.DailyReport, err error) {
	s.c.Metrics.Daily(r, err, s.c.Clock.Now())
	if err != nil {
		s.c.Event(slog.LevelError, "daily job failed: it will be tried again", slog.String("error", err.Error()))
		return
	}
	s.c.Event(slog.LevelInfo, "daily job",
		slog.Int("made", r.Made), slog.Int("sent", r.Sent), slog.Int("failed", r.Failed),
		slog.Int("later", r.Later), slog.Int("doubtful", r.Doubtful))
}
