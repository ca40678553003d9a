// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"device/riscv"
	"runtime/volatile"
	"unsafe"
)

// finisher is the SiFive test device, with which a program exits QEMU or restarts the
// machine.
var finisher = (*volatile.Register32)(unsafe.Pointer(uintptr(0x100000)))

const (
	finishReset = 0x7777
	finishFail  = 0x3333
)

// restart cuts the power for a moment. Memory is lost; flash and clock are kept.
func restart() {
	for {
		finisher.Set(finishReset)
	}
}

// The platform-level interrupt controller. The serial line is source 10, enabled for
// hart 0 in machine mode.
var (
	plicPriority = (*volatile.Register32)(unsafe.Pointer(uintptr(0x0c000000 + 4*uartIRQ)))
	plicEnable   = (*volatile.Register32)(unsafe.Pointer(uintptr(0x0c002000)))
	plicClaim    = (*volatile.Register32)(unsafe.Pointer(uintptr(0x0c200004)))
	mtimecmp     = (*[2]volatile.Register32)(unsafe.Pointer(uintptr(0x02004000)))
)

const (
	uartIRQ  = 10
	mieTimer = 1 << 7
	mieOuter = 1 << 11
)

// sleep stops the processor until a byte arrives, but at most for ms milliseconds.
// Interrupts end the sleep without being taken.
func sleep(ms int64) {
	if ms <= 0 {
		return
	}
	state := riscv.DisableInterrupts()
	plicPriority.Set(1)
	plicEnable.Set(1 << uartIRQ)
	wakeAt(ticks() + uint64(ms)*ticksPerMilli)
	enabled := riscv.MIE.Get()
	riscv.MIE.SetBits(mieOuter | mieTimer)
	riscv.Asm("wfi")
	riscv.MIE.Set(enabled)
	wakeAt(1<<64 - 1)
	if source := plicClaim.Get(); source != 0 {
		plicClaim.Set(source)
	}
	riscv.EnableInterrupts(state)
}

func wakeAt(tick uint64) {
	mtimecmp[1].Set(0xFFFFFFFF) // prevents an early interrupt between the two writes
	mtimecmp[0].Set(uint32(tick))
	mtimecmp[1].Set(uint32(tick >> 32))
}

// protect makes the program read-only, as real flash is, even in machine mode. A stack
// overflow then causes a fault instead of overwriting the program. The region is FLASH
// of the linker script, rounded to a naturally aligned power of two.
func protect() {
	const (
		base, size = 0x80000000, 128 << 10
		locked     = 1 << 7
		napot      = 3 << 3
		readRun    = 1<<0 | 1<<2
	)
	riscv.PMPADDR0.Set(base>>2 | (size>>3 - 1))
	riscv.PMPCFG0.Set(locked | napot | readRun)
}
