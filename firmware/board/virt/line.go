// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"runtime/volatile"
	"unsafe"
)

// The 16550 serial line. QEMU has no baud rate: bytes travel as fast as the host reads
// them.
const uartBase = uintptr(0x10000000)

// Its registers, by offset, and their bits.
const (
	uartData   = 0
	uartIER    = 1 // interrupts
	uartFCR    = 2 // FIFO control
	uartMCR    = 4 // modem control
	uartStatus = 5

	ierReceived = 1 << 0
	fcrEnable   = 1<<0 | 1<<1 | 1<<2 // enable and clear both FIFOs
	mcrLoop     = 1 << 4
	lsrReady    = 1 << 0 // a byte has arrived
	lsrEmpty    = 1 << 5 // there is room to send
)

func uartRegister(offset uintptr) *volatile.Register8 {
	return (*volatile.Register8)(unsafe.Pointer(uartBase + offset))
}

// line implements firmware.Line.
type line struct{}

func (line) start() {
	uartRegister(uartFCR).Set(fcrEnable)
	uartRegister(uartIER).Set(ierReceived) // wakes the processor, see sleep
}

func (line) Read(p []byte) int {
	if memory.rig.deaf() {
		return 0
	}
	n := 0
	for n < len(p) && uartRegister(uartStatus).Get()&lsrReady != 0 {
		p[n] = uartRegister(uartData).Get()
		n++
	}
	return n
}

func (line) Write(p []byte) int {
	n := 0
	for n < len(p) && uartRegister(uartStatus).Get()&lsrEmpty != 0 {
		uartRegister(uartData).Set(p[n])
		n++
	}
	return n
}

func (line) Uptime() int64 { return uptime() }
