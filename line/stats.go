// SPDX-License-Identifier: Apache-2.0

package line

import (
	"cmp"
	"slices"

	"github.com/d204ef64/fob/line/journal"
)

// Statistics counts the results of a run, from its events. The zero value is ready. It is
// not safe for concurrent use.
type Statistics struct {
	Sockets []SocketStatistics `json:"ports"` // by number
	Reasons []Reason           `json:"reasons"`
}

// SocketStatistics are the results of one socket.
type SocketStatistics struct {
	Socket string  `json:"port"`
	Number int     `json:"number"`
	Passed int     `json:"passed"`
	Void   int     `json:"void"`    // units that were given up
	Failed int     `json:"failed"`  // other failures: the device was refused or pulled out, or the printer failed
	Cycle  float64 `json:"cycle_s"` // mean time of work on a unit that passed
	Worst  float64 `json:"longest_cycle_s"`
}

// Reason is the number of failures for a reason.
type Reason struct {
	Reason string      `json:"reason"`
	Bin    journal.Bin `json:"bin,omitempty"`
	Count  int         `json:"count"`
}

// Add counts an event.
func (s *Statistics) Add(e Event) {
	if e.Number < 1 || e.LabelTaken || e.Result != Pass && e.Result != Fail {
		return
	}
	for len(s.Sockets) < e.Number {
		s.Sockets = append(s.Sockets, SocketStatistics{Number: len(s.Sockets) + 1})
	}
	k := &s.Sockets[e.Number-1]
	k.Socket = e.Socket
	switch {
	case e.Result == Pass:
		k.Passed++
		k.Cycle += (e.Cycle - k.Cycle) / float64(k.Passed)
		k.Worst = max(k.Worst, e.Cycle)
		return
	case e.State == journal.Void && !e.Before:
		k.Void++
	default:
		k.Failed++
	}
	at := slices.IndexFunc(s.Reasons, func(r Reason) bool { return r.Reason == e.Reason && r.Bin == e.Bin })
	if at < 0 && len(s.Reasons) < maxReasons {
		at, s.Reasons = len(s.Reasons), append(s.Reasons, Reason{Reason: e.Reason, Bin: e.Bin})
	}
	if at >= 0 {
		s.Reasons[at].Count++
		slices.SortStableFunc(s.Reasons, func(a, b Reason) int { return cmp.Compare(b.Count, a.Count) })
	}
}

// maxReasons limits the memory of a long run.
const maxReasons = 1000

// Total returns the sum over all sockets.
func (s *Statistics) Total() (t SocketStatistics) {
	for _, k := range s.Sockets {
		if k.Passed > 0 {
			t.Cycle += (k.Cycle - t.Cycle) * float64(k.Passed) / float64(t.Passed+k.Passed)
		}
		t.Passed, t.Void, t.Failed, t.Worst = t.Passed+k.Passed, t.Void+k.Void, t.Failed+k.Failed, max(t.Worst, k.Worst)
	}
	return t
}

// Yield returns the part of the finished units that passed, from 0 to 1. It is 1 if none
// was finished.
func (s *SocketStatistics) Yield() float64 {
	if s.Passed+s.Void == 0 {
		return 1
	}
	return float64(s.Passed) / float64(s.Passed+s.Void)
}
