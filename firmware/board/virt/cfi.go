// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"encoding/binary"
	"errors"
	"runtime/volatile"
	"unsafe"

	"github.com/d204ef64/fob/firmware"
)

// The second pflash bank of the board consists of two 16-bit chips side by side: 32 MiB
// in blocks of 256 KiB, with the Intel command set (CFI vendor 1). QEMU stores its
// contents in the file of the drive.
const (
	pflash    = 0x22000000
	blockSize = 256 << 10

	// Erasing always covers a whole block, but only its start is used, because the
	// firmware reads all of its memory when it boots.
	usedSize = 4096
)

// The use of the blocks.
const (
	blockFactory = 0 // and 1: the two records of package factory
	blockClock   = 2 // and 3: see clockLog
	blockStore   = 4 // and following: the firmware's log
	storePages   = 4
)

// Commands, sent to both chips at once.
const (
	cfiProgram     = 0x00400040
	cfiErase       = 0x00200020
	cfiConfirm     = 0x00d000d0
	cfiClearStatus = 0x00500050
	cfiReadArray   = 0x00ff00ff
	cfiReady       = 0x00800080
	cfiFailed      = 0x00300030 // programming or erasing failed
)

var (
	errOutside = errors.New("outside the flash")
	errProgram = errors.New("the flash reports a failure")
)

func flashWord(block, off int) *volatile.Register32 {
	return (*volatile.Register32)(unsafe.Pointer(uintptr(pflash + block*blockSize + off)))
}

// flashRead fills p from any offset.
func flashRead(block, off int, p []byte) {
	for i := range p {
		p[i] = volatile.LoadUint8((*uint8)(unsafe.Pointer(uintptr(pflash + block*blockSize + off + i))))
	}
}

// merged is the buffer of flashProgram, which is too large for the stack.
var merged [firmware.SlotSize]byte

// flashProgram clears bits, word by word. off and len(p) are multiples of 4, and p is
// at most a slot. A real chip can only clear bits, but QEMU's also sets them.
// flashProgram therefore writes p combined with the current contents.
func flashProgram(block, off int, p []byte) error {
	now := merged[:len(p)]
	flashRead(block, off, now)
	var failed uint32
	for i := 0; i+4 <= len(p) && failed == 0; i += 4 {
		w := flashWord(block, off+i)
		w.Set(cfiProgram)
		w.Set(binary.LittleEndian.Uint32(p[i:]) & binary.LittleEndian.Uint32(now[i:]))
		failed |= flashStatus(w, slowest)
	}
	clear(now)
	return flashDone(block, failed)
}

// flashErase sets a block to 0xFF.
func flashErase(block int) error {
	w := flashWord(block, 0)
	w.Set(cfiErase)
	w.Set(cfiConfirm)
	return flashDone(block, flashStatus(w, slowest))
}

// slowest is the time in milliseconds that a chip may take. The longest time in the
// data sheets of this family is 4 s for erasing a block (Intel StrataFlash J3). The
// board has no watchdog, so a chip that does not become ready in time counts as failed.
const slowest = 5000

// flashStatus waits for the chips and returns their status. If they are not ready after
// limit milliseconds, it returns a failure.
func flashStatus(w *volatile.Register32, limit uint64) uint32 {
	for end := uint64(0); ; {
		late := end > 0 && ticks() >= end // checked before the status: a pause of the whole machine does not count against the chips
		if s := w.Get(); s&cfiReady == cfiReady {
			return s & cfiFailed
		}
		switch {
		case late:
			return cfiFailed
		case end == 0:
			end = ticks() + limit*ticksPerMilli
		}
	}
}

// flashDone returns the chips to read mode.
func flashDone(block int, failed uint32) error {
	w := flashWord(block, 0)
	if failed != 0 {
		w.Set(cfiClearStatus)
	}
	w.Set(cfiReadArray)
	if failed != 0 {
		return errProgram
	}
	return nil
}
