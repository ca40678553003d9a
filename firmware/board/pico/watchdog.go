// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import "machine"

// The RP2040's watchdog restarts the chip if it is not fed for 8 s (its maximum is 8.3
// s). Only the polling loop feeds it, on every pass of rest. An interrupt must not feed
// it, because interrupts keep running when the loop hangs. At most one step of the core
// lies between two feeds. The slowest step wipes a token: it erases six pages, at up to
// 400 ms each, and writes a few slots.
//
// After a restart the token boots from its record in flash, which is always complete,
// as after a power cut. The restart also resets the clock, so the time is lost.
const watchdogMillis = 8000

// guard starts the watchdog. Nothing can stop it afterwards.
func guard() {
	_ = machine.Watchdog.Configure(machine.WatchdogConfig{TimeoutMillis: watchdogMillis})
	_ = machine.Watchdog.Start()
}

func feed() { machine.Watchdog.Update() }
