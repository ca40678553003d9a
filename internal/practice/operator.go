// SPDX-License-Identifier: Apache-2.0

package practice

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/virtual"
)

// operator plugs tokens into one socket of a station.
type operator struct {
	room    *Room
	station *line.Station
	box     *box
	number  int    // of the socket: 1 is the first
	addr    string // of the socket
	mail    *mail  // events of the socket
	wire    wire
}

// mail has the events of a socket that its operator has not seen yet.
type mail struct {
	mu     sync.Mutex
	events []line.Event
	more   chan struct{} // has a value while there are events
}

func newMail() *mail { return &mail{more: make(chan struct{}, 1)} }

// add adds an event. It does not wait.
func (m *mail) add(e line.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
	select {
	case m.more <- struct{}{}:
	default:
	}
}

// next waits for the next event.
func (m *mail) next(ctx context.Context) (line.Event, error) {
	for {
		m.mu.Lock()
		if len(m.events) > 0 {
			e := m.events[0]
			m.events = m.events[1:]
			m.mu.Unlock()
			return e, nil
		}
		m.mu.Unlock()
		select {
		case <-ctx.Done():
			return line.Event{}, ctx.Err()
		case <-m.more:
		}
	}
}

// run works until no token is left.
func (o *operator) run(ctx context.Context) error {
	for d := o.box.take(ctx, o.number); d != nil; d = o.box.take(ctx, o.number) {
		err := o.insert(ctx, d)
		again := err == nil && o.again(d)
		o.box.put(d, again)
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// again reports whether a token must be inserted again.
func (o *operator) again(d *device) bool {
	switch {
	case d.outcome == "" && d.tries < maxTries:
		d.tries++
		return true
	case d.outcome == "":
		d.outcome = Open
	case d.fault == Twice && !d.struck:
		d.struck = true
		return true
	}
	return false
}

// noise is a bad line: the parts of bytes that are changed or lost.
var noise = virtual.LineFaults{Flip: 2e-3, Drop: 1e-3}

// unplugAfter is how many bytes of the station arrive before a cable is pulled out: the
// seed is being sent.
const unplugAfter = 150

// powerCutAt is the flash operation during which the power fails.
const powerCutAt = 3

// insert plugs a token in, follows the station's display, and removes the token.
func (o *operator) insert(ctx context.Context, d *device) (err error) {
	if d.fault == PowerCut && !d.struck {
		d.struck = true
		d.member.Token.CutPower(powerCutAt)
	}
	p, err := o.room.fleet.Attach(d.member, o.addr)
	if err != nil {
		return fmt.Errorf("plugging a token in: %w", err)
	}
	if o.room.counts {
		p.Tap().Start()
	}
	removed := false
	remove := func() error {
		if removed {
			return nil
		}
		removed = true
		o.wire.add(p.Tap().Chunks())
		return o.room.fleet.Detach(p)
	}
	defer func() { err = errors.Join(err, remove()) }()
	if d.fault == Noise {
		in := noise
		in.Seed, in.Baud = uint64(d.number), o.room.Baud
		p.Faults().Set(in, in)
	}
	for {
		e, err := o.mail.next(ctx)
		if err != nil {
			return err
		}
		switch e.Result {
		case line.Waiting:
			if removed { // the first event of a socket is older
				return nil
			}
			continue
		case line.Working:
			if !o.strikes(d, e, p) {
				continue
			}
		default:
			d.note(e)
			if e.Label {
				if !o.room.LeaveLabels {
					if err := o.station.LabelTaken(0, e.Serial); err != nil {
						return err
					}
				}
				continue // another event follows when the label was taken
			}
		}
		if err := remove(); err != nil {
			return err
		}
	}
}

// strikes makes the fault of a token happen at its step, and reports whether the operator
// removes the token.
func (o *operator) strikes(d *device, e line.Event, p *fleet.Port) (removes bool) {
	if d.struck {
		return false
	}
	switch {
	case d.fault == Unplug && e.Step == line.StepProvision:
		in := o.room.line()
		in.Unplug = unplugAfter
		p.Faults().Set(in, o.room.line())
	case d.fault == RemovedEarly && e.Step == line.StepSelfTest:
		removes = true
	case d.fault == Swapped && e.Step == line.StepCodes:
		d.avoid = o.number
		removes = true
	default:
		return false
	}
	d.struck = true
	return removes
}
