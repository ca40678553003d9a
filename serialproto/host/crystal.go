// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
)

// Uptime is a reading of the token's crystal.
type Uptime struct {
	Up    time.Duration // counted by the crystal, from an arbitrary origin
	World time.Time     // time of a virtual token's world; zero for other tokens
}

// Uptime reads how long the token's crystal has counted. It is answered in every state.
// A firmware without this command answers serialproto.RCUnsupported.
func (c *Client) Uptime(ctx context.Context) (Uptime, error) {
	var m struct {
		Up    *int64 `cbor:"up"`
		World *int64 `cbor:"world"`
	}
	err := c.do(ctx, request{name: "uptime", group: serialproto.GroupToken, command: serialproto.CmdTokenSelfTest}, &m)
	const most = math.MaxInt64 / int64(time.Millisecond)
	switch {
	case err != nil:
		return Uptime{}, err
	case m.Up == nil || *m.Up < -most || *m.Up > most:
		return Uptime{}, fmt.Errorf("uptime: %w: no uptime", ErrProtocol)
	}
	u := Uptime{Up: time.Duration(*m.Up) * time.Millisecond}
	if m.World != nil {
		u.World = time.UnixMilli(*m.World).UTC()
	}
	return u, nil
}

// ErrClockStopped is the error of a crystal that cannot be measured because the clock of
// the virtual token's world is stopped.
var ErrClockStopped = errclass.New(errclass.Unsupported, "the clock of the token's world is stopped")

// ErrRestarted is the error of a measurement during which the token restarted.
var ErrRestarted = errclass.New(errclass.Failed, "the token restarted during the measurement")

// Crystal is the result of comparing a token's crystal with this machine's clock, or
// with the clock of its world.
type Crystal struct {
	Low, High float64       // limits of the crystal's error, in parts per million
	Elapsed   time.Duration // duration of the measurement
}

// PPM returns the middle of the possible errors and half the width of their range.
func (r Crystal) PPM() (middle, spread float64) { return (r.Low + r.High) / 2, (r.High - r.Low) / 2 }

// Within reports whether the error is certainly at most limit.
func (r Crystal) Within(limit float64) bool { return r.Low >= -limit && r.High <= limit }

// Beyond reports whether the error is certainly greater than limit.
func (r Crystal) Beyond(limit float64) bool { return r.High < -limit || r.Low > limit }

// reading is an Uptime that was taken between two times.
type reading struct {
	Uptime
	sent, received time.Time
}

const (
	tick         = time.Millisecond // of the uptime in an answer
	stoppedAfter = 1500 * time.Millisecond

	// Between two readings are at least shortestPause and at most longestPause, or a
	// quarter of the measurement so far.
	shortestPause = 20 * time.Millisecond
	longestPause  = time.Second
)

// CrystalMeter measures a token's crystal from one reading on. Other commands may be sent
// meanwhile, unless they restart the token.
type CrystalMeter struct {
	client *Client
	first  reading
	others []reading // after it
}

// StartCrystal takes the first reading.
func (c *Client) StartCrystal(ctx context.Context) (*CrystalMeter, error) {
	first, err := c.reading(ctx)
	if err != nil {
		return nil, err
	}
	return &CrystalMeter{client: c, first: first}, nil
}

// MeasureCrystal takes the first reading and then measures, see [CrystalMeter.Measure].
func (c *Client) MeasureCrystal(ctx context.Context, limit float64, longest time.Duration) (Crystal, error) {
	m, err := c.StartCrystal(ctx)
	if err != nil {
		return Crystal{}, err
	}
	return m.Measure(ctx, limit, longest)
}

// Measure reads the token's uptime until it is certain whether the error of the crystal
// is greater than limit, in parts per million, or until longest has passed since the
// first reading. Each reading was taken at some time between request and answer, and
// counts whole milliseconds. A slow line therefore makes the measurement longer but not
// wrong. Each reading is compared with all before it: one that took long, even the first one,
// does not spoil the others.
func (m *CrystalMeter) Measure(ctx context.Context, limit float64, longest time.Duration) (Crystal, error) {
	r := Crystal{Low: math.Inf(-1), High: math.Inf(1)}
	for {
		passed := time.Since(m.first.received)
		if err := sleep(ctx, min(m.pause(&r, limit, passed), longest-passed)); err != nil {
			return r, err
		}
		now, err := m.client.reading(ctx)
		if err != nil {
			return r, err
		}
		if now.Up < m.first.Up {
			return r, fmt.Errorf("measuring the crystal: %w", ErrRestarted)
		}
		waited := now.sent.Sub(m.first.received)
		if !now.World.IsZero() && now.World.Equal(m.first.World) && waited > stoppedAfter {
			return r, fmt.Errorf("measuring the crystal: %w", ErrClockStopped)
		}
		for i := range m.others {
			r.narrow(&m.others[i], &now)
		}
		m.others = append(m.others, now)
		r.narrow(&m.first, &now) // the last one: it sets Elapsed
		if r.Within(limit) || r.Beyond(limit) || waited >= longest {
			return r, nil
		}
	}
}

// pause returns how long to wait before the next reading, if so much time has passed since
// the first one. The range of the error narrows in proportion to that time: the next
// reading is due when it should be narrow enough to decide about the limit.
func (m *CrystalMeter) pause(r *Crystal, limit float64, passed time.Duration) time.Duration {
	middle, shortest := 0.0, time.Duration(0)
	width := float64(tick + m.first.received.Sub(m.first.sent)) // of the range, times the time
	if !m.first.World.IsZero() {
		width = float64(2 * tick)
	}
	if !math.IsInf(r.High-r.Low, 0) {
		var spread float64
		middle, spread = r.PPM()
		width = spread / 1e6 * float64(r.Elapsed)
		shortest = shortestPause
	}
	due := 1.02 * 1e6 * width / math.Abs(limit-math.Abs(middle))
	most := max(longestPause, passed/4)
	return min(max(time.Duration(min(due, math.MaxInt64/2))-passed, shortest), most)
}

// sleep waits unless d is 0 or less.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (c *Client) reading(ctx context.Context) (reading, error) {
	sent := time.Now()
	u, err := c.Uptime(ctx)
	return reading{u, sent, time.Now()}, err
}

// narrow narrows the range by two readings.
func (r *Crystal) narrow(a, b *reading) {
	shortest, most := b.sent.Sub(a.received), b.received.Sub(a.sent)
	if !a.World.IsZero() {
		shortest, most = b.World.Sub(a.World)-tick, b.World.Sub(a.World)+tick
	}
	if shortest <= 0 {
		return
	}
	counted := b.Up - a.Up
	ppm := func(counted, elapsed time.Duration) float64 { return (float64(counted)/float64(elapsed) - 1) * 1e6 }
	r.Low = max(r.Low, ppm(counted-tick, most))
	r.High = min(r.High, ppm(counted+tick, shortest))
	r.Elapsed = most
}
