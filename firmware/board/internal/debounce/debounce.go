// SPDX-License-Identifier: Apache-2.0

// Package debounce turns the contact of a push button into presses.
package debounce

// Settle is the number of consecutive samples that must agree before a change counts.
// Contacts bounce for a few milliseconds, and a press lasts at least 40 ms.
const Settle = 8

// Button is a push button, sampled once a millisecond. The zero value is up. Button
// does not lock. If an interrupt calls Sample, the program must disable interrupts
// around the other calls.
type Button struct {
	down    bool
	clicked bool // it went down, and Down has not reported it yet
	read    bool // the last result of Down
	other   uint8
}

// Sample records the state of the contact.
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

// Click records a press and a release.
func (b *Button) Click() { b.clicked = true }

// Down implements firmware.Button.
func (b *Button) Down() bool {
	b.read = b.down || b.clicked
	b.clicked = false
	return b.read
}

// Changed reports whether Down would return a new value.
func (b *Button) Changed() bool { return (b.down || b.clicked) != b.read }
