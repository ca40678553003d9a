// SPDX-License-Identifier: Apache-2.0

package hwtest_test

import (
	"bytes"
	"errors"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/token"
)

// board is hardware without faults, except for the one named by fault.
type board struct {
	fault string

	flash   [2][512]byte
	now     int64 // milliseconds since power-on, for all counters
	offset  int64 // of the clock, relative to now
	skewed  int64 // sum of all skews by the rig
	set     bool
	frame   firmware.Frame
	clicked bool
	down    bool
	upAt    int64 // when the rig releases the button
	mv      firmware.Millivolts
	line    []byte
	calls   int
}

// newBoard returns hardware in its state after power-on.
func newBoard(fault string) *board {
	b := &board{fault: fault, now: 5, offset: -5, mv: 3000}
	for i := range b.flash {
		copy(b.flash[i][:], bytes.Repeat([]byte{0xFF}, 512))
	}
	return b
}

func (b *board) is(fault string) bool { return b.fault == fault }

func (b *board) wait(ms int64) { b.now += ms }

type (
	bClock    board
	bFlash    board
	bLCD      board
	bButton   board
	bLine     board
	bSupply   board
	bIdentity board
	bRig      board
)

func (b *bClock) Now() (token.UnixMilli, bool) {
	b.calls++
	f := (*board)(b)
	t := b.now + b.offset
	if f.is("clock runs backwards") {
		t -= int64(b.calls)
	}
	if f.is("clock stopped") {
		t = b.offset
	}
	if f.is("clock in seconds") {
		t = t / 1000 * 1000
	}
	return token.UnixMilli(t), b.set || f.is("clock valid too early")
}

func (b *bClock) Set(t token.UnixMilli) {
	f := (*board)(b)
	if f.is("clock overflows in 2038") {
		t = token.UnixMilli(int64(int32(t/1000)) * 1000)
	}
	b.offset, b.set = int64(t)-b.now, !f.is("clock never valid")
}

func (b *bClock) Uptime() int64 {
	b.calls++
	switch b.fault {
	case "clock uptime runs backwards":
		return b.now - int64(b.calls)
	case "clock uptime in seconds":
		return b.now / 1000
	case "clock uptime is the clock":
		return b.now + b.offset
	case "clock uptime is skewed":
		return b.now + b.skewed
	}
	return b.now
}

var errRange = errors.New("outside")

func (b *bFlash) Geometry() (int, int) {
	switch b.fault {
	case "flash of one page":
		return 1, 512
	case "flash with half slots":
		return 2, 384
	}
	return len(b.flash), len(b.flash[0])
}

func (b *bFlash) check(page, off, n int) error {
	if page < 0 || page >= len(b.flash) || off < 0 || off+n > len(b.flash[0]) {
		return errRange
	}
	return nil
}

func (b *bFlash) Read(page, off int, p []byte) error {
	f := (*board)(b)
	if err := b.check(page, off, len(p)); err != nil {
		if f.is("flash reads out of range") {
			return nil
		}
		return err
	}
	if f.is("flash reads in words") {
		off &^= 3
	}
	copy(p, b.flash[page][off:])
	return nil
}

func (b *bFlash) Program(page, off int, p []byte) error {
	f := (*board)(b)
	if err := b.check(page, off, len(p)); err != nil {
		if f.is("flash writes out of range") {
			b.flash[0][0] = 0
			return nil
		}
		return err
	}
	if f.is("flash rejects a second write") && !bytes.Equal(b.flash[page][off:off+len(p)], bytes.Repeat([]byte{0xFF}, len(p))) {
		return errRange // the contract allows it
	}
	for i, v := range p {
		cell := &b.flash[page][off+i]
		if f.is("flash sets bits") {
			*cell = v
		}
		*cell &= v
	}
	if f.is("flash programs other bytes") && off > 0 {
		b.flash[page][off-1] &= 0x7F
	}
	return nil
}

func (b *bFlash) Erase(page int) error {
	f := (*board)(b)
	if err := b.check(page, 0, 0); err != nil {
		return err
	}
	n := len(b.flash[page])
	if f.is("flash erases half a page") {
		n /= 2
	}
	for i := range n {
		b.flash[page][i] = 0xFF
		if f.is("flash erases to zero") {
			b.flash[page][i] = 0
		}
	}
	if f.is("flash erases all pages") {
		for i := range b.flash {
			copy(b.flash[i][:], bytes.Repeat([]byte{0xFF}, 512))
		}
	}
	return nil
}

