// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !cost

// Command smoke checks that the firmware runs on a microcontroller. It runs the core on
// hardware that exists in memory only, and prints "smoke ok 360094" or an error. See
// tools/tinygo/README.md for how to run it under QEMU.
package main

import (
	"runtime"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// The time is from RFC 6238, appendix B. With the seed from there and a step of 60 s,
// the eight-digit code is 19360094 (token/testdata/x60.json). A six-digit code is its
// last six digits.
const (
	at   = token.UnixMilli(1111111109_000)
	code = "360094"
)

// Large variables are not on the stack, which is small.
var (
	memory ram
	hw     firmware.Hardware
	core   firmware.Core
	link   serialproto.Server
	host   struct {
		out serialproto.Framer
		in  serialproto.Deframer
	}
	stats runtime.MemStats
)

func main() {
	if failed := run(); failed != "" {
		println("smoke failed:", failed)
		return
	}
	println("smoke ok", code)
}

// run returns a description of the first failure, or "".
func run() string {
	memory.id = [8]byte{'s', 'm', 'o', 'k', 'e'}
	hw = memory.hardware()
	core.Attach(&link)
	if core.Boot(&hw) != nil {
		return "boot failed"
	}
	if memory.frame != (firmware.Frame{}) {
		return "a blank token is not dark"
	}
	if !program() {
		return "programming failed"
	}
	press()
	if shown() != code {
		return "wrong code"
	}
	if memory.frame.Bars != 4 { // second 29 of the minute
		return "wrong bars"
	}
	if !echo() {
		return "no answer"
	}
	if !noise() {
		return "provisioning message not opened"
	}
	if core.Boot(&hw) != nil || core.State() != serialproto.StateLocked {
		return "state lost after restart"
	}
	if !stepsWithoutAllocation() {
		return "a step allocates memory"
	}
	return ""
}

// press clicks the button.
func press() {
	memory.clicked = true
	core.Step(&hw)
}

// program provisions a locked token that shows its code after a press.
func program() bool {
	serial, err := token.ParseSerial("SMOKE-1")
	if err != nil {
		return false
	}
	p := serialproto.Payload{
		Seed: []byte(seed),
		Profile: token.Profile{
			Step: token.DefaultStep, Digits: 6,
			Behaviour: token.Behaviour{Button: true, UntilStepEnd: true, ShowSeconds: 60, Bars: 6, ClockLossErases: true},
		},
		Clock: at,
	}
	return core.Program(&hw, serial, &p, true) == nil
}

// shown returns the text on the display.
func shown() string {
	var text [8]byte
	return string(memory.frame.AppendText(text[:0], 6))
}

// echo sends a request over the line and waits for its answer.
func echo() bool {
	const text = "echo request text"
	if sendEcho(text); memory.outN == 0 {
		return false
	}
	for _, b := range memory.out[:memory.outN] {
		message := host.in.Feed(b, 0)
		if message == nil {
			continue
		}
		h, ok := serialproto.ParseHeader(message)
		if !ok || h.Op != serialproto.OpWriteResponse || h.Command != serialproto.CmdOSEcho {
			return false
		}
		d := serialproto.NewDecoder(message[serialproto.HeaderSize:])
		pairs := d.Map()
		return d.Next(&pairs) && string(d.TextBytes()) == "r" && string(d.TextBytes()) == text
	}
	return false
}

// sendEcho sends an echo request and runs one step of the core.
func sendEcho(text string) {
	message := host.out.Message()
	body := serialproto.Encoder{Buf: message[serialproto.HeaderSize:serialproto.HeaderSize:cap(message)]}
	body.Map(1)
	body.Text("d")
	body.Text(text)
	serialproto.Header{
		Op: serialproto.OpWrite, Group: serialproto.GroupOS, Command: serialproto.CmdOSEcho,
		Version: serialproto.Version2, Length: uint16(len(body.Buf)),
	}.Append(message)
	host.out.Seal(serialproto.HeaderSize + len(body.Buf))
	memory.inN, memory.outN = len(host.out.AppendLine(memory.in[:0])), 0
	core.Step(&hw)
}

// stepsWithoutAllocation reports whether a thousand steps allocate no memory. They cover
// a press that is counted in flash, a change of the display, the end of a time step, and
// idle steps.
func stepsWithoutAllocation() bool {
	runtime.ReadMemStats(&stats)
	before := stats.Mallocs
	for i := range 1000 {
		memory.now += 500
		switch i % 4 {
		case 0:
			memory.clicked = true
		case 2:
			memory.now += 60_000
		}
		core.Step(&hw)
	}
	runtime.ReadMemStats(&stats)
	if stats.Mallocs != before {
		println(stats.Mallocs-before, "allocations")
	}
	return stats.Mallocs == before && core.Presses() > 200
}
