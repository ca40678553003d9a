// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"container/heap"
	"time"
)

// An Alarm calls a function when the world's clock reaches an instant.
type Alarm struct {
	world *World
	at    WorldTime
	order uint64 // alarms of the same instant ring in the order in which they were set
	index int    // in the heap; -1: it has rung or was stopped
	f     func()
}

// alarms are the alarms of a world. One timer of the machine serves all of them.
type alarms struct {
	heap  alarmHeap
	set   uint64 // number of alarms set so far
	timer *time.Timer
}

// checkEvery limits how long the world relies on a timer of the machine. Such a timer
// does not notice that the machine's clock has been set.
const checkEvery = time.Second

// At calls f as soon as the world's clock has reached t, in any mode; it never gets past
// [WorldEnd]. If it has already,
// At calls f before it returns. Otherwise f is called by the goroutine that advances the
// clock, or by one of its own; it must not block. A waiting alarm costs no goroutine.
func (w *World) At(t WorldTime, f func()) *Alarm {
	w.mu.Lock()
	w.alarms.set++
	a := &Alarm{world: w, at: t, order: w.alarms.set, index: -1, f: f}
	heap.Push(&w.alarms.heap, a)
	w.mu.Unlock()
	w.ring()
	return a
}

// Alarms returns the number of alarms that have not rung yet.
func (w *World) Alarms() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.alarms.heap)
}

// Stop prevents the alarm from ringing. It reports whether it was in time.
func (a *Alarm) Stop() bool {
	a.world.mu.Lock()
	defer a.world.mu.Unlock()
	if a.index < 0 {
		return false
	}
	heap.Remove(&a.world.alarms.heap, a.index)
	return true
}

// ring calls the functions of all alarms that are due and sets the timer for the next.
func (w *World) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		now := w.nowLocked()
		if len(w.alarms.heap) == 0 || w.alarms.heap[0].at > now {
			w.setTimerLocked(now)
			return
		}
		a := heap.Pop(&w.alarms.heap).(*Alarm)
		w.mu.Unlock()
		a.f()
		w.mu.Lock()
	}
}

// setTimerLocked makes the machine call ring when the first alarm may be due.
func (w *World) setTimerLocked(now WorldTime) {
	if w.alarms.timer != nil {
		w.alarms.timer.Stop()
	}
	if len(w.alarms.heap) == 0 || w.rate == 0 || w.paused || now >= WorldEnd {
		return
	}
	wait := float64(w.alarms.heap[0].at-now) / w.rate
	d := time.Duration(min(wait, float64(checkEvery))) + 1 // rounded up
	if w.alarms.timer == nil {
		w.alarms.timer = time.AfterFunc(d, w.ring)
		return
	}
	w.alarms.timer.Reset(d)
}

type alarmHeap []*Alarm

func (h alarmHeap) Len() int { return len(h) }
func (h alarmHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].order < h[j].order
}
func (h alarmHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *alarmHeap) Push(x any) {
	a := x.(*Alarm)
	a.index = len(*h)
	*h = append(*h, a)
}

func (h *alarmHeap) Pop() any {
	old := *h
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	a.index = -1
	return a
}
