// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import "machine"

// The watchdog of the RP2040 restarts the chip if it is not fed for 8 s (it can
// wait for 8.3 s at most). Only the polled loop feeds it, each time round in rest,
// never an interrupt: an interrupt would go on when the loop hangs. Between two
// feeds lies at most one step of the core. The slowest one wipes a token, which
// erases each of its six pages, at 400 ms at most, and writes a few slots.
//
// A restart boots the token from its record in flash, which is whole at any time,
// as after a power cut. The clock counts from the same restart, and is lost.
const watchdogMillis = 8000

// guard starts the watchdog: nothing stops it after that.
func guard() {
	_ = machine.Watchdog.Configure(machine.WatchdogConfig{TimeoutMillis: watchdogMillis})
	_ = machine.Watchdog.Start()
}

func feed() { machine.Watchdog.Update() }
