// SPDX-License-Identifier: Apache-2.0

package firmware

import "github.com/d204ef64/fob/token"

// Hardware is everything that the firmware needs from the machine it runs on. All
// fields except Rig, RAM, Image and Noise are required. A method must not block for
// longer than the operation itself takes. The firmware calls methods from one goroutine
// at a time, and never from an interrupt.
//
// A Core keeps no reference to Hardware between calls, so a process with a million
// tokens need not hold a million of them.
type Hardware struct {
	Clock    Clock
	Flash    Flash
	LCD      LCD
	Button   Button
	Line     Line
	Supply   Supply
	Identity Identity
	Rig      Rig // nil: the rig group of the protocol does not exist

	// The self-test uses these. It reports "not applicable" for a part that is nil.
	RAM   RAM
	Image Image
	Noise Noise

	// Scratch is working memory for one flash slot. It is cleared before Boot and Step
	// return, because a slot holds the seed.
	Scratch *[SlotSize]byte
}

// SlotSize is the unit in which the firmware writes flash, in bytes: one
// record of its log.
const SlotSize = 256

// Clock is the battery-backed real-time clock of the token. It drifts from the world's
// time.
type Clock interface {
	// Now returns the token's time. While the clock has not been set since it
	// last lost power, valid is false and t counts up from zero.
	Now() (t token.UnixMilli, valid bool)

	// Set sets the clock. Afterwards, Now is valid and continues from t.
	Set(t token.UnixMilli)

	// Uptime counts milliseconds from any origin. It never runs backwards, and setting
	// or skewing the clock does not change it. The firmware uses it to measure how long
	// a button is held.
	Uptime() int64
}

// Flash is the non-volatile memory of the firmware: at least two pages of equal size,
// each a multiple of [SlotSize]. Erased bytes read 0xFF. An operation outside this
// memory returns an error and changes nothing.
//
// Power can fail inside Program and Erase. The contents of the bytes given to the
// operation are then undefined, all other bytes are unchanged, and the call need not
// return.
type Flash interface {
	// Geometry returns the number of pages (2 or more) and the size of a page
	// in bytes (a multiple of SlotSize).
	Geometry() (pages, pageSize int)

	// Read fills p from the given page, starting at byte offset off.
	Read(page, off int, p []byte) error

	// Program writes p at offset off. It can only clear bits (1 to 0). The firmware
	// always writes one whole slot: off and len(p) are multiples of SlotSize. Between
	// erasures it writes a slot up to three times: first the record; then eight zeros
	// at an erased multiple of 8, with 0xFF in the rest of p; then zeros only. An error
	// means that the data written cannot be relied on.
	Program(page, off int, p []byte) error

	// Erase sets every byte of the page to 0xFF.
	Erase(page int) error
}

// LCD is the segment display.
type LCD interface {
	// Digits returns the number of digit positions of the LCD, 6 or 8.
	Digits() int

	// Show drives exactly the segments of f until the next call. The firmware calls it
	// only when f differs from the current frame.
	Show(f Frame)
}

// Button is the token's only button. The hardware or the driver debounces it.
type Button interface {
	// Down reports whether the button is down now, or was clicked since the last call.
	// The driver latches a click until Down has reported it once.
	Down() bool
}

// Line is the serial line. The firmware polls it.
type Line interface {
	// Read moves bytes that have arrived into p, and returns their number, or 0 if
	// there are none. It never waits.
	Read(p []byte) int

	// Write queues bytes for sending and returns their number, or 0 if the line is
	// busy. It never waits. The firmware offers the remaining bytes again at the next
	// Step.
	Write(p []byte) int

	// Uptime is a monotonic clock in milliseconds from any origin. Setting the
	// real-time clock does not change it. The firmware uses it to measure the age of a
	// partial packet.
	Uptime() int64
}

// Supply measures the battery.
type Supply interface {
	// Voltage returns the supply voltage under the present load.
	Voltage() Millivolts
}

// Millivolts is an electric potential in 1/1000 V.
type Millivolts int32

// Identity is the data that the factory wrote into the device before any provisioning.
type Identity interface {
	// HardwareID returns the permanent identifier of the device.
	HardwareID() [8]byte

	// Model returns the name of the hardware model: ASCII, at most 24 bytes.
	Model() string

	// StaticKey returns the device's X25519 private key (RFC 7748). Provisioning
	// messages are encrypted to it. The firmware only reads it.
	StaticKey() *[32]byte

	// StationKey returns the X25519 public key of the only provisioning station that
	// this device obeys.
	StationKey() *[32]byte
}

// RAM is working memory that the self-test may overwrite. Every access must reach the
// memory: if the compiler reused a stored value, it would hide a fault.
type RAM interface {
	Size() int // bytes
	Load(i int) byte
	Store(i int, b byte)
}

// Image is the program in the processor's own flash.
type Image interface {
	// Sums returns the [CRC32] of the program as it reads now, and as it was built.
	Sums() (now, built uint32)
}

// Noise is the source from which the device makes random numbers.
type Noise interface {
	// Bit returns the next bit in its lowest place, before any conditioning. ok is
	// false if the source delivers no bits.
	Bit() (b uint8, ok bool)
}

// World is an additional interface of a [Clock] that is simulated in a world with a
// time of its own.
type World interface {
	// WorldTime returns the time of the world, which skewing the clock does not change.
	WorldTime() token.UnixMilli
}

// Eye is an additional interface of a [Rig] whose simulated LCD can differ from the
// frame that drives it: it is slow in the cold, faint at low voltage, or has broken
// segments.
type Eye interface {
	// Seen returns the frame that a person sees on the LCD.
	Seen() Frame
}

// Rig lets a test control the hardware from outside, through the rig group of the
// protocol. A production token has none. A method returns [ErrUnsupported] if the
// hardware cannot perform it, and [ErrRange] for a value outside the hardware's range.
type Rig interface {
	// Press puts the button down for ms milliseconds; 0 is a short click.
	Press(ms uint32) error

	// Supply sets the supply voltage; 0 removes the battery and puts it back.
	Supply(mv Millivolts) error

	// Temperature sets the ambient temperature in 1/1000 °C.
	Temperature(milliCelsius int32) error

	// Skew moves the real-time clock by ms milliseconds, either way.
	Skew(ms int64) error

	// PowerCut makes the supply fail inside the n-th flash operation from now
	// (1 = the next one); the device then restarts.
	PowerCut(n uint32) error
}
