// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"errors"
	"machine"
	"runtime/interrupt"
	"runtime/volatile"
	"unsafe"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/firmware/board/internal/entropy"
	"github.com/d204ef64/fob/firmware/board/pico/flashmap"
)

// The program itself lies in flash. While the chip writes, 0.4 ms for a slot and
// 45 ms, rarely 400, for an erasure, nothing can be read from it: TinyGo does it
// from RAM with interrupts disabled. The timer goes on, USB makes the host wait
// (see line), a click that is shorter is lost.

var errOutside = errors.New("outside the flash")

// offset turns an address into the count of package machine, which begins behind
// the program.
func offset(address uint32) int64 { return int64(address) - int64(machine.FlashDataStart()) }

func erase(address uint32) error {
	return machine.Flash.EraseBlocks(offset(address)/flashmap.PageSize, 1)
}

// flash implements firmware.Flash.
type flash struct{}

func (flash) Geometry() (pages, pageSize int) { return flashmap.StorePages, flashmap.PageSize }

func (flash) Read(page, off int, p []byte) error {
	address, ok := flashmap.Address(page, off, len(p))
	if !ok {
		return errOutside
	}
	_, err := machine.Flash.ReadAt(p, offset(address))
	return err
}

func (flash) Program(page, off int, p []byte) error {
	address, ok := flashmap.Address(page, off, len(p))
	if !ok || off%firmware.SlotSize != 0 || len(p)%firmware.SlotSize != 0 {
		return errOutside
	}
	_, err := machine.Flash.WriteAt(p, offset(address))
	return err
}

func (flash) Erase(page int) error {
	address, ok := flashmap.Address(page, 0, 0)
	if !ok {
		return errOutside
	}
	return erase(address)
}

// records implements factory.Store.
type records struct{}

var _ factory.Store = records{}

func (records) Read(record int, p []byte) error {
	_, err := machine.Flash.ReadAt(p, offset(flashmap.Record(record)))
	return err
}

func (records) Write(record int, p []byte) error {
	var slot [firmware.SlotSize]byte // what is programmed at once
	for i := copy(slot[:], p); i < len(slot); i++ {
		slot[i] = 0xFF
	}
	if err := erase(flashmap.Record(record)); err != nil {
		return err
	}
	_, err := machine.Flash.WriteAt(slot[:], offset(flashmap.Record(record)))
	clear(slot[:])
	return err
}

// chipID asks the flash chip for its number. TinyGo does not disable interrupts
// for that, whose handlers are in the flash.
func chipID() (id [8]byte) {
	state := interrupt.Disable()
	copy(id[:], machine.DeviceID())
	interrupt.Restore(state)
	return id
}

// named reports whether the chip has a number: some copies have none.
func named(id [8]byte) bool {
	return id != [8]byte{} && id != [8]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
}

// rosc is RANDOMBIT of the ring oscillator, from which nothing is clocked here.
var rosc = (*volatile.Register32)(unsafe.Pointer(uintptr(0x4006001c)))

// random fills p from the ring oscillator, the only source of the RP2040. It is
// WEAK: the data sheet (2.17.5) says that its bits do not meet the requirements
// of a security system, and TinyGo leaves it out of crypto/rand for that. Here
// many of them, 10 µs apart, are whitened with SHA-256, which hides a weakness
// and does not mend it. The key that is made so, on the first boot, is good for
// tests and for nothing that matters.
func random(p []byte) bool {
	id := chipID()
	return entropy.Fill(p, id[:], roscBit)
}

func roscBit() uint8 {
	for end := micros() + 10; micros() < end; {
	}
	return uint8(rosc.Get())
}
