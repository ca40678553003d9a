// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !hwtest

// Command pico is the token firmware for a Raspberry Pi Pico with USB serial, an OLED
// and a button. It is for tests and is not a secure token: anyone with access to a Pico
// can read its flash, and its random numbers are weak. Its clock runs only while the
// board has power, so unplugging the board has the effect of removing the battery. With
// the tag rig, the rig group of the protocol can press the button and skew the clock.
// With the tag hwtest, the program tests this hardware instead; see hwtest.go.
//
// Build it with tools/tinygo/pico.json, which has no scheduler. TinyGo's own target
// also runs the second core from flash, which crashes when the first core writes to
// flash.
package main

import "github.com/d204ef64/fob/token"

func main() {
	b := &memory
	if err := b.start(); err != nil {
		b.say("fob: " + err.Error() + "\n") // and serve no requests
	}
	guard()
	core.Attach(&link)
	_ = core.Boot(&b.hw) // after an error the token is DEAD, and reports that itself
	for {
		wake := core.Step(&b.hw)
		b.rest(min(wake.State, wake.Paint))
	}
}

// rest returns when the core has work to do: the token's clock has reached until, a
// byte has arrived, or the button moved. Meanwhile it sends new frames to the display,
// one piece of about a millisecond at a time.
func (b *board) rest(until token.UnixMilli) {
	for {
		feed()
		if !b.lcd.panel.Send(uptime()) {
			sleep()
		}
		now, _ := b.clock.Now()
		// While a packet is incomplete, the core must run every millisecond.
		if now >= until || !link.Idle() || b.line.waiting() || b.button.changed() {
			return
		}
	}
}
