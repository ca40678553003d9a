// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && hwtest

package main

import (
	"runtime/volatile"

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
	chips(report)

	uartRegister(uartMCR).Set(mcrLoop) // what is sent comes back
	hwtest.Line(hw.Line, wait, true, report)
	uartRegister(uartMCR).Set(0)
	println("hwtest:", checked, "checked,", broken, "broken")
}

// never stands for chips that answer nothing but a status.
var never volatile.Register32

// chips checks that a flash that hangs is one that fails.
func chips(report func(string, bool)) {
	start := uptime()
	never.Set(0x00800000) // one of the two is ready
	report("chips that are never ready have failed", flashStatus(&never, 50) == cfiFailed)
	report("and get the time that they may take", uptime()-start >= 50)
	never.Set(cfiReady)
	report("chips that are ready have not failed", flashStatus(&never, 50) == 0)
	never.Set(cfiReady | 0x00200000)
	report("one of the two has failed", flashStatus(&never, 50) == 0x00200000)
}

// wait sleeps, so that what wakes the board is tested as well.
func wait(ms int64) {
	for end := uptime() + ms; uptime() < end; {
		sleep(end - uptime())
	}
}
