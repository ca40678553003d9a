// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && hwtest

package main

import (
	"runtime/volatile"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/hwtest"
)

const longest = 60_000

// main runs the contracts of package hwtest against this hardware, and prints the
// violated sentences and the counts. It requires a flash without clock entries, and does
// not leave a token behind.
func main() {
	b := &memory
	if err := b.start(); err != nil {
		println("fob:", err.Error())
		finisher.Set(1<<16 | finishFail)
	}
	hw := &b.hw
	checked, violated := 0, 0
	report := func(sentence string, ok bool) {
		checked++
		if !ok {
			violated++
			println("violated:", sentence)
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

	uartRegister(uartMCR).Set(mcrLoop) // loop transmitted bytes back
	hwtest.Line(hw.Line, wait, true, report)
	uartRegister(uartMCR).Set(0)
	println("hwtest:", checked, "checked,", violated, "violated")
}

// never replaces chips that return only a status.
var never volatile.Register32

// chips checks that a flash that hangs counts as failed.
func chips(report func(string, bool)) {
	start := uptime()
	never.Set(0x00800000) // only one of the two is ready
	report("chips that are never ready count as failed", flashStatus(&never, 50) == cfiFailed)
	report("chips that are not ready are polled until the time-out", uptime()-start >= 50)
	never.Set(cfiReady)
	report("chips that are ready do not count as failed", flashStatus(&never, 50) == 0)
	never.Set(cfiReady | 0x00200000)
	report("a failure of one chip is reported", flashStatus(&never, 50) == 0x00200000)
}

// wait sleeps instead of spinning, and thus also tests the wake-up sources.
func wait(ms int64) {
	for end := uptime() + ms; uptime() < end; {
		sleep(end - uptime())
	}
}
