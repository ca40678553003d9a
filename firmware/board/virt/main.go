// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !hwtest

// Command virt is the token firmware for QEMU's RISC-V board "virt", with a 16550
// serial line, a goldfish real-time clock, pflash that is kept when the process ends,
// and entropy from virtio-rng. The board has no button or display: with the tag rig,
// the rig group of the protocol presses the button and reads the display. With the tag
// hwtest, the program tests this hardware instead; see hwtest.go.
package main

import "github.com/d204ef64/fob/token"

// longest is the longest sleep of the board in milliseconds.
const longest = 60_000

func main() {
	b := &memory
	if err := b.start(); err != nil {
		// The device cannot serve requests. It prints the reason on the line.
		println("fob:", err.Error())
		finisher.Set(1<<16 | finishFail)
	}
	core.Attach(&link)
	_ = core.Boot(&b.hw) // after an error the token is DEAD, and reports that itself
	for {
		wake := core.Step(&b.hw)
		if !link.Idle() { // a packet is incomplete: run again soon, even if no more bytes arrive
			sleep(1)
			continue
		}
		b.rig.after(b)
		sleep(min(b.until(min(wake.State, wake.Paint)), b.wake(), longest))
	}
}

// until returns the number of milliseconds until a time of the token's clock, at most
// longest. The limit also avoids an overflow: if the clock is before 1970, the
// difference to Never does not fit in 64 bits.
func (b *board) until(t token.UnixMilli) int64 {
	now, _ := b.clock.Now()
	if t > now+longest {
		return longest
	}
	return int64(t - now)
}
