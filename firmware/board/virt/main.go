// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !hwtest

// Command virt is the token's program for QEMU's RISC-V board "virt": a 16550
// serial line, a goldfish real-time clock, pflash that outlives the process,
// entropy from virtio-rng. The board has neither button nor display: with the
// tag rig, the rig group of the protocol stands for hand and eye. With the tag
// hwtest it is a program that tests this hardware, see hwtest.go.
package main

import "github.com/d204ef64/fob/token"

// longest is how long the board sleeps at most, in milliseconds.
const longest = 60_000

func main() {
	b := &memory
	if err := b.start(); err != nil {
		// Nobody may be served: what is wrong goes to whoever looks at the line.
		println("fob:", err.Error())
		finisher.Set(1<<16 | finishFail)
	}
	core.Attach(&link)
	_ = core.Boot(&b.hw) // a token that cannot read its flash obeys nobody, and says so
	for {
		wake := core.Step(&b.hw)
		if !link.Idle() { // a packet is under way; soon again, if nothing more comes
			sleep(1)
			continue
		}
		b.rig.after(b)
		sleep(min(b.until(min(wake.State, wake.Paint)), b.wake(), longest))
	}
}

// until is how many milliseconds away a time of the token's clock is, and longest if
// it is further: from before 1970, the time to Never has no room in 64 bits.
func (b *board) until(t token.UnixMilli) int64 {
	now, _ := b.clock.Now()
	if t > now+longest {
		return longest
	}
	return int64(t - now)
}
