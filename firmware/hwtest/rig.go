// SPDX-License-Identifier: Apache-2.0

package hwtest

import (
	"errors"

	"github.com/d204ef64/fob/firmware"
)

// Rig checks a [firmware.Rig] by its effects on the rest of the hardware. The button
// must be up and the clock set. If wait is nil, the checks that need time are skipped.
// Rig does not cut the power or remove the battery.
func Rig(hw *firmware.Hardware, wait Wait, report Report) {
	r := hw.Rig
	refused := func(err error) bool { return errors.Is(err, firmware.ErrUnsupported) }
	try := func(err error, done func()) {
		report("each method of Rig succeeds or returns ErrUnsupported or ErrRange",
			err == nil || refused(err) || errors.Is(err, firmware.ErrRange))
		if err == nil {
			done()
		}
	}
	try(r.Press(0), func() {
		report("Press of 0 is a click", hw.Button.Down() && !hw.Button.Down())
	})
	if wait != nil {
		try(r.Press(500), func() {
			wait(100)
			hw.Button.Down() // a latched click does not count
			down := hw.Button.Down()
			wait(1000)
			hw.Button.Down() // the time before the release may be latched
			report("Press holds the button down for the given time", down && !hw.Button.Down())
		})
	}
	for _, ms := range [...]int64{90_000, -90_000} {
		before, _ := hw.Clock.Now()
		try(r.Skew(ms), func() {
			after, valid := hw.Clock.Now()
			moved := int64(after - before)
			report("Skew moves the clock by the given time, forwards and backwards", moved >= ms && moved <= ms+slack)
			report("Skew leaves the clock valid", valid)
		})
	}
	line, clock := hw.Line.Uptime(), hw.Clock.Uptime()
	try(r.Skew(3_600_000), func() {
		report("Skew does not move Line.Uptime", hw.Line.Uptime()-line <= slack)
		report("Skew does not move Clock.Uptime", hw.Clock.Uptime()-clock <= slack)
		_ = r.Skew(-3_600_000)
	})
	for _, mv := range [...]firmware.Millivolts{2900, 2500} {
		try(r.Supply(mv), func() {
			d := hw.Supply.Voltage() - mv
			report("Supply sets the supply voltage", d > -100 && d < 100)
		})
	}
	report("Supply rejects a voltage at which the token cannot run", r.Supply(1) != nil)
	_ = r.Supply(3000)
	try(r.Temperature(-10_000), func() {})
	try(r.Temperature(25_000), func() {})
}
