// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// EventKind is a kind of [Event].
type EventKind uint8

// The kinds of event. The comments give the meaning of Event.Value.
const (
	EventMade        EventKind = iota + 1 // the token came into the world, new or from a snapshot
	EventPress                            // the button was clicked
	EventHold                             // the button went down: for Value ns
	EventRelease                          // the button came up
	EventDisplayOn                        // the display shows something after it was blank
	EventDisplayOff                       // the display went blank
	EventState                            // the life cycle's state changed: to State(Value)
	EventClockSet                         // the clock was set: by Value ms relative to before
	EventClockLost                        // the clock lost its time
	EventFlash                            // the flash was written: by Value operations
	EventPowerLost                        // the supply failed
	EventPowerOn                          // the supply came back
	EventRestart                          // the firmware restarted
	EventHostOn                           // a host opened a port
	EventHostOff                          // the host or the cable left
	EventBytesIn                          // Value bytes arrived
	EventBytesOut                         // Value bytes were sent
	EventFault                            // an armed fault struck
	EventArmed                            // a fault was armed
	EventSkew                             // the clock was moved: by Value ms
	EventAge                              // the token became older: by Value ns
	EventTemperature                      // the temperature changed: to Value 1/1000 °C
	EventBattery                          // the battery was removed, inserted or replaced
	EventDrop                             // the token fell
	EventCrystal                          // the crystal was trimmed: to Value 1/1000 ppm
	EventRestored                         // the token was reset to a snapshot
	EventRemoved                          // the token left the world

	// Events of the world itself.
	EventAdvance // the clock is advanced: by Value ns
	EventMode    // the clock's mode changed: to ClockMode(Value)
	EventPause   // the clock stopped
	EventResume  // the clock runs again

	eventKinds
)

var eventNames = [eventKinds]string{
	EventMade: "made", EventPress: "press", EventHold: "hold", EventRelease: "release",
	EventDisplayOn: "display-on", EventDisplayOff: "display-off", EventState: "state",
	EventClockSet: "clock-set", EventClockLost: "clock-lost", EventFlash: "flash",
	EventPowerLost: "power-lost", EventPowerOn: "power-on", EventRestart: "restart",
	EventHostOn: "host-on", EventHostOff: "host-off", EventBytesIn: "bytes-in", EventBytesOut: "bytes-out",
	EventFault: "fault", EventArmed: "fault-armed", EventSkew: "skew", EventAge: "age",
	EventTemperature: "temperature", EventBattery: "battery", EventDrop: "drop", EventCrystal: "crystal",
	EventRestored: "restored", EventRemoved: "removed",
	EventAdvance: "advance", EventMode: "clock-mode", EventPause: "pause", EventResume: "resume",
}

// String returns the name of the kind, such as "display-on".
func (k EventKind) String() string {
	if k < eventKinds && eventNames[k] != "" {
		return eventNames[k]
	}
	return "unknown"
}

// EventKinds returns all kinds.
func EventKinds() []EventKind {
	var kinds []EventKind
	for k := EventMade; k < eventKinds; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

// Meaning describes Event.Value in events of the kind, with its unit. It returns "" if the
// value is always 0.
func (k EventKind) Meaning() string { return eventValues[k] }

var eventValues = map[EventKind]string{
	EventHold: "duration in ns", EventClockSet: "change in ms", EventFlash: "number of flash operations",
	EventBytesIn: "number of bytes", EventBytesOut: "number of bytes", EventSkew: "change in ms",
	EventAge: "duration in ns", EventTemperature: "new temperature in 1/1000 °C",
	EventCrystal: "new error at 25 °C in 1/1000 ppm", EventAdvance: "duration in ns",
	EventMode: "new mode: 0 manual, 1 real, 2 scaled",
}

// An Event is something that happened to a token. It contains no code and no seed.
type Event struct {
	Kind     EventKind
	ClockSet bool            // the token's clock has been set
	World    WorldTime       // when it happened
	Clock    token.UnixMilli // by the token's clock
	Value    int64           // depends on Kind
}

// State returns the state of an [EventState].
func (e Event) State() serialproto.State { return serialproto.State(e.Value) }

// Observe makes the token report its events to the world's observer, beginning with
// [EventMade]. The tag is any number but 0, by which the observer recognises the token.
func (t *Token) Observe(tag uint32) {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	t.tag = tag
	t.emitLocked(EventMade, 0)
}

// Report reports an event that happens outside the token, such as [EventHostOn].
func (t *Token) Report(kind EventKind, value int64) {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	t.emitLocked(kind, value)
}

// Tag returns the number given to Observe, or 0.
func (t *Token) Tag() uint32 { return t.tag }

// CatchUp simulates the token's life up to the world's present time. Only
// [Observer.Advanced] may call it.
func (t *Token) CatchUp() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.catchUpLocked()
}

