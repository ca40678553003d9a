// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"fmt"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// board implements the hardware interfaces, except for Flash, with plain fields.
type board struct {
	uptime, offset int64 // milliseconds; the clock shows their sum
	clockSet       bool
	lcd            firmware.Frame
	key, station   [32]byte
}

func (b *board) Now() (token.UnixMilli, bool) {
	return token.UnixMilli(b.uptime + b.offset), b.clockSet
}
func (b *board) Set(t token.UnixMilli)        { b.offset, b.clockSet = int64(t)-b.uptime, true }
func (b *board) Uptime() int64                { return b.uptime } // for Clock and Line
func (b *board) Digits() int                  { return 6 }
func (b *board) Show(f firmware.Frame)        { b.lcd = f }
func (b *board) Down() bool                   { return false } // no button
func (b *board) Read([]byte) int              { return 0 }     // nothing is connected to the line
func (b *board) Write(p []byte) int           { return len(p) }
func (b *board) Voltage() firmware.Millivolts { return 3000 }
func (b *board) HardwareID() [8]byte          { return [8]byte{1} }
func (b *board) Model() string                { return "always-on-6" }
func (b *board) StaticKey() *[32]byte         { return &b.key }
func (b *board) StationKey() *[32]byte        { return &b.station }

// The main loop of a board runs the firmware, and sleeps until it must run again. Here
// time passes without sleeping.
func Example() {
	b := &board{key: [32]byte{1}, station: [32]byte{2}}
	hw := firmware.Hardware{
		Clock: b, Flash: virtual.NewFlash(2, 4*firmware.SlotSize, 0), LCD: b, Button: b, Line: b,
		Supply: b, Identity: b, Scratch: new([firmware.SlotSize]byte),
	}
	var core firmware.Core
	if err := core.Boot(&hw); err != nil {
		fmt.Println(err)
		return
	}

	profile, err := token.ProfileByName("always-on-6")
	if err != nil {
		fmt.Println(err)
		return
	}
	serial, err := token.ParseSerial("2600124800001")
	if err != nil {
		fmt.Println(err)
		return
	}
	// The first steps of 60 seconds have the counters 0, 1 and 2, and therefore the
	// codes of RFC 4226, appendix D.
	payload := serialproto.Payload{Seed: []byte("12345678901234567890"), Profile: profile, Clock: 1000}
	if err := core.Program(&hw, serial, &payload, true); err != nil {
		fmt.Println(err)
		return
	}

	var shown firmware.Frame
	for now, _ := b.Now(); now < 180_000; now, _ = b.Now() {
		wake := core.Step(&hw)
		if b.lcd.Digits != shown.Digits {
			fmt.Printf("%3d s: %s\n", now/1000, b.lcd.AppendText(nil, b.Digits()))
			shown = b.lcd
		}
		b.uptime += int64(min(wake.State, wake.Paint) - now)
	}
	// Output:
	//   1 s: 755224
	//  60 s: 287082
	// 120 s: 359152
}
