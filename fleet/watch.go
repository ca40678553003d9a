// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

var (
	// ErrNever is the error of a wait for something that cannot happen.
	ErrNever = errclass.New(errclass.Usage, "the wait cannot end")
	// ErrBehind is the error of a wait on a token to which too much happens.
	ErrBehind = errclass.New(errclass.Refused, "the wait cannot keep up")
)

// A Condition ends a [Member.Wait]. All of its parts that are set must hold.
type Condition struct {
	Display *regexp.Regexp     // matches the text on the display
	State   *serialproto.State // the token's state
	Event   virtual.EventKind  // has happened after log entry After; 0: any or none
	After   uint64             // for Event
	Within  time.Duration      // of the world; 0 or less: no limit
}

// worldTag takes the place of a token's tag for events of the world.
const worldTag = 0

// watch is a wait on one token, or on the world's clock.
type watch struct {
	Condition
	deadline virtual.WorldTime // guarded by scheduler.mu; set by the waiting goroutine, which reads it without
	happened chan struct{}     // has room for one: something happened to the token
	since    atomic.Int64      // the world's time from which on the event has happened; Forever: it has not
	seen     virtual.WorldTime // the waiting goroutine has looked at everything until then

	mu     sync.Mutex // guards the fields below
	pasts  []past     // not looked at yet
	behind bool       // there were too many pasts
}

func newWatch(c Condition) *watch {
	w := &watch{Condition: c, deadline: virtual.Forever, seen: math.MinInt64, happened: make(chan struct{}, 1)}
	if w.since.Store(math.MinInt64); c.Event != 0 {
		w.since.Store(int64(virtual.Forever))
	}
	return w
}

// Wait returns when the token fulfils the condition, with its state at that time. If the
// clock jumps or runs fast, displays in between count as well: they are looked at
// afterwards, which takes seconds for ten years of codes and holds up nothing else. The
// error wraps [ErrTimeout] when the time is over, [ErrNotFound] when the token is removed,
// [ErrBehind] if more happens to the token than can be looked at, or [ErrNever] at once if
// the condition cannot come true, or is the context's. A clock that stands still does not
// end the wait, because another goroutine can move it or operate the token.
func (m Member) Wait(ctx context.Context, c Condition) (State, error) {
	if err := m.never(c); err != nil {
		return State{}, err
	}
	w := newWatch(c)
	world := m.fleet.world
	m.watch(w)
	defer m.unwatch(w)
	for {
		s, ok, err := m.check(ctx, w)
		if ok || err != nil {
			return s, err
		}
		if c.Within > 0 && w.deadline == virtual.Forever {
			m.fleet.sched.limit(w, min(s.World.Add(c.Within), virtual.WorldEnd))
		}
		if err := m.gone(); err != nil {
			return s, err
		}
		if s.World >= w.deadline {
			return s, m.over(c, s)
		}
		changed := make(chan struct{})
		next := max(s.Next, s.World.Add(time.Duration(world.Rate()*float64(wakeEvery))))
		alarm := world.At(min(next, w.deadline), func() { close(changed) })
		select {
		case <-changed:
		case <-w.happened:
		case <-ctx.Done():
			alarm.Stop()
			return s, m.fleet.waited(ctx)
		}
		alarm.Stop()
	}
}

// over returns the error of a wait whose time is over.
func (m Member) over(c Condition, s State) error {
	passed := c.Within.String() + " of the world have passed"
	if s.World >= virtual.WorldEnd {
		passed = m.fleet.world.Clock().Stopped()
	}
	return fmt.Errorf("%w: %s; the state is %s and the display reads %q", ErrTimeout, passed, s.State, s.Text)
}

// wakeEvery limits how often a wait reads its token while the clock runs fast. A display
// that changes more often is looked at afterwards.
const wakeEvery = 10 * time.Millisecond

// watch begins a wait on the token.
func (m Member) watch(w *watch) {
	m.Token.Watch()
	m.fleet.sched.addWatch(m.tag, w)
	m.noteEvent(w)
}

// noteEvent notes when the event of a wait has happened, if it has.
func (m Member) noteEvent(w *watch) {
	if w.Event != 0 {
		if at, ok := m.happened(w.Event, w.After); ok {
			w.happenedAt(at)
		}
	}
}

