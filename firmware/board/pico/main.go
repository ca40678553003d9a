// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !hwtest

// Command pico is the token's program for a Raspberry Pi Pico: USB serial, an
// OLED and a button. It is for tests and no secure token: whoever holds a Pico
// can read its flash, and it has no good random numbers. Its clock goes on while
// there is power and no longer, so that unplugging it is taking the battery out.
// With the tag rig, the rig group of the protocol presses and skews; with the tag
// hwtest it is a program that tests this hardware, see hwtest.go.
//
// Build it with tools/tinygo/pico.json, without a scheduler: with TinyGo's own
// target the second core runs from flash as well, and crashes when the first
// one writes to it.
package main

import "github.com/d204ef64/fob/token"

func main() {
	b := &memory
	if err := b.start(); err != nil {
		b.say("fob: " + err.Error() + "\n") // and serve nobody
	}
	guard()
	core.Attach(&link)
	_ = core.Boot(&b.hw) // a token that cannot read its flash obeys nobody, and says so
	for {
		wake := core.Step(&b.hw)
		b.rest(min(wake.State, wake.Paint))
	}
}

// rest returns when the core has something to do: when the token's clock says
// until, a byte has arrived, or the button moved. Meanwhile the display gets what
// is new, a millisecond's piece at a time.
func (b *board) rest(until token.UnixMilli) {
	for {
		feed()
		if !b.lcd.panel.Send(uptime()) {
			sleep()
		}
		now, _ := b.clock.Now()
		// While a packet is under way the core looks after each millisecond.
		if now >= until || !link.Idle() || b.line.waiting() || b.button.changed() {
			return
		}
	}
}
