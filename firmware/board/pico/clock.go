// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"device/arm"
	"machine"
	"runtime/interrupt"
	"runtime/volatile"
	"unsafe"

	"github.com/d204ef64/fob/firmware/board/internal/debounce"
	"github.com/d204ef64/fob/token"
)

// timer counts microseconds of the crystal from power-on (RP2040 data sheet,
// 4.6.5): TIMERAWH and TIMERAWL. It goes on while interrupts are disabled.
var timer = (*[2]volatile.Register32)(unsafe.Pointer(uintptr(0x40054024)))

func micros() uint64 {
	for {
		high := timer[0].Get()
		low := timer[1].Get()
		if timer[0].Get() == high {
			return uint64(high)<<32 | uint64(low)
		}
	}
}

// uptime is in milliseconds.
func uptime() int64 { return int64(micros() / 1000) }

// clock implements firmware.Clock: the timer and an offset. Nothing of it
// outlives the power.
type clock struct {
	offset int64 // milliseconds
	set    bool
}

func (c *clock) Now() (token.UnixMilli, bool) { return token.UnixMilli(uptime() + c.offset), c.set }

func (c *clock) Uptime() int64 { return uptime() }

func (c *clock) Set(t token.UnixMilli) { c.offset, c.set = int64(t)-uptime(), true }

// tick comes once a millisecond: it ends sleep, and samples the button, which so
// notices a click while the core decrypts. While flash is erased it does not
// come, 45 ms usually.
//
//export SysTick_Handler
func tick() {
	b := &memory.button
	b.contact.Sample(!pushButton.Get() || uptime() < b.heldUntil)
}

// sleep stops the processor until the next tick or interrupt. An interrupt that
// was handled just before waits for the tick.
func sleep() { arm.Asm("wfi") }

// pushButton connects the pin to ground.
const pushButton = machine.GP15

// button implements firmware.Button.
type button struct {
	contact   debounce.Button
	heldUntil int64 // uptime until which the rig holds it
}

func (b *button) start() { pushButton.Configure(machine.PinConfig{Mode: machine.PinInputPullup}) }

// click is what the rig's finger does, and hold, for a time.
func (b *button) click() {
	state := interrupt.Disable()
	b.contact.Click()
	interrupt.Restore(state)
}

func (b *button) hold(ms int64) {
	state := interrupt.Disable()
	b.heldUntil = uptime() + ms
	interrupt.Restore(state)
}

func (b *button) Down() bool {
	state := interrupt.Disable()
	down := b.contact.Down()
	interrupt.Restore(state)
	return down
}

func (b *button) changed() bool {
	state := interrupt.Disable()
	changed := b.contact.Changed()
	interrupt.Restore(state)
	return changed
}
