// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"math"
	"time"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// Reading is the state of a token as seen at one instant. All fields belong to that
// instant.
type Reading struct {
	Text     string            // readable content, one character for each digit; blank if the LCD cannot be read
	View     View              // appearance of the LCD, segment by segment
	State    serialproto.State // the stage of its life cycle
	Serial   token.Serial      // on the back label; zero before provisioning
	Expiry   token.Expiry      // on the back label; zero if there is none
	Powered  bool              // it has a battery that can run it
	World    WorldTime         // the world's time
	Clock    token.UnixMilli   // the token's time
	ClockSet bool              // the token's clock has been set since it lost power
	Error    time.Duration     // how far the token's clock is ahead of the world's; 0 if it is not set
	Next     WorldTime         // when the display changes next, if nothing happens before
	Step     int64             // RFC 6238's T by the token's clock; 0 before provisioning
	Left     time.Duration     // time until the step ends, by the token's clock
	StepEnds WorldTime         // the same, by the world's clock; Forever before provisioning
	CodeLen  int               // number of digits of a code; 0 before provisioning
	Celsius  Celsius           // the ambient temperature
	PPM      PPM               // the crystal's frequency error at this instant
	Battery  float64           // remaining share of the battery's capacity, 0 to 1
	Voltage  int               // of the battery under the present load, in millivolts
	Presses  uint32
	Faults   TokenFaults
}

// Display reads the token.
func (t *Token) Display() (r Reading) {
	t.Look(func(now Reading) { r = now })
	return r
}

// Look reads the token and calls f with the reading while the token cannot change. f
// must not call the token's methods.
func (t *Token) Look(f func(Reading)) {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	f(t.readLocked())
}

// readLocked reads the token at t.at.
func (t *Token) readLocked() Reading {
	paint := t.stepLocked() // updates the LCD
	local, valid := t.crystal.Now(t.at)
	mv := t.battery.Voltage(t.at)
	t.lcd.Settle(t.at, t.crystal.Temp)
	view := t.lcd.View(mv, t.crystal.Temp)
	r := Reading{
		Text:     string(view.Frame().AppendText(nil, t.model.Digits)),
		View:     view,
		State:    t.stateLocked(),
		Serial:   t.core.Serial(),
		Expiry:   t.core.Expiry(),
		Powered:  t.powered,
		World:    t.at,
		Clock:    local,
		ClockSet: valid,
		Celsius:  t.crystal.Temp,
		PPM:      t.crystal.Error(t.at),
		Battery:  t.battery.Remaining(t.at),
		Voltage:  int(mv),
		Presses:  t.core.Presses(),
		Faults:   t.faultsLocked(),
	}
	if valid {
		r.Error = milliseconds(int64(local - t.at.Milli()))
	}
	r.StepEnds = Forever
	if p := t.core.Profile(); p.Step > 0 {
		r.CodeLen = int(p.Digits)
		r.Step = p.StepAtMilli(local)
		r.Left = milliseconds(int64(p.StepStart(r.Step+1).Milli() - local))
		r.StepEnds = t.worldAtLocked(p.StepStart(r.Step + 1).Milli())
	}
	r.Next = min(t.worldAtLocked(paint), t.nextLocked())
	return r
}

// milliseconds returns ms as a duration, limited to the longest whole milliseconds.
func milliseconds(ms int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(max(-most, min(ms, most))) * time.Millisecond
}
