// SPDX-License-Identifier: Apache-2.0

package hwtest

import (
	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/token"
)

// slack is the tolerance of clocks after a wait, in milliseconds. It covers the time of
// the calls themselves, and pauses of an emulated board on a busy machine. The errors
// to be found are a second or more.
const slack = 400

// quick is the maximum duration of a call that must not wait, in milliseconds.
const quick = 50

// Clock checks a [firmware.Clock]. fresh means that the clock has not been set since it
// last lost power. If wait is nil, the checks that need time are skipped. Afterwards
// the clock is set to a time in 2027.
func Clock(c firmware.Clock, fresh bool, wait Wait, report Report) {
	t, valid := c.Now()
	if fresh {
		report("Now is not valid before Set", !valid)
		report("a clock that has not been set counts from zero", t >= 0)
		runs(c, wait, report, "a clock that has not been set counts up")
	}
	for _, to := range [...]token.UnixMilli{
		0, 999, 1_111_111_109_000,
		(1<<31 + 5) * 1000, // beyond 2038
		253402300799_000,   // 9999-12-31
		1_800_000_000_123,  // and back
	} {
		c.Set(to)
		t, valid = c.Now()
		report("Now is valid after Set", valid)
		report("Now continues from the set time, to the millisecond", t >= to && t <= to+slack)
	}
	runs(c, wait, report, "the clock runs")
	_, valid = c.Now()
	report("a running clock stays valid", valid)
	uptime("Clock.Uptime", c.Uptime, wait, report)
	before := c.Uptime()
	c.Set(1_900_000_000_000)
	c.Set(1_800_000_000_000)
	passed := c.Uptime() - before
	report("Set does not move Clock.Uptime", passed >= 0 && passed <= slack)
}

// uptime checks a monotonic counter of milliseconds with the given name.
func uptime(name string, count func() int64, wait Wait, report Report) {
	last, monotonic := count(), true
	for range 100 {
		now := count()
		monotonic = monotonic && now >= last
		last = now
	}
	report(name+" is monotonic", monotonic)
	if wait == nil {
		return
	}
	before := count()
	wait(1000)
	passed := count() - before
	report(name+" is in milliseconds", passed >= 1000-slack && passed <= 1000+slack)
}

// runs checks that a clock moves forward at one second per second.
func runs(c firmware.Clock, wait Wait, report Report, sentence string) {
	last, _ := c.Now()
	monotonic := true
	for range 100 {
		t, _ := c.Now()
		monotonic = monotonic && t >= last
		last = t
	}
	report("Now does not run backwards", monotonic)
	if wait == nil {
		return
	}
	before, _ := c.Now()
	wait(1000)
	after, _ := c.Now()
	report(sentence, after-before >= 1000-slack && after-before <= 1000+slack)
}

// Supply checks a [firmware.Supply] whose voltage is sufficient for the firmware to
// run.
func Supply(s firmware.Supply, report Report) {
	v := s.Voltage()
	report("Voltage is in millivolts, between 1,500 and 6,000", v >= 1500 && v <= 6000)
	steady := true
	for range 10 {
		d := s.Voltage() - v
		steady = steady && d > -300 && d < 300
	}
	report("Voltage does not jump between two calls", steady)
}

// Identity checks a [firmware.Identity].
func Identity(id firmware.Identity, report Report) {
	report("HardwareID is not zero", id.HardwareID() != [8]byte{})
	first := id.HardwareID()
	report("HardwareID is constant", id.HardwareID() == first)
	model := id.Model()
	printable := len(model) > 0
	for i := range len(model) {
		printable = printable && model[i] > ' ' && model[i] <= '~'
	}
	report("Model is printable ASCII", printable)
	report("Model has at most 24 bytes", len(model) <= 24)
	report("Model is constant", model == id.Model())
	key(id.StaticKey, "StaticKey", report)
	key(id.StationKey, "StationKey", report)
	if a, b := id.StaticKey(), id.StationKey(); a != nil && b != nil {
		report("StaticKey is not StationKey", *a != *b)
	}
}

func key(get func() *[32]byte, name string, report Report) {
	k := get()
	report(name+" is not nil", k != nil)
	if k == nil {
		return
	}
	report(name+" is not zero", *k != [32]byte{})
	again := get()
	report(name+" is constant", again != nil && *again == *k)
}
