// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"sync"

	"github.com/d204ef64/fob/virtual"
)

// DefaultLogSize is the number of entries that a log holds by default.
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

// limit returns how many entries of a batch the log needs at most, 0 for all.
func (l *Log) limit() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sink != nil {
		return 0
	}
	return l.size
}

// append numbers an entry and adds it.
func (l *Log) append(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addLocked(&e)
	if l.sink != nil {
		l.sink([]Entry{e})
	}
	l.wakeLocked()
}

// appendNewest numbers the newest of count entries and adds them. The others were
// dropped because the log has no room for them.
func (l *Log) appendNewest(count uint64, newest []Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if dropped := count - uint64(len(newest)); dropped > 0 {
		l.seq += dropped
		l.ring = make([]Entry, l.size)
	}
	for i := range newest {
		l.addLocked(&newest[i])
	}
	if len(newest) == 0 {
		return
	}
	if l.sink != nil {
		l.sink(newest)
	}
	l.wakeLocked()
}

// addLocked numbers an entry and adds it to the ring.
func (l *Log) addLocked(e *Entry) {
	l.seq++
	e.Seq = l.seq
	if len(l.ring) < l.size {
		l.ring = append(l.ring, *e)
	} else {
		l.ring[(l.seq-1)%uint64(l.size)] = *e
	}
}

// wakeLocked wakes the readers that wait for an entry.
func (l *Log) wakeLocked() {
	if l.changed != nil {
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