// Next returns when the token next has an event if nothing happens to it before: the
// display goes off, the token expires, the button comes up, the battery is empty. It
// returns [Forever] if there is none.
func (t *Token) Next() WorldTime {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.nextLocked()
}

func (t *Token) nextLocked() WorldTime {
	if !t.powered {
		return Forever
	}
	next := min(t.wake, t.battery.EmptyAt())
	if t.upAt != 0 {
		next = min(next, t.upAt)
	}
	return next
}

// An Observer receives all events of a world.
type Observer interface {
	// Event is called for each event, of a token or, if t is nil, of the world. The
	// token is locked: the method must not call t's methods, except Tag.
	Event(t *Token, e Event)

	// Advanced is called while Advance or AdvanceTo moves the clock. The clock shows the
	// new time, no operation on a token runs, and alarms ring only afterwards. The
	// method may call [Token.CatchUp] and [Token.Next], and no other method of a token.
	Advanced(from, to WorldTime)

	// Passing is called for a token that is watched, before its life up to an instant is
	// simulated. The token is locked as for Event. The parts of its life follow each other,
	// and between two of them something may happen to the token, which Event reports. past
	// returns the part, if it is called before Passing returns.
	Passing(t *Token, to WorldTime, past func() *Past)
}

// SetObserver sets the only observer of the world. Call it before the world is shared.
func (w *World) SetObserver(o Observer) { w.observer = o }

// emitLocked reports an event at t.at to the world's observer.
func (t *Token) emitLocked(kind EventKind, value int64) {
	if t.tag != 0 && t.world.observer != nil {
		t.world.observer.Event(t, t.eventLocked(kind, value))
	}
}

func (t *Token) eventLocked(kind EventKind, value int64) Event {
	e := Event{Kind: kind, World: t.at, Value: value}
	e.Clock, e.ClockSet = t.crystal.Now(t.at)
	return e
}

// witness is the state that an observer compares before and after the firmware has run.
type witness struct {
	state    serialproto.State
	ops      uint64
	restarts uint32
	lit      bool
	clock    bool
	armed    bool
}

// witnessLocked notes the state before the firmware runs.
func (t *Token) witnessLocked() witness {
	if t.tag == 0 {
		return witness{}
	}
	return witness{
		state: t.stateLocked(), ops: t.flashOpsLocked(), restarts: t.restarts,
		lit: t.drawsLocked(), clock: t.crystal.Valid, armed: t.flashArmedLocked(),
	}
}

// compareLocked reports the changes since before.
func (t *Token) compareLocked(before witness) {
	if t.tag == 0 || t.world.observer == nil {
		return
	}
	after := t.witnessLocked()
	var all []Event // at one instant, so the clock is read only once
	var room [6]Event
	add := func(kind EventKind, value int64) {
		if len(all) == 0 {
			all = append(room[:0], t.eventLocked(kind, value))
			return
		}
		e := all[0]
		e.Kind, e.Value = kind, value
		all = append(all, e)
	}
	if before.armed && !after.armed {
		add(EventFault, 0)
	}
	if after.restarts != before.restarts {
		add(EventRestart, 0)
	}
	if n := after.ops - before.ops; n != 0 {
		add(EventFlash, int64(n))
	}
	if before.clock && !after.clock {
		add(EventClockLost, 0)
	}
	if after.state != before.state {
		add(EventState, int64(after.state))
	}
	switch {
	case after.lit && !before.lit:
		add(EventDisplayOn, 0)
	case before.lit && !after.lit:
		add(EventDisplayOff, 0)
	}
	for _, e := range all {
		t.world.observer.Event(t, e)
	}
}
