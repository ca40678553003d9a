// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"encoding/binary"
	"runtime/volatile"
	"unsafe"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/token"
)

// The goldfish real-time clock counts nanoseconds since 1970, by default the host's
// time. Reading the low word latches the high word.
var (
	rtcLow  = (*volatile.Register32)(unsafe.Pointer(uintptr(0x101000)))
	rtcHigh = (*volatile.Register32)(unsafe.Pointer(uintptr(0x101004)))
)

// rtc returns the board's time in milliseconds.
func rtc() int64 {
	low := rtcLow.Get()
	return int64(uint64(rtcHigh.Get())<<32|uint64(low)) / 1_000_000
}

// mtime is the machine timer of the ACLINT, which counts at 10 MHz from power-on.
var mtime = (*[2]volatile.Register32)(unsafe.Pointer(uintptr(0x0200bff8)))

const ticksPerMilli = 10_000

func ticks() uint64 {
	for {
		high := mtime[1].Get()
		low := mtime[0].Get()
		if mtime[1].Get() == high {
			return uint64(high)<<32 | uint64(low)
		}
	}
}

// uptime returns the time since power-on in milliseconds.
func uptime() int64 { return int64(ticks() / ticksPerMilli) }

// clock implements firmware.Clock. A token's clock keeps running while the processor
// has no power, and so does the board's. The token's time is the board's time plus an
// offset, which is kept in flash. The time is lost only when the rig removes the
// battery.
type clock struct {
	offset int64 // milliseconds
	set    bool
	log    clockLog
}

func (c *clock) Now() (token.UnixMilli, bool) {
	if !c.set {
		return token.UnixMilli(uptime()), false
	}
	return token.UnixMilli(rtc() + c.offset), true
}

func (c *clock) Uptime() int64 { return uptime() }

func (c *clock) Set(t token.UnixMilli) {
	c.offset, c.set = int64(t)-rtc(), true
	c.log.append(c)
}

// skew moves the clock.
func (c *clock) skew(ms int64) {
	c.offset += ms
	if c.set {
		c.log.append(c)
	}
}

// lose resets the clock, as removing the battery does.
func (c *clock) lose() {
	c.offset, c.set = 0, false
	c.log.append(c)
}

// clockLog keeps the offset in two blocks, used in turn. The newest valid entry counts.
// It stays until a newer one is complete, and is then overwritten with zeros. If the
// newest entry is damaged, the clock is lost, instead of returning to an older offset.
// Up to one wrong bit per entry is corrected.
type clockLog struct {
	sequence uint32
	block    int // blockClock or blockClock+1
	next     int // offset of the next entry
}

// An entry consists of sequence, set, offset and CRC-32, in little-endian order.
// Sequences begin at 1.
const entrySize = 20

// load reads the newest entry into c, and retires an older entry that a power cut left
// behind.
func (l *clockLog) load(c *clock) {
	*l = clockLog{block: blockClock + 1, next: usedSize} // the first entry goes to the start of the first block
	var e [entrySize]byte
	older := 0 // position of an entry older than the newest, as block*usedSize + offset
	for block := blockClock; block < blockClock+2; block++ {
		for off := 0; off+entrySize <= usedSize; off += entrySize {
			flashRead(block, off, e[:])
			sum := binary.LittleEndian.Uint32(e[16:])
			whole := firmware.Mend(e[:16], &sum) || firmware.CRC32(e[:16]) == sum
			sequence := binary.LittleEndian.Uint32(e[:])
			switch {
			case whole && sequence > l.sequence:
				if l.sequence > 0 {
					older = l.block*usedSize + l.next - entrySize
				}
				l.sequence, l.block, l.next = sequence, block, off+entrySize
				c.set = e[4] == 1
				c.offset = int64(binary.LittleEndian.Uint64(e[8:]))
				continue
			case whole && sequence > 0:
				older = block*usedSize + off
			}
			if block == l.block && off == l.next && !erased(e[:]) {
				l.next += entrySize // incomplete, or older
			}
		}
	}
	if older > 0 {
		retire(older/usedSize, older%usedSize)
	}
}

// retire makes an entry unreadable by clearing all its bits.
func retire(block, off int) {
	var zero [entrySize]byte
	_ = flashProgram(block, off, zero[:])
}

// append writes c's offset. If the flash fails, the clock keeps its previous state at
// the next boot.
func (l *clockLog) append(c *clock) {
	block, off, follows := l.block, l.next-entrySize, l.sequence > 0
	if l.next+entrySize > usedSize {
		l.block, l.next = blockClock+(l.block-blockClock+1)%2, 0
		_ = flashErase(l.block)
	}
	l.sequence++
	var e [entrySize]byte
	binary.LittleEndian.PutUint32(e[:], l.sequence)
	if c.set {
		e[4] = 1
	}
	binary.LittleEndian.PutUint64(e[8:], uint64(c.offset))
	binary.LittleEndian.PutUint32(e[16:], firmware.CRC32(e[:16]))
	err := flashProgram(l.block, l.next, e[:])
	l.next += entrySize
	if err == nil && follows {
		retire(block, off)
	}
}

func erased(p []byte) bool {
	for _, b := range p {
		if b != 0xFF {
			return false
		}
	}
	return true
}
