// SPDX-License-Identifier: Apache-2.0

package practice

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line"
)

// wire counts the bytes on the wire of a socket.
type wire struct {
	first time.Time // of a byte
	bytes int       // in both directions
}

// add counts the bytes of a token that was in the socket.
func (w *wire) add(chunks []fleet.Chunk) {
	for _, c := range chunks {
		if w.first.IsZero() || c.At.Before(w.first) {
			w.first = c.At
		}
		w.bytes += len(c.Data)
	}
}

// BenchResult is the result of [Bench].
type BenchResult struct {
	Tokens      int     `json:"count"`
	Ports       int     `json:"port_count"`
	Baud        int     `json:"baud"`
	Bytes       int     `json:"wire_bytes"`   // on all wires, in both directions
	WireSeconds float64 `json:"wire_seconds"` // that the wire with most bytes needs for them
	Seconds     float64 `json:"seconds"`      // from the first byte to the last PASS
	Ratio       float64 `json:"ratio"`        // of seconds to wire_seconds
}

// bitsPerByte are the bits of a byte on the wire: 8N1.
const bitsPerByte = 10

// Bench programs tokens on paced wires as fast as it can, and compares the time with the
// time that the wires alone need. A wire carries one byte after the other: host and token
// never send at once. Before, the same line runs once without pacing, because a program is
// slow when it begins.
func Bench(ctx context.Context, c Config) (*BenchResult, error) {
	before := c
	before.Dir, before.Baud, before.Report = filepath.Join(c.Dir, "before"), 0, nil
	if _, err := bench(ctx, before); err != nil {
		return nil, err
	}
	return bench(ctx, c)
}

// bench runs a line once.
func bench(ctx context.Context, c Config) (r *BenchResult, err error) {
	r = &BenchResult{Tokens: c.Tokens, Ports: c.Ports * c.Stations, Baud: c.Baud}
	var mu sync.Mutex
	var last time.Time
	report := c.Report
	c.Report = func(e line.Event) {
		if e.Result == line.Pass && !e.LabelTaken {
			mu.Lock()
			last = time.Now()
			mu.Unlock()
		}
		if report != nil {
			report(e)
		}
	}
	m, err := NewRoom(c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	m.counts, m.together = true, true
	m.job = func(j *line.Job) { j.DriftLimit, j.Labels = 0, line.LabelNone }
	shift := shiftTo(time.Now(), benchBegins)
	m.now = func() time.Time { return time.Now().Add(shift) }
	result, err := m.Run(ctx)
	if err != nil {
		return nil, err
	}
	if len(result.Differences) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrBench, result.Differences[0])
	}
	if made := result.Tally.Made; made != c.Tokens {
		return nil, fmt.Errorf("%w: %d of %d", ErrBench, made, c.Tokens)
	}
	first := last
	for _, s := range m.stations {
		for _, o := range s.operators {
			if o.wire.bytes == 0 {
				continue
			}
			if o.wire.first.Before(first) {
				first = o.wire.first
			}
			r.Bytes += o.wire.bytes
			if c.Baud > 0 {
				r.WireSeconds = max(r.WireSeconds, float64(o.wire.bytes*bitsPerByte)/float64(c.Baud))
			}
		}
	}
	r.Seconds = last.Sub(first).Seconds()
	if c.Baud > 0 {
		r.Ratio = r.Seconds / r.WireSeconds
	}
	return r, nil
}

// benchBegins is the second of a minute at which a measurement begins by the stations'
// clock. Codes are not compared near the end of a step, and the measurement must not wait
// for that.
const benchBegins = 5 * time.Second

// shiftTo returns the least time after which the minute has lasted so long.
func shiftTo(now time.Time, at time.Duration) time.Duration {
	shift := now.Truncate(time.Minute).Add(at).Sub(now)
	if shift < 0 {
		shift += time.Minute
	}
	return shift
}

// together returns a finder that finds nothing until there are n sockets.
func together(find line.Finder, n int) line.Finder {
	begun := false
	return func() ([]line.Socket, error) {
		found, err := find()
		begun = begun || len(found) >= n
		if !begun {
			return nil, err
		}
		return found, err
	}
}
