// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/d204ef64/fob/internal/ratelimit"
)

// How many lines of one kind that anybody on the network can cause are logged: so
// many at once, and then so many a second. The metrics count all.
const (
	floodBurst     = 20
	floodPerSecond = 1
	floodKinds     = 1000 // more than there are
)

// flood keeps a log from growing with what strangers send.
type flood struct {
	lines *ratelimit.Limiter[string] // by kind

	mu   sync.Mutex
	left map[string]int // left out of each kind since its last line
}

func newFlood() *flood {
	return &flood{lines: ratelimit.New[string](floodKinds), left: map[string]int{}}
}

// admit says whether a line of a kind is logged, and how many were left out before
// it. Kinds are few: a program's own words.
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

// floodHandler is for lines whose words are not ours; they are of one kind.
type floodHandler struct {
	slog.Handler
	flood *flood
	kind  string
}

// Handle logs a line or leaves it out.
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
