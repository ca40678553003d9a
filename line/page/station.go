// SPDX-License-Identifier: Apache-2.0

package page

import (
	"crypto/rand"
	"errors"
	"sync"

	"github.com/d204ef64/fob/line"
)

// Station is a station of this process.
type Station struct {
	view  *line.View
	name  string
	run   string // distinguishes the numbers of events from another run's
	label func(number int, scanned string) error

	mu      sync.Mutex    // guards the fields below
	events  []line.Event  // a ring: the event with number n is at n % maxEvents
	seq     uint64        // number of the newest event
	changed chan struct{} // closed at the next event
}

// maxEvents is the number of events that are kept for clients that reconnect.
const maxEvents = 10_000

// NewStation returns a station for its pages. Label confirms a label, like
// [line.Station.LabelTaken]; nil if the station has no labels to confirm.
func NewStation(v *line.View, label func(number int, scanned string) error) *Station {
	if label == nil {
		label = func(int, string) error { return errors.New("the station has no labels") }
	}
	return &Station{view: v, name: v.Status().Station, run: rand.Text()[:8], label: label, changed: make(chan struct{})}
}

// Name returns the name of the station.
func (s *Station) Name() string { return s.name }

// Add adds an event, which the view has already.
func (s *Station) Add(e line.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	e.Seq = s.seq
	if len(s.events) < maxEvents {
		s.events = append(s.events, e)
	} else {
		s.events[(s.seq-1)%maxEvents] = e
	}
	s.wake()
}

// Refresh makes the pages show changes of the view that are not events.
func (s *Station) Refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
}

// wake wakes the streams, which wait for the next event. The caller holds the mutex.
func (s *Station) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// next returns a channel that is closed at the next event.
func (s *Station) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// kept returns the numbers of the oldest event that is kept and of the newest.
func (s *Station) kept() (oldest, newest uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seq - uint64(len(s.events)) + 1, s.seq
}

// after returns at most some of the events after a number.
func (s *Station) after(seq uint64, most int) (list []line.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := max(seq+1, s.seq-uint64(len(s.events))+1)
	for n := first; n <= s.seq && len(list) < most; n++ {
		list = append(list, s.events[(n-1)%maxEvents])
	}
	return list
}
