// SPDX-License-Identifier: Apache-2.0

package hwtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/hwtest"
	"github.com/d204ef64/fob/token"
)

// board is sound hardware; fault names what is wrong with it otherwise.
type board struct {
	fault string

	flash   [2][512]byte
	now     int64 // of everything that counts milliseconds
	offset  int64 // of the clock
	set     bool
	frame   firmware.Frame
	clicked bool
	down    bool
	upAt    int64 // when the rig lets go
	mv      firmware.Millivolts
	line    []byte
	calls   int
}

// newBoard returns hardware fresh from power-on.
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
	if f.is("clock stands") {
		t = b.offset
	}
	if f.is("clock in seconds") {
		t = t / 1000 * 1000
	}
	return token.UnixMilli(t), b.set || f.is("clock valid too early")
}

func (b *bClock) Set(t token.UnixMilli) {
	f := (*board)(b)
	if f.is("clock ends in 2038") {
		t = token.UnixMilli(int64(int32(t/1000)) * 1000)
	}
	b.offset, b.set = int64(t)-b.now, !f.is("clock never valid")
}

var errRange = errors.New("outside")

func (b *bFlash) Geometry() (int, int) {
	switch b.fault {
	case "flash of one page":
		return 1, 512
	case "flash of half slots":
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
		if f.is("flash reads anywhere") {
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
		if f.is("flash writes anywhere") {
			b.flash[0][0] = 0
			return nil
		}
		return err
	}
	if f.is("flash refuses a second write") && !bytes.Equal(b.flash[page][off:off+len(p)], bytes.Repeat([]byte{0xFF}, len(p))) {
		return errRange // is allowed
	}
	for i, v := range p {
		cell := &b.flash[page][off+i]
		if f.is("flash sets bits") {
			*cell = v
		}
		*cell &= v
	}
	if f.is("flash spills") && off > 0 {
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
	if f.is("flash erases half") {
		n /= 2
	}
	for i := range n {
		b.flash[page][i] = 0xFF
		if f.is("flash erases to zero") {
			b.flash[page][i] = 0
		}
	}
	if f.is("flash erases all") {
		for i := range b.flash {
			copy(b.flash[i][:], bytes.Repeat([]byte{0xFF}, 512))
		}
	}
	return nil
}

func (b *bLCD) Digits() int {
	if (*board)(b).is("lcd of 7") {
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
	held := (b.down || b.upAt > b.now) && !f.is("button knows clicks only")
	return clicked || held || f.is("button stuck")
}

func (b *bLine) Read(p []byte) int {
	f := (*board)(b)
	if f.is("line read waits") {
		b.now += 20
	}
	if f.is("line reads nothing") {
		return 1
	}
	n := copy(p, b.line)
	b.line = b.line[n:]
	if f.is("line reverses") && n > 1 {
		p[0], p[n-1] = p[n-1], p[0]
	}
	return n
}

func (b *bLine) Write(p []byte) int {
	f := (*board)(b)
	switch {
	case f.is("line write waits"):
		b.now += int64(len(p))
	case f.is("line takes too much"):
		return len(p) + 1
	case f.is("line takes little"): // is allowed
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
	case "model is long":
		return "a-model-of-twenty-five-xx"
	case "model is not ascii":
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
	if (*board)(b).is("one key for both") {
		return &[32]byte{7}
	}
	return &[32]byte{8}
}

func (b *bRig) Press(ms uint32) error {
	switch {
	case (*board)(b).is("rig presses nothing"):
	case ms == 0:
		b.clicked = true
	case (*board)(b).is("rig presses for ever"):
		b.down = true
	default:
		b.upAt = b.now + int64(ms)
	}
	return nil
}

func (b *bRig) Supply(mv firmware.Millivolts) error {
	if mv < 2000 && !(*board)(b).is("rig takes any supply") {
		return firmware.ErrRange
	}
	if (*board)(b).is("rig in centivolts") {
		mv /= 10
	}
	b.mv = mv
	return nil
}

func (b *bRig) Temperature(int32) error {
	if (*board)(b).is("rig with an error of its own") {
		return errRange
	}
	return firmware.ErrUnsupported
}

func (b *bRig) Skew(ms int64) error {
	if (*board)(b).is("rig skews forwards only") {
		ms = max(ms, -ms)
	}
	b.offset += ms
	return nil
}

func (b *bRig) PowerCut(uint32) error { return firmware.ErrUnsupported }

// failures runs everything against a board, and returns the sentences that do
// not hold.
func failures(fault string) (broken []string, checked int) {
	b := newBoard(fault)
	report := func(sentence string, ok bool) {
		checked++
		if !ok {
			broken = append(broken, sentence)
		}
	}
	hw := firmware.Hardware{
		Clock: (*bClock)(b), Flash: (*bFlash)(b), LCD: (*bLCD)(b), Button: (*bButton)(b), Line: (*bLine)(b),
		Supply: (*bSupply)(b), Identity: (*bIdentity)(b), Rig: (*bRig)(b),
	}
	hwtest.Clock(hw.Clock, true, b.wait, report)
	hwtest.Flash(hw.Flash, report)
	hwtest.LCD(hw.LCD, func() firmware.Frame { return b.frame }, report)
	hwtest.Button(hw.Button, func() { b.clicked = true }, func() { b.down = true }, func() { b.down = false }, report)
	hwtest.Line(hw.Line, b.wait, true, report)
	hwtest.Supply(hw.Supply, report)
	hwtest.Identity(hw.Identity, report)
	hwtest.Rig(&hw, b.wait, report)
	return broken, checked
}

func TestSound(t *testing.T) {
	for _, variant := range []string{"", "line takes little", "flash refuses a second write"} {
		broken, checked := failures(variant)
		require.Empty(t, broken, variant)
		require.Greater(t, checked, 100)
	}
}

// TestBroken: each fault is found, by the sentence that it breaks.
func TestBroken(t *testing.T) {
	for fault, sentence := range map[string]string{
		"clock runs backwards":         "Now does not run backwards",
		"clock stands":                 "the clock runs",
		"clock in seconds":             "Now continues from what was set, to the millisecond",
		"clock valid too early":        "while the clock has not been set, valid is false",
		"clock ends in 2038":           "Now continues from what was set, to the millisecond",
		"clock never valid":            "from Set on Now is valid",
		"flash of one page":            "Geometry returns 2 or more pages of a multiple of SlotSize",
		"flash of half slots":          "Geometry returns 2 or more pages of a multiple of SlotSize",
		"flash reads anywhere":         "Read outside the memory is an error",
		"flash reads in words":         "Read starts at any offset and fills any length",
		"flash writes anywhere":        "an operation outside the memory changes nothing",
		"flash sets bits":              "Program can only clear bits",
		"flash spills":                 "Program writes its slot and touches no other byte",
		"flash erases half":            "Erase sets every byte of its page to 0xFF and touches no other",
		"flash erases to zero":         "erased bytes read 0xFF",
		"flash erases all":             "Erase sets every byte of its page to 0xFF and touches no other",
		"lcd of 7":                     "Digits is 6 or 8",
		"lcd keeps segments":           "Show drives exactly the segments of the frame",
		"lcd without icons":            "Show drives exactly the segments of the frame",
		"button stays clicked":         "a click is read once",
		"button without latch":         "a click is latched until it is read",
		"button knows clicks only":     "a button that is held is down at each call",
		"button stuck":                 "a button at rest is not down",
		"line read waits":              "Read never waits",
		"line reads nothing":           "Read returns 0 when nothing has arrived",
		"line reverses":                "Read returns what has arrived, in order",
		"line write waits":             "Write never waits",
		"line takes too much":          "Write takes between none and all of the bytes",
		"uptime runs backwards":        "Uptime is monotonic",
		"uptime in seconds":            "Uptime is in milliseconds",
		"uptime is the clock":          "Skew does not move Uptime",
		"supply in volts":              "Voltage is in millivolts: between 1,500 and 6,000 where anything runs",
		"supply jumps":                 "Voltage does not jump between two calls",
		"no hardware id":               "HardwareID is not zero",
		"hardware id changes":          "HardwareID is constant",
		"model is long":                "Model has at most 24 bytes",
		"model is not ascii":           "Model is printable ASCII",
		"no model":                     "Model is printable ASCII",
		"no static key":                "StaticKey is there",
		"static key of zeros":          "StaticKey is not zero",
		"static key changes":           "StaticKey is constant",
		"one key for both":             "StaticKey is not StationKey",
		"rig presses nothing":          "Press of 0 is a click",
		"rig presses for ever":         "Press puts the button down for the time given",
		"rig takes any supply":         "Supply refuses a voltage at which nothing runs",
		"rig in centivolts":            "Supply sets the supply voltage",
		"rig with an error of its own": "a method of Rig succeeds, or returns ErrUnsupported or ErrRange",
		"rig skews forwards only":      "Skew moves the clock by the time given, either way",
	} {
		broken, _ := failures(fault)
		require.Contains(t, broken, sentence, fault)
	}
}

// recorder is a test that remembers what it was told.
type recorder struct{ errors []string }

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// TestTo: a Report for a test says which sentence failed.
func TestTo(t *testing.T) {
	var r recorder
	hwtest.Identity((*bIdentity)(newBoard("no hardware id")), hwtest.To(&r))
	require.Equal(t, []string{"contract broken: HardwareID is not zero"}, r.errors)
}
