// SPDX-License-Identifier: Apache-2.0

// Package debounce turns the contact of a push button into presses.
package debounce

// Settle is how many samples in a row must agree before they count: contacts
// bounce for a few milliseconds, and a finger is not faster than 40.
const Settle = 8

// Button is a push button, sampled once a millisecond. The zero value is up. It
// does not lock: where Sample is called by an interrupt, the program disables
// interrupts around the other calls.
type Button struct {
	down    bool
	clicked bool // it went down, and nobody has read it
	read    bool // what Down returned last
	other   uint8
}

// Sample takes what the contact says now.
func (b *Button) Sample(down bool) {
	if down == b.down {
		b.other = 0
		return
	}
	if b.other++; b.other < Settle {
		return
	}
	b.other, b.down = 0, down
	b.clicked = b.clicked || down
}

// Click is a press and a release.
func (b *Button) Click() { b.clicked = true }

// Down is that of firmware.Button.
func (b *Button) Down() bool {
	b.read = b.down || b.clicked
	b.clicked = false
	return b.read
}

// Changed reports whether Down has something new to say.
func (b *Button) Changed() bool { return (b.down || b.clicked) != b.read }
