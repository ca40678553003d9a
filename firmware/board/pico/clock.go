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

// timer counts microseconds of the crystal from power-on (RP2040 data sheet, 4.6.5):
// TIMERAWH and TIMERAWL. It keeps counting while interrupts are disabled.
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

// uptime returns the time since power-on in milliseconds.
func uptime() int64 { return int64(micros() / 1000) }

// clock implements firmware.Clock as an offset from the timer. It loses the time when
// power is lost.
type clock struct {
	offset int64 // milliseconds
	set    bool
}

func (c *clock) Now() (token.UnixMilli, bool) { return token.UnixMilli(uptime() + c.offset), c.set }

func (c *clock) Uptime() int64 { return uptime() }

func (c *clock) Set(t token.UnixMilli) { c.offset, c.set = int64(t)-uptime(), true }

// tick runs once a millisecond. It ends sleep, and it samples the button, so a click is
// noticed while the core decrypts. It does not run while flash is being erased, which
// usually takes 45 ms.
//
//export SysTick_Handler
func tick() {
	b := &memory.button
	b.contact.Sample(!pushButton.Get() || uptime() < b.heldUntil)
}

// sleep stops the processor until the next tick or interrupt. If an interrupt was
// handled just before the call, sleep lasts until the next tick.
func sleep() { arm.Asm("wfi") }

// pushButton connects the pin to ground.
const pushButton = machine.GP15

// button implements firmware.Button.
type button struct {
	contact   debounce.Button
	heldUntil int64 // uptime until which the rig keeps the button down
}

func (b *button) start() { pushButton.Configure(machine.PinConfig{Mode: machine.PinInputPullup}) }

// click simulates a short click for the rig. hold keeps the button down for ms
// milliseconds.
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
