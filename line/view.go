// SPDX-License-Identifier: Apache-2.0

package line

import (
	"slices"
	"sync"
	"time"

	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto/host"
)

// ViewConfig describes a station for its displays.
type ViewConfig struct {
	Station  string
	Order    string // id
	Customer string
	Model    string
	Labels   LabelPolicy    // [LabelNone] without a printer
	Counts   journal.Counts // when the station began
	Warnings []Warning

	// OrderDone returns how many tokens of the order are done, by all of its stations; nil
	// if no other station works on it.
	OrderDone func() int64
}

// Notice is news about the shared ledger.
type Notice struct {
	Kind NoticeKind `json:"kind"`
	Text string     `json:"text"`
}

// NoticeKind is a kind of notices.
type NoticeKind string

// The kinds of notices.
const (
	NoticeConflict NoticeKind = "conflict" // a serial number, a seed or a device was used twice
	NoticeHalt     NoticeKind = "halt"     // the station must stop
	NoticeAway     NoticeKind = "away"     // the ledger does not answer
)

// Warning is a condition of a station that its displays always show.
type Warning string

// The warnings.
const (
	WarnTestKey        Warning = "test_key"             // the station's key is published
	WarnUnsynchronised Warning = "unsynchronised_clock" // the station works with a clock that is not synchronised
	WarnPractice       Warning = "practice"             // the tokens are virtual
)

// View is the state of a station for displays, from its events. It is safe for concurrent
// use, and its memory does not grow with the number of units.
type View struct {
	config ViewConfig

	mu      sync.Mutex // guards the fields below
	seq     uint64     // events that were added
	changed time.Time
	done    int64
	void    int64
	stats   Statistics
	sockets []socketView // by number
	steps   map[Step]StepTime
	recent  []RecentUnit // the newest last
	notices []Notice     // one of a kind
}

// socketView is a socket on a display.
type socketView struct {
	name  string
	shown Event // the last event that was not Waiting
	empty bool  // no device is plugged in
	label bool  // the socket waits for its label
	seq   uint64
	since time.Time // of the last event
}

// Status is the state of a station.
type Status struct {
	Station  string      `json:"station"`
	Order    string      `json:"order"`
	Customer string      `json:"customer"`
	Model    string      `json:"model"`
	Labels   LabelPolicy `json:"labels"`
	Warnings []Warning   `json:"warnings"`
	Notices  []Notice    `json:"notices,omitempty"`
	Seq      uint64      `json:"seq"`     // number of events in it
	Changed  time.Time   `json:"changed"` // time of the last event

	Wanted    int64 `json:"wanted"`
	OrderDone int64 `json:"order_done"` // by all stations
	Done      int64 `json:"done"`       // by this station, in all of its runs
	Void      int64 `json:"void"`

	Passed int     `json:"passed"` // in this run, and so the following
	Voided int     `json:"voided"`
	Failed int     `json:"failed"` // other failures
	Yield  float64 `json:"yield"`
	Cycle  float64 `json:"cycle_s"` // mean time of work on a unit that passed
	Worst  float64 `json:"longest_cycle_s"`

	SlowestPort *PortTime      `json:"slowest_port,omitempty"`  // if several ports have passed units
	SlowestStep *StepTime      `json:"slowest_stage,omitempty"` // of units that went on afterwards
	Ports       []SocketStatus `json:"ports"`
	Reasons     []Reason       `json:"reasons"` // of failures, the most frequent first
}

