// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/virtual"
)

// AdvanceUntil moves a manual clock to the first instant at which the token fulfils the
// condition, and returns its state then. The displays ahead are looked at without moving the
// clock, so a wait of ten years moves it a few times only. If the condition does not come
// true, the clock has moved by Within, or to the end of the world. It fails like
// [Member.Wait], and with an error that wraps [virtual.ErrClock] if the clock is not manual.
func (m Member) AdvanceUntil(ctx context.Context, c Condition) (State, error) {
	if err := m.never(c); err != nil {
		return State{}, err
	}
	w := newWatch(c)
	sched := &m.fleet.sched
	sched.addWatch(m.tag, w)
	defer sched.removeWatch(m.tag, w)
	m.noteEvent(w)
	for {
		since := w.since.Load() // before the reading: an event after it does not count yet
		s := m.Look()
		if w.deadline == virtual.Forever {
			end := virtual.WorldEnd
			if c.Within > 0 {
				end = min(s.World.Add(c.Within), end)
			}
			sched.limit(w, end)
		}
		if since <= int64(s.World) && s.World <= w.deadline && w.holds(s.Text, s.State) {
			return s, nil
		}
		if err := m.gone(); err != nil {
			return s, err
		}
		if s.World >= w.deadline {
			return s, m.over(c, s)
		}
		if m.fleet.world.Clock().Mode != virtual.Manual {
			return s, fmt.Errorf("%w: only a manual clock can be advanced until then: wait without advance", virtual.ErrClock)
		}
		to, err := m.nextStop(ctx, w, s)
		if err != nil {
			return s, err
		}
		m.fleet.world.AdvanceTo(to)
		if err := errors.Join(m.fleet.SaveWorld(), ctx.Err()); err != nil {
			return s, err
		}
	}
}

// nextStop returns when the token may fulfil the condition next, if nothing happens to it.
func (m Member) nextStop(ctx context.Context, w *watch, s State) (virtual.WorldTime, error) {
	if w.since.Load() > int64(s.World) { // the event first
		return min(max(m.Token.Next(), s.World+1), w.deadline), nil
	}
	w.seen = s.World + 1
	found, ok, err := w.search(ctx, past{m.Token.Ahead(w.deadline), s.Seq})
	if ok {
		return found.World, err
	}
	return w.deadline, err
}
