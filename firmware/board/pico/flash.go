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

// The program itself is in flash. The chip cannot be read while it writes, which takes
// 0.4 ms for a slot and usually 45 ms, rarely 400 ms, for an erasure. TinyGo therefore
// writes from code in RAM with interrupts disabled. Meanwhile the timer keeps counting
// and USB makes the host wait (see line). A click shorter than the write is lost.

var errOutside = errors.New("outside the flash")

// offset converts an address to an offset of package machine, which counts from the end
// of the program.
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
	var slot [firmware.SlotSize]byte // the unit of programming
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

// chipID reads the serial number of the flash chip. It must disable interrupts, because
// the interrupt handlers are in flash and TinyGo does not disable them.
func chipID() (id [8]byte) {
	state := interrupt.Disable()
	copy(id[:], machine.DeviceID())
	interrupt.Restore(state)
	return id
}

// named reports whether the chip has a serial number. Some clones have none.
func named(id [8]byte) bool {
	return id != [8]byte{} && id != [8]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
}

// rosc is the register RANDOMBIT of the ring oscillator, which clocks nothing here.
var rosc = (*volatile.Register32)(unsafe.Pointer(uintptr(0x4006001c)))

// random fills p from the ring oscillator, the RP2040's only source of entropy. It is
// WEAK: according to the data sheet (2.17.5), its bits do not meet the requirements of
// a security system, and for this reason TinyGo does not use it for crypto/rand. random
// takes many bits, 10 µs apart, and whitens them with SHA-256, which hides the weakness
// but does not remove it. The key that is generated from them on first boot is suitable
// for tests only.
func random(p []byte) bool {
	id := chipID()
	return entropy.Fill(p, id[:], roscBit)
}

func roscBit() uint8 {
	for end := micros() + 10; micros() < end; {
	}
	return uint8(rosc.Get())
}
