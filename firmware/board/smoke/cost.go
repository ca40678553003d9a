// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && cost

// With the tag cost, the program prints the cost of each request as one line: its name,
// the number of instructions until the response is complete, the pages erased, and the
// slots programmed. QEMU must count instructions (-icount shift=0). TestAnswerTime of
// internal/board runs the program and checks the figures in PROTOCOL.md.
package main

import (
	"device/arm"
	"runtime/volatile"
	"unsafe"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/board/internal/selftest"
	"github.com/d204ef64/fob/serialproto"
)

// The layout of the Pico's flash, the largest of our boards.
const (
	flashPages    = 6
	flashPageSize = 4096
	lineSize      = 400 // bytes of a request or a response
)

var (
	memory ram
	hw     firmware.Hardware
	core   firmware.Core
	link   serialproto.Server
	out    serialproto.Framer
	in     serialproto.Deframer
	body   serialproto.Encoder
	room   [256]byte
)

func main() {
	unhex(memory.static[:], noiseDevice)
	unhex(memory.station[:], noiseStation)
	memory.id = noiseHardware
	hw = memory.hardware()
	hw.RAM, hw.Image, hw.Noise = (*selftest.Cells)(&memory.scratch), selftest.Image(), new(coin)
	if hw.Image == nil {
		println("the image has no checksum")
		return
	}
	if now, built := hw.Image.Sums(); now != built {
		println("the checksum of the image is wrong")
		return
	}
	core.Attach(&link)
	calibrate()
	measure("boot", func() { _ = core.Boot(&hw) })

	text := make([]byte, 100)
	for i := range text {
		text[i] = 'x'
	}
	ask("echo", serialproto.OpWrite, serialproto.GroupOS, serialproto.CmdOSEcho, func(e *serialproto.Encoder) {
		e.Map(1)
		e.Text("d")
		e.TextBytes(text)
	})
	ask("parameters", serialproto.OpRead, serialproto.GroupOS, serialproto.CmdOSParams, nothing)
	ask("groups", serialproto.OpRead, serialproto.GroupEnum, serialproto.CmdEnumDetails, nothing)
	ask("info", serialproto.OpRead, serialproto.GroupToken, serialproto.CmdTokenInfo, nothing)
	ask("set-clock", serialproto.OpWrite, serialproto.GroupToken, serialproto.CmdTokenClock, func(e *serialproto.Encoder) {
		e.Map(1)
		e.Text("ms")
		e.Int(1767323045678)
	})
	ask("clock", serialproto.OpRead, serialproto.GroupToken, serialproto.CmdTokenClock, nothing)
	ask("datetime", serialproto.OpRead, serialproto.GroupOS, serialproto.CmdOSDatetime, nothing)
	ask("uptime", serialproto.OpRead, serialproto.GroupToken, serialproto.CmdTokenSelfTest, nothing)
	ask("prov-begin", serialproto.OpRead, serialproto.GroupToken, serialproto.CmdTokenProvBegin, nothing)
	for _, name := range [...]string{"prov-commit", "prov-commit-again"} {
		ask(name, serialproto.OpWrite, serialproto.GroupToken, serialproto.CmdTokenProvCommit, func(e *serialproto.Encoder) {
			var message [len(noiseMessage) / 2]byte
			unhex(message[:], noiseMessage)
			e.Map(3)
			e.Text("sn")
			e.Text(noiseSerial)
			e.Text("ctr")
			e.Uint(0)
			e.Text("msg")
			e.Bytes(message[:])
		})
	}
	ask("display", serialproto.OpRead, serialproto.GroupToken, serialproto.CmdTokenDisplay, nothing)
	ask("self-test", serialproto.OpWrite, serialproto.GroupToken, serialproto.CmdTokenSelfTest, nothing)
	ask("lock", serialproto.OpWrite, serialproto.GroupToken, serialproto.CmdTokenLock, nothing)
	ask("wipe", serialproto.OpWrite, serialproto.GroupToken, serialproto.CmdTokenWipe, func(e *serialproto.Encoder) {
		e.Map(1)
		e.Text("sn")
		e.Text(noiseSerial)
	})
	ask("reset", serialproto.OpWrite, serialproto.GroupOS, serialproto.CmdOSReset, nothing)
	println("end")
}

func nothing(e *serialproto.Encoder) { e.Map(0) }

// ask measures a request and prints whether it was rejected.
func ask(name string, op serialproto.Op, group serialproto.Group, command uint8, encode func(*serialproto.Encoder)) {
	body.Buf = room[:0]
	encode(&body)
	message := out.Message()
	serialproto.Header{
		Op: op, Group: group, Command: command, Version: serialproto.Version2, Length: uint16(len(body.Buf)),
	}.Append(message)
	copy(message[serialproto.HeaderSize:cap(message)], body.Buf)
	out.Seal(serialproto.HeaderSize + len(body.Buf))
	memory.inN, memory.outN = 0, 0
	for n := -1; n != memory.inN; {
		n = memory.inN
		memory.inN = len(out.AppendLine(memory.in[:n]))
	}
	measure(name, func() { core.Step(&hw) })
	for _, b := range memory.out[:memory.outN] {
		if answer := in.Feed(b, 0); answer != nil {
			d := serialproto.NewDecoder(answer[serialproto.HeaderSize:])
			pairs := d.Map()
			if d.Next(&pairs) {
				if key := string(d.TextBytes()); key == "rc" || key == "err" {
					println(name, "rejected")
				}
			}
			return
		}
	}
	println(name, "no answer")
}

// timer is the SysTick timer, which counts down in 24 bits.
var timer = (*[3]volatile.Register32)(unsafe.Pointer(uintptr(0xE000E010))) // control, reload, value

// ran returns the number of timer counts while f runs.
func ran(f func()) uint32 {
	timer[1].Set(1<<24 - 1)
	timer[2].Set(0)
	timer[0].Set(1<<2 | 1<<0) // enabled, on the processor clock
	before := timer[2].Get()
	f()
	return (before - timer[2].Get()) & (1<<24 - 1)
}

// known is the length of a calibration loop in instructions. perKnown is the number of
// timer counts that it takes.
const known = 2_000_000

var perKnown uint32

// calibrate measures how many instructions make a timer count.
func calibrate() {
	perKnown = ran(func() {
		arm.AsmFull("1: subs {n}, #1\nbne 1b", map[string]interface{}{"n": uint32(known / 2)})
	})
}

func measure(name string, f func()) {
	memory.erased, memory.written = 0, 0
	counts := ran(f)
	println(name, uint64(counts)*known/uint64(perKnown), memory.erased, memory.written)
}

// coin implements firmware.Noise with a shift register.
type coin uint32

func (c *coin) Bit() (b uint8, ok bool) {
	if *c == 0 {
		*c = 1
	}
	*c = *c>>1 ^ -(*c&1)&0xA3000000
	return uint8(*c & 1), true
}
