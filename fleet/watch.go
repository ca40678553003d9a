// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"sync/atomic"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

// ErrNever is the error of a wait for something that cannot happen.
var ErrNever = errclass.New(errclass.Usage, "the wait cannot end")

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
	deadline virtual.WorldTime
	happened chan struct{} // has room for one: something happened to the token
	found    chan State    // has room for one: the condition held while the clock jumped
	past     atomic.Bool   // the event has happened
}

// maxGlances limits how many displays are looked at while the clock jumps. A token
// changes its display about once a minute: this is two months.
const maxGlances = 100_000

// Wait returns when the token fulfils the condition, with its state at that time. If the
// clock jumps, displays in between count as well. The error wraps [ErrTimeout] when the
// time is over, [ErrNotFound] when the token is removed, or [ErrNever] at once if the
// condition cannot come true, or is the context's. A clock that stands still does not end the
// wait, because another goroutine can move it or operate the token.
func (m Member) Wait(ctx context.Context, c Condition) (State, error) {
	if err := m.never(c); err != nil {
		return State{}, err
	}
	w := &watch{Condition: c, deadline: virtual.Forever, happened: make(chan struct{}, 1), found: make(chan State, 1)}
	world := m.fleet.world
	if c.Within > 0 {
		w.deadline = min(world.Now().Add(c.Within), virtual.WorldEnd)
	}
	m.fleet.sched.addWatch(m.tag, w)
	defer m.fleet.sched.removeWatch(m.tag, w)
	w.past.Store(w.Event == 0 || m.happened(w.Event, w.After))
	for {
		s := m.Look()
		select {
		case s := <-w.found: // before the reading, which may be past the deadline
			return s, nil
		default:
		}
		if w.past.Load() && w.holds(s.Reading) {
			return s, nil
		}
		if err := m.gone(); err != nil {
			return s, err
		}
		if s.World >= w.deadline {
			passed := c.Within.String() + " of the world have passed"
			if s.World >= virtual.WorldEnd {
				passed = world.Clock().Stopped()
			}
			return s, fmt.Errorf("%w: %s; the state is %s and the display reads %q", ErrTimeout, passed, s.State, s.Text)
		}
		changed := make(chan struct{})
		alarm := world.At(min(s.Next, w.deadline), func() { close(changed) })
		select {
		case <-changed:
		case <-w.happened:
		case s = <-w.found:
			alarm.Stop()
			return s, nil
		case <-ctx.Done():
			alarm.Stop()
			return s, m.fleet.waited(ctx)
		}
		alarm.Stop()
	}
}

// waited returns the error of a wait whose context has ended.
func (f *Fleet) waited(ctx context.Context) error {
	if why := f.world.Clock().Stopped(); why != "" {
		return fmt.Errorf("%w: %s", ctx.Err(), why)
	}
	return ctx.Err()
}

// never returns an error if a condition cannot come true. It wraps [ErrNever].
func (m Member) never(c Condition) error {
	if c.Event >= virtual.EventAdvance {
		return fmt.Errorf("%w: %s is an event of the world, and never of a token: read the log", ErrNever, c.Event)
	}
	if newest := m.fleet.log.Seq(); c.Event != 0 && c.After > newest {
		return fmt.Errorf("%w: there is no event %d yet, the newest is %d: is it the number of another fleet?", ErrNever, c.After, newest)
	}
	if c.Display == nil {
		return nil
	}
	digits := m.Token.Model().Digits
	if least := shortest(c.Display); least > digits {
		return fmt.Errorf("%w: %q needs %d characters, and the display has %d", ErrNever, c.Display, least, digits)
	}
	return nil
}

// shortest returns the least number of characters that an expression matches.
func shortest(e *regexp.Regexp) int {
	parsed, err := syntax.Parse(e.String(), syntax.Perl)
	if err != nil {
		return 0
	}
	return shortestOf(parsed)
}

// noMatch is the length of something that an expression never matches.
const noMatch = 1 << 16

func shortestOf(e *syntax.Regexp) (n int) {
	switch e.Op {
	case syntax.OpNoMatch:
		return noMatch
	case syntax.OpLiteral:
		return len(e.Rune)
	case syntax.OpCharClass:
		if len(e.Rune) == 0 {
			return noMatch
		}
		return 1
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortestOf(e.Sub[0])
	case syntax.OpRepeat:
		return e.Min * shortestOf(e.Sub[0])
	case syntax.OpConcat:
		for _, part := range e.Sub {
			n += shortestOf(part)
		}
	case syntax.OpAlternate:
		n = noMatch
		for _, part := range e.Sub {
			n = min(n, shortestOf(part))
		}
	}
	return n
}

// holds reports whether a reading fulfils the condition, apart from its event.
func (w *watch) holds(r virtual.Reading) bool {
	return (w.Display == nil || w.Display.MatchString(r.Text)) && (w.State == nil || *w.State == r.State)
}

// happened reports whether the log has an event of the token after an entry.
func (m Member) happened(kind virtual.EventKind, after uint64) bool {
	const batch = 256
	var entries []Entry
	for {
		entries = m.fleet.log.After(entries[:0], after, batch)
		if len(entries) == 0 {
			return false
		}
		for _, e := range entries {
			if e.Tag == m.tag && e.Kind == kind {
				return true
			}
			after = e.Seq
		}
	}
}

func (s *scheduler) addWatch(tag uint32, w *watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watches[tag] = append(s.watches[tag], w)
	s.watched.Add(1)
}

func (s *scheduler) removeWatch(tag uint32, w *watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched.Add(-1)
	if left := slices.DeleteFunc(s.watches[tag], func(v *watch) bool { return v == w }); len(left) > 0 {
		s.watches[tag] = left
	} else {
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
	for _, w := range s.watches[e.Tag] {
		if e.Kind == w.Event && e.World <= w.deadline {
			w.past.Store(true)
		}
		select {
		case w.happened <- struct{}{}:
		default:
		}
	}
}

// glanceAll looks at the displays and states that tokens with waits have between two
// instants.
func (s *scheduler) glanceAll(from, to virtual.WorldTime) {
	s.mu.Lock()
	watched := map[uint32][]*watch{}
	for tag, watches := range s.watches {
		if tag == worldTag {
			continue
		}
		watched[tag] = slices.Clone(watches)
	}
	s.mu.Unlock()
	for tag, left := range watched {
		t := s.fleet.slot(tag).token.Load()
		if t == nil {
			continue
		}
		at := from
		for range maxGlances {
			r := t.Glance(at) // first reports the events until then, for which some of the waits wait
			displays := false
			left = slices.DeleteFunc(left, func(w *watch) bool {
				switch {
				case at > w.deadline:
					return true
				case !w.past.Load():
					return false
				case w.holds(r):
					select {
					case w.found <- State{r, s.fleet.log.Seq()}:
					default: // an earlier jump has found one
					}
					return true
				}
				displays = displays || w.Display != nil
				return false
			})
			next := t.Next() // a state changes less often than a display
			if displays {
				next = min(next, r.Next)
			}
			if len(left) == 0 || next > to || next == virtual.Forever {
				break
			}
			at = max(next, at+1)
		}
	}
}
