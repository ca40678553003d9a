// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"sync"

	"golang.org/x/time/rate"
)

// How many lines of one kind that anybody on the network can cause are logged: so
// many at once, and then so many a second. The metrics count all.
const (
	floodBurst     = 20
	floodPerSecond = 1
)

// flood keeps a log from growing with what strangers send.
type flood struct {
	mu    sync.Mutex
	kinds map[string]*floodKind
}

type floodKind struct {
	lines *rate.Limiter
	left  int // out since the last line
}

// admit says whether a line of a kind is logged, and how many were left out before
// it. Kinds are few: a program's own words.
func (f *flood) admit(kind string) (left int, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.kinds[kind]
	if k == nil {
		if f.kinds == nil {
			f.kinds = map[string]*floodKind{}
		}
		k = &floodKind{lines: rate.NewLimiter(floodPerSecond, floodBurst)}
		f.kinds[kind] = k
	}
	if !k.lines.Allow() {
		k.left++
		return 0, false
	}
	left, k.left = k.left, 0
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