// unwatch ends a wait on the token.
func (m Member) unwatch(w *watch) {
	m.fleet.sched.removeWatch(m.tag, w)
	m.Token.Unwatch()
}

// happenedAt notes that the event has happened.
func (w *watch) happenedAt(at virtual.WorldTime) {
	for {
		since := w.since.Load()
		if int64(at) >= since || w.since.CompareAndSwap(since, int64(at)) {
			return
		}
	}
}

// check reports whether the token fulfils the condition, or did so since the last check,
// with its state at that time or now.
func (m Member) check(ctx context.Context, w *watch) (State, bool, error) {
	since := w.since.Load() // before the reading: an event after it does not count yet
	s := m.Look()
	pasts, err := w.until(s.World)
	if err != nil {
		return s, false, err
	}
	for _, p := range pasts {
		if found, ok, err := w.search(ctx, p); ok || err != nil {
			return found, ok, err
		}
	}
	w.seen = s.World
	return s, since <= int64(s.World) && s.World <= w.deadline && w.holds(s.Text, s.State), nil
}

// waited returns the error of a wait whose context has ended.
func (f *Fleet) waited(ctx context.Context) error {
	if why := f.world.Clock().Stopped(); why != "" {
		return fmt.Errorf("%w: %s", ctx.Err(), why)
	}
	return ctx.Err()
}

// holds reports whether a text on the display and a state fulfil the condition.
func (w *watch) holds(text string, state serialproto.State) bool {
	return (w.Display == nil || w.Display.MatchString(text)) && (w.State == nil || *w.State == state)
}

// happened returns when the first event of the token after an entry of the log happened, if
// the log has one.
func (m Member) happened(kind virtual.EventKind, after uint64) (at virtual.WorldTime, ok bool) {
	const batch = 256
	var entries []Entry
	for {
		entries = m.fleet.log.After(entries[:0], after, batch)
		if len(entries) == 0 {
			return 0, false
		}
		for _, e := range entries {
			if e.Tag == m.tag && e.Kind == kind {
				return e.World, true
			}
			after = e.Seq
		}
	}
}

// tokenWaits are the waits on one token.
type tokenWaits struct {
	waits []*watch
	fresh bool              // something happened to the token since its last past
	calm  virtual.WorldTime // until then, nothing can change if nothing happens
}

func (s *scheduler) addWatch(tag uint32, w *watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watches[tag] == nil {
		s.watches[tag] = &tokenWaits{}
	}
	s.watches[tag].waits = append(s.watches[tag].waits, w)
	s.watches[tag].fresh = true
	s.watched.Add(1)
}

// limit sets the deadline of a wait.
func (s *scheduler) limit(w *watch, deadline virtual.WorldTime) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.deadline = deadline
}

func (s *scheduler) removeWatch(tag uint32, w *watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched.Add(-1)
	of := s.watches[tag]
	if of.waits = slices.DeleteFunc(of.waits, func(v *watch) bool { return v == w }); len(of.waits) == 0 {
		delete(s.watches, tag)
	}
}

// notice wakes the waits on the token of an entry.
func (s *scheduler) notice(e Entry) {
	if s.watched.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.watches[e.Tag]
	if of == nil {
		return
	}
	of.fresh = true
	for _, w := range of.waits {
		if e.Kind == w.Event && e.World <= w.deadline {
			w.happenedAt(e.World)
		}
		w.wake()
	}
}

// Passing implements virtual.Observer. It gives the waits on a token the part of its life
// that is about to pass, unless the token looks the same until the end of it, and in the
// part before: then the reading of the wait itself is enough.
func (s *scheduler) Passing(t *virtual.Token, to virtual.WorldTime, take func() *virtual.Past) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.watches[t.Tag()]
	if of == nil || !of.fresh && to < of.calm {
		return
	}
	p := past{take(), s.fleet.log.Seq()}
	fresh := of.fresh
	of.fresh, of.calm = false, p.Next()
	if !fresh && to < of.calm {
		return
	}
	for _, w := range of.waits {
		w.add(p)
	}
}
