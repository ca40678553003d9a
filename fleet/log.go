// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"slices"
	"sync"

	"github.com/d204ef64/fob/virtual"
)

// DefaultLogSize is the number of entries that a log holds unless told otherwise.
const DefaultLogSize = 100_000

// An Entry is an event in the log of a fleet.
type Entry struct {
	virtual.Event
	Seq uint64 // 1 for the first entry
	Tag uint32 // of the token; 0: an event of the world
}

// Log is the ordered log of all events of a fleet. It holds the newest entries and
// counts all. It is safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	ring    []Entry
	seq     uint64 // of the newest entry
	size    int
	changed chan struct{} // closed and replaced by the next append; nil: no reader waits
	sink    func([]Entry)
}

func newLog(size int) *Log {
	if size <= 0 {
		size = DefaultLogSize
	}
	return &Log{size: size}
}

// Seq returns the number of the newest entry, or 0.
func (l *Log) Seq() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq
}

// append numbers the entries and adds them.
func (l *Log) append(entries ...Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range entries {
		l.seq++
		entries[i].Seq = l.seq
		if len(l.ring) < l.size {
			l.ring = append(l.ring, entries[i])
		} else {
			l.ring[(l.seq-1)%uint64(l.size)] = entries[i]
		}
	}
	if l.sink != nil {
		l.sink(entries)
	}
	if l.changed != nil && len(entries) > 0 {
		close(l.changed)
		l.changed = nil
	}
}

// After appends to dst up to most entries that follow entry seq. If older entries were
// dropped from the log in between, it starts with the oldest that is left.
func (l *Log) After(dst []Entry, seq uint64, most int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := l.seq - uint64(len(l.ring)) // the entry before the oldest
	for seq = max(seq, oldest); seq < l.seq && most > 0; most-- {
		dst = append(dst, l.ring[seq%uint64(l.size)])
		seq++
	}
	return dst
}

// Oldest returns the number of the oldest entry that the log still holds.
func (l *Log) Oldest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq - uint64(len(l.ring)) + 1
}

// Changed returns a channel that is closed when there are entries after seq.
func (l *Log) Changed(seq uint64) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seq > seq {
		done := make(chan struct{})
		close(done)
		return done
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

// SetSink sets a function that is called with all entries as they are appended, in
// order. It must not keep the slice or call the log.
func (l *Log) SetSink(f func([]Entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sink = f
}

// sortEntries orders entries that several goroutines have collected: by the world's
// time, then by token. The events of one token at one instant keep their order.
func sortEntries(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int {
		switch {
		case a.World != b.World:
			return int(min(max(a.World-b.World, -1), 1))
		case a.Tag != b.Tag:
			return int(a.Tag) - int(b.Tag)
		}
		return 0
	})
}

// Line returns the form of an entry in files. The name of the token is its hardware id,
// because a serial number can change.
func (f *Fleet) Line(e Entry) EventLine {
	l := EventLine{Seq: e.Seq, World: e.World.Time(), Event: e.Kind.String(), Value: e.Value}
	if e.Tag != 0 {
		l.Token = f.nameOf(e.Tag)
	}
	if e.ClockSet {
		ms := int64(e.Clock)
		l.Clock = &ms
	}
	if e.Kind == virtual.EventState {
		l.State, l.Value = e.State().String(), 0
	}
	return l
}
