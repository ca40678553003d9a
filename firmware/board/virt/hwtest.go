// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && hwtest

package main

import (
	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/hwtest"
)

const longest = 60_000

// Checks this hardware against its contracts, on itself, and prints each
// sentence that does not hold and their number. It starts on a flash without
// clock entries, and leaves one without a token.
func main() {
	b := &memory
	if err := b.start(); err != nil {
		println("fob:", err.Error())
		finisher.Set(1<<16 | finishFail)
	}
	hw := &b.hw
	checked, broken := 0, 0
	report := func(sentence string, ok bool) {
		checked++
		if !ok {
			broken++
			println("broken:", sentence)
		}
	}
	hwtest.Clock(hw.Clock, true, wait, report)
	hwtest.Flash(hw.Flash, report)
	hwtest.LCD(hw.LCD, func() firmware.Frame { return b.lcd.frame }, report)
	hwtest.Button(hw.Button,
		func() { b.button.clicked = true },
		func() { b.button.upAt = uptime() + longest },
		func() { b.button.upAt = 0 }, report)
	hwtest.Supply(hw.Supply, report)
	hwtest.Identity(hw.Identity, report)
	hwtest.Rig(hw, wait, report)

	uartRegister(uartMCR).Set(mcrLoop) // what is sent comes back
	hwtest.Line(hw.Line, wait, true, report)
	uartRegister(uartMCR).Set(0)
	println("hwtest:", checked, "checked,", broken, "broken")
}

// wait sleeps, so that what wakes the board is tested as well.
func wait(ms int64) {
	for end := uptime() + ms; uptime() < end; {
		sleep(end - uptime())
	}
}