func (b *bLCD) Digits() int {
	if (*board)(b).is("lcd with 7 digits") {
		return 7
	}
	return 6
}

func (b *bLCD) Show(f firmware.Frame) {
	if (*board)(b).is("lcd keeps segments") {
		for i := range f.Digits {
			f.Digits[i] |= b.frame.Digits[i]
		}
	}
	if (*board)(b).is("lcd without icons") {
		f.Icons = 0
	}
	b.frame = f
}

func (b *bButton) Down() bool {
	f := (*board)(b)
	clicked := b.clicked
	if !f.is("button stays clicked") {
		b.clicked = false
	}
	if f.is("button without latch") {
		clicked = false
	}
	held := (b.down || b.upAt > b.now) && !f.is("button reports only clicks")
	return clicked || held || f.is("button stuck")
}

func (b *bLine) Read(p []byte) int {
	f := (*board)(b)
	if f.is("line read blocks") {
		b.now += 20
	}
	if f.is("line reads no bytes") {
		return 1
	}
	n := copy(p, b.line)
	b.line = b.line[n:]
	if f.is("line reverses bytes") && n > 1 {
		p[0], p[n-1] = p[n-1], p[0]
	}
	return n
}

func (b *bLine) Write(p []byte) int {
	f := (*board)(b)
	switch {
	case f.is("line write blocks"):
		b.now += int64(len(p))
	case f.is("line accepts too much"):
		return len(p) + 1
	case f.is("line accepts little"): // the contract allows it
		p = p[:min(3, len(p))]
	}
	b.line = append(b.line, p...)
	return len(p)
}

func (b *bLine) Uptime() int64 {
	b.calls++
	switch b.fault {
	case "uptime runs backwards":
		return b.now - int64(b.calls)
	case "uptime in seconds":
		return b.now / 1000
	case "uptime is the clock":
		return b.now + b.offset
	}
	return b.now
}

func (b *bSupply) Voltage() firmware.Millivolts {
	b.calls++
	switch b.fault {
	case "supply in volts":
		return b.mv / 1000
	case "supply jumps":
		return b.mv - firmware.Millivolts(b.calls*200%1000)
	}
	return b.mv
}

func (b *bIdentity) HardwareID() [8]byte {
	b.calls++
	switch b.fault {
	case "no hardware id":
		return [8]byte{}
	case "hardware id changes":
		return [8]byte{byte(b.calls)}
	}
	return [8]byte{1}
}

func (b *bIdentity) Model() string {
	switch b.fault {
	case "model too long":
		return "a-model-of-twenty-five-xx"
	case "model not ASCII":
		return "modèle"
	case "no model":
		return ""
	}
	return "board"
}

func (b *bIdentity) StaticKey() *[32]byte {
	b.calls++
	switch b.fault {
	case "no static key":
		return nil
	case "static key of zeros":
		return new([32]byte)
	case "static key changes":
		return &[32]byte{byte(b.calls)}
	}
	return &[32]byte{7}
}

func (b *bIdentity) StationKey() *[32]byte {
	if (*board)(b).is("same key twice") {
		return &[32]byte{7}
	}
	return &[32]byte{8}
}

func (b *bRig) Press(ms uint32) error {
	switch {
	case (*board)(b).is("rig press without effect"):
	case ms == 0:
		b.clicked = true
	case (*board)(b).is("rig press never ends"):
		b.down = true
	default:
		b.upAt = b.now + int64(ms)
	}
	return nil
}

func (b *bRig) Supply(mv firmware.Millivolts) error {
	if mv < 2000 && !(*board)(b).is("rig accepts any supply") {
		return firmware.ErrRange
	}
	if (*board)(b).is("rig supply in centivolts") {
		mv /= 10
	}
	b.mv = mv
	return nil
}

func (b *bRig) Temperature(int32) error {
	if (*board)(b).is("rig returns another error") {
		return errRange
	}
	return firmware.ErrUnsupported
}

func (b *bRig) Skew(ms int64) error {
	if (*board)(b).is("rig skews forwards only") {
		ms = max(ms, -ms)
	}
	b.offset += ms
	b.skewed += ms
	return nil
}

func (b *bRig) PowerCut(uint32) error { return firmware.ErrUnsupported }