// SocketStatus is the state of a socket. A display holds the result of a device until work
// on the next one begins.
type SocketStatus struct {
	Number     int             `json:"number"`
	Socket     string          `json:"port"`
	Result     Result          `json:"result"` // of the last device; wait if there was none
	Empty      bool            `json:"empty"`  // no device is plugged in
	Label      bool            `json:"label_due"`
	Step       Step            `json:"stage,omitempty"`
	HardwareID host.HardwareID `json:"hardware_id"`
	Serial     string          `json:"serial,omitempty"`
	Attempt    int             `json:"attempt,omitempty"`
	State      journal.State   `json:"state,omitempty"`
	Bin        journal.Bin     `json:"bin,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	Advice     string          `json:"advice,omitempty"`
	Seq        uint64          `json:"seq"`   // of its last event, counted in the view
	Since      time.Time       `json:"since"` // time of its last event
	Passed     int             `json:"passed"`
	Void       int             `json:"void"`
	Failed     int             `json:"failed"`
	Cycle      float64         `json:"cycle_s"`
	Worst      float64         `json:"longest_cycle_s"`
}

// PortTime is the mean time of work in a socket.
type PortTime struct {
	Number int     `json:"number"`
	Cycle  float64 `json:"cycle_s"`
}

// StepTime is the mean time of a step.
type StepTime struct {
	Step    Step    `json:"stage"`
	Seconds float64 `json:"mean_s"`
	Count   int     `json:"count"`
}

// RecentUnit is a device whose work has ended.
type RecentUnit struct {
	Time   time.Time   `json:"time"`
	Number int         `json:"number"` // of the socket
	Result Result      `json:"result"`
	Serial string      `json:"serial,omitempty"`
	Reason string      `json:"reason,omitempty"`
	Bin    journal.Bin `json:"bin,omitempty"`
	Cycle  float64     `json:"cycle_s,omitempty"`
}

const (
	maxRecent        = 100
	maxStatusReasons = 20
)

// NewView returns the view of a station that has not begun.
func NewView(c ViewConfig) *View {
	if c.Warnings == nil {
		c.Warnings = []Warning{}
	}
	return &View{config: c, done: c.Counts.Done, void: c.Counts.Void, steps: map[Step]StepTime{}}
}

// Add adds an event. It must get the events in their order.
func (v *View) Add(e Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seq++
	v.changed = e.Time
	v.stats.Add(e)
	for len(v.sockets) < e.Number {
		v.sockets = append(v.sockets, socketView{empty: true})
	}
	k := &v.sockets[e.Number-1]
	v.time(k, &e)
	k.name, k.seq, k.since = e.Socket, v.seq, e.Time
	k.empty = e.Result == Waiting
	if k.empty {
		return
	}
	if e.Result == Pass && !e.LabelTaken {
		v.done++
	}
	if e.Result == Fail && e.State == journal.Void && !e.Before {
		v.void++
	}
	k.label = e.Label
	k.shown = e
	if e.Result != Working && !e.LabelTaken {
		if len(v.recent) == maxRecent {
			v.recent = slices.Delete(v.recent, 0, 1)
		}
		v.recent = append(v.recent, RecentUnit{e.Time, e.Number, e.Result, e.Serial, e.Reason, e.Bin, e.Cycle})
	}
}

// time measures the step that an event ends.
func (v *View) time(k *socketView, e *Event) {
	if k.empty || k.shown.Result != Working || e.Result != Working && e.Result != Pass {
		return
	}
	t := v.steps[k.shown.Step]
	t.Step = k.shown.Step
	t.Count++
	t.Seconds += (e.Time.Sub(k.since).Seconds() - t.Seconds) / float64(t.Count)
	v.steps[t.Step] = t
}

// Notify shows a notice in place of the one before of its kind. If text is empty, the
// condition has ended.
func (v *View) Notify(kind NoticeKind, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.notices = slices.DeleteFunc(v.notices, func(n Notice) bool { return n.Kind == kind })
	if text != "" {
		v.notices = append(v.notices, Notice{kind, text})
	}
}

// Done returns the number of units that the station has finished.
func (v *View) Done() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.done
}

// Complete reports whether the order needs no more tokens.
func (v *View) Complete() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.done >= v.config.Counts.Wanted
}

// Busy reports whether a socket works on a device, or waits for a label.
func (v *View) Busy() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.ContainsFunc(v.sockets, func(k socketView) bool { return k.label || !k.empty && k.shown.Result == Working })
}

// Recent returns the devices whose work has ended, the newest first, as far as the view
// remembers them.
func (v *View) Recent() []RecentUnit {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := slices.Clone(v.recent)
	slices.Reverse(list)
	return list
}

// Status returns the state of the station.
func (v *View) Status() Status {
	var all int64
	if v.config.OrderDone != nil { // it may call other views
		all = v.config.OrderDone()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	c, t := &v.config, v.stats.Total()
	s := Status{
		Station: c.Station, Order: c.Order, Customer: c.Customer, Model: c.Model, Labels: c.Labels, Warnings: c.Warnings,
		Notices: slices.Clone(v.notices), Seq: v.seq, Changed: v.changed, Wanted: c.Counts.Wanted, OrderDone: max(v.done, all), Done: v.done, Void: v.void,
		Passed: t.Passed, Voided: t.Void, Failed: t.Failed, Yield: t.Yield(), Cycle: t.Cycle, Worst: t.Worst,
		Ports: make([]SocketStatus, 0, len(v.sockets)), Reasons: append([]Reason{}, v.stats.Reasons[:min(len(v.stats.Reasons), maxStatusReasons)]...),
	}
	passed := 0
	for i := range v.sockets {
		if v.sockets[i].seq == 0 { // no device was ever plugged in, but a socket with a higher number is in use
			continue
		}
		p := v.socket(i)
		s.Ports = append(s.Ports, p)
		if p.Passed == 0 {
			continue
		}
		passed++
		if s.SlowestPort == nil || p.Cycle > s.SlowestPort.Cycle {
			s.SlowestPort = &PortTime{p.Number, p.Cycle}
		}
	}
	if passed < 2 {
		s.SlowestPort = nil
	}
	for _, step := range Steps() { // of equal steps the first
		t, ok := v.steps[step]
		if ok && (s.SlowestStep == nil || t.Seconds > s.SlowestStep.Seconds) {
			s.SlowestStep = &t
		}
	}
	return s
}

// socket returns the state of a socket.
func (v *View) socket(i int) SocketStatus {
	k := &v.sockets[i]
	e := &k.shown
	p := SocketStatus{
		Number: i + 1, Socket: k.name, Result: e.Result, Empty: k.empty, Label: k.label, Step: e.Step, HardwareID: e.HardwareID, Serial: e.Serial,
		Attempt: e.Attempt, State: e.State, Bin: e.Bin, Reason: e.Reason, Advice: e.Advice, Seq: k.seq, Since: k.since,
	}
	if p.Result == "" || k.empty && p.Result == Working { // the work ended without a result
		p = SocketStatus{Number: i + 1, Socket: k.name, Result: Waiting, Empty: k.empty, Seq: k.seq, Since: k.since}
	}
	if i < len(v.stats.Sockets) {
		t := &v.stats.Sockets[i]
		p.Passed, p.Void, p.Failed, p.Cycle, p.Worst = t.Passed, t.Void, t.Failed, t.Cycle, t.Worst
	}
	return p
}
