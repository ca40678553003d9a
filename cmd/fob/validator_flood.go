// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/d204ef64/fob/internal/ratelimit"
)

// The limits for log lines of one kind that anyone on the network can cause: the number
// of lines at once, and then per second. The metrics count all events.
const (
	floodBurst     = 20
	floodPerSecond = 1
	floodKinds     = 1000 // more than the number of kinds
)

// flood limits the log lines that strangers can cause.
type flood struct {
	lines *ratelimit.Limiter[string] // by kind

	mu   sync.Mutex
	left map[string]int // lines of each kind suppressed since the last one logged
}

func newFlood() *flood {
	return &flood{lines: ratelimit.New[string](floodKinds), left: map[string]int{}}
}

// admit reports whether to log a line of a kind, and the number of lines suppressed
// before it. Kinds are constants of the program, so their number is small.
func (f *flood) admit(kind string) (left int, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lines.Take(time.Now(), kind, ratelimit.Rate{PerSecond: floodPerSecond, Burst: floodBurst}) > 0 {
		f.left[kind]++
		return 0, false
	}
	left = f.left[kind]
	delete(f.left, kind)
	return left, true
}

// floodHandler limits lines with texts from other packages. They all have one kind.
type floodHandler struct {
	slog.Handler
	flood *flood
	kind  string
}

// Handle logs or suppresses a line.
func (h floodHandler) Handle(ctx context.Context, r slog.Record) error {
	left, ok := h.flood.admit(h.kind)
	if !ok {
		return nil
	}
	if left > 0 {
		r.AddAttrs(slog.Int("left_out", left))
	}
	return h.Handler.Handle(ctx, r)
}
