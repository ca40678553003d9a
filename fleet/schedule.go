// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

// scheduler lets the events of the tokens happen in time, and writes them to the log. It
// is the observer of the world. No token has a timer: each block has the time of its
// first event, and the world wakes the scheduler for the earliest.
type scheduler struct {
	fleet *Fleet

	// advancing is set while the world's clock is moved by hand. The events of that time
	// are collected by block, to be sorted. No operation on a token runs then.
	advancing bool
	collected [][]Entry // by block

	mu      sync.Mutex // guards the fields below
	renamed []uint32   // tokens whose serial number may have changed
	watches map[uint32]*tokenWaits
	watched atomic.Int32 // number of watches, read without mu
	alarm   *virtual.Alarm
	alarmAt virtual.WorldTime
	started bool
}

func (s *scheduler) init(f *Fleet) {
	s.fleet, s.alarmAt = f, virtual.Forever
	s.watches = map[uint32]*tokenWaits{}
}

// Event implements virtual.Observer.
func (s *scheduler) Event(t *virtual.Token, e virtual.Event) {
	entry := Entry{Event: e}
	if t != nil {
		entry.Tag = t.Tag()
		if e.Kind == virtual.EventState && namesToken(e.State()) {
			s.rename(entry.Tag)
		}
		if some := traitsOf(e); some != 0 {
			s.fleet.block(entry.Tag).has.set(some)
		}
	}
	if s.advancing && entry.Tag != 0 {
		b := (entry.Tag - 1) / blockSize
		s.collected[b] = append(s.collected[b], entry)
	} else {
		s.fleet.log.append(entry)
	}
	s.notice(entry)
}

// Advanced implements virtual.Observer. It simulates the events of all tokens between two
// instants.
func (s *scheduler) Advanced(_, to virtual.WorldTime) {
	blocks := *s.fleet.blocks.Load()
	s.advancing, s.collected = true, make([][]Entry, len(blocks))
	entries := s.settleAll(blocks, to)
	s.advancing, s.collected = false, nil
	s.fleet.log.appendNewest(entries.count, entries.kept)
	s.plan()
}

// namesToken reports whether a token can have got a serial number by entering the state.
func namesToken(s serialproto.State) bool {
	return s == serialproto.StateProvisioned || s == serialproto.StateLocked
}

// rename notes that the serial number of a token may have changed.
func (s *scheduler) rename(tag uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renamed = append(s.renamed, tag)
}

// takeRenamed returns the tokens whose serial number may have changed since the last
// call.
func (s *scheduler) takeRenamed() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	tags := s.renamed
	s.renamed = nil
	return tags
}

func (b *block) due(at virtual.WorldTime) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next <= at
}

// settle simulates the events of the block's tokens that are due, and notes when the next
// one is.
func (b *block) settle(now virtual.WorldTime, catchUp func(*virtual.Token)) {
	b.mu.Lock()
	b.next = virtual.Forever // an operation on a token meanwhile lowers it
	b.mu.Unlock()
	first := virtual.Forever
	for i := range b.slots {
		t := b.slots[i].token.Load()
		if t == nil {
			continue
		}
		next := t.Next()
		if next <= now && next != virtual.Forever {
			catchUp(t)
			next = t.Next()
		}
		first = min(first, next)
	}
	b.lower(first)
}

// lower notes that a token has an event at next.
func (b *block) lower(next virtual.WorldTime) {
	b.mu.Lock()
	b.next = min(b.next, next)
	b.mu.Unlock()
}

// touch notes when the token has its next event. It must be called after each operation
// on it.
func (s *scheduler) touch(tag uint32, t *virtual.Token) {
	next := t.Next()
	s.fleet.block(tag).lower(next)
	s.setAlarm(next)
}

// start lets the world wake the scheduler from now on.
func (s *scheduler) start() {
	s.mu.Lock()
	s.started = true
	s.mu.Unlock()
	s.plan()
}

// plan sets the alarm for the first event of all.
func (s *scheduler) plan() {
	s.mu.Lock()
	old := s.alarm
	s.alarm, s.alarmAt = nil, virtual.Forever // from here on, touch sets an alarm of its own
	s.mu.Unlock()
	if old != nil {
		old.Stop()
	}
	next := virtual.Forever
	for _, b := range *s.fleet.blocks.Load() {
		b.mu.Lock()
		next = min(next, b.next)
		b.mu.Unlock()
	}
	s.setAlarm(next)
}

// setAlarm lets the world wake the scheduler at an instant, unless it does so before.
func (s *scheduler) setAlarm(at virtual.WorldTime) {
	s.mu.Lock()
	if !s.started || at >= s.alarmAt {
		s.mu.Unlock()
		return
	}
	old := s.alarm
	s.alarm, s.alarmAt = nil, at
	s.mu.Unlock()
	if old != nil {
		old.Stop()
	}
	// The alarm may ring before At returns, so it does its work elsewhere.
	a := s.fleet.world.At(at, func() { go s.wake() })
	s.mu.Lock()
	if s.alarm == nil && s.alarmAt == at {
		s.alarm = a
	}
	s.mu.Unlock()
}

// wake simulates the events that are due by now.
func (s *scheduler) wake() {
	now := s.fleet.world.Now()
	for _, b := range *s.fleet.blocks.Load() {
		if b.due(now) {
			b.settle(now, func(t *virtual.Token) { t.State() })
		}
	}
	s.plan()
}

// NextEvent returns when the first event of any token is due, or [virtual.Forever].
func (f *Fleet) NextEvent() virtual.WorldTime {
	next := virtual.Forever
	for _, b := range *f.blocks.Load() {
		b.settle(virtual.WorldTime(math.MinInt64), nil) // next may be the time of an event that was postponed
		b.mu.Lock()
		next = min(next, b.next)
		b.mu.Unlock()
	}
	return next
}
