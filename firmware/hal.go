// SPDX-License-Identifier: Apache-2.0

package firmware

import "github.com/d204ef64/fob/token"

// Hardware is everything that the firmware needs of the machine it runs on.
// All fields but Rig, RAM, Image and Noise are required. No method may block for longer than the
// operation itself takes, and none is called from more than one goroutine or
// from an interrupt.
//
// A Core keeps no reference to it between calls, so that a process with a
// million tokens need not hold a million of these.
type Hardware struct {
	Clock    Clock
	Flash    Flash
	LCD      LCD
	Button   Button
	Line     Line
	Supply   Supply
	Identity Identity
	Rig      Rig // nil: the rig group of the protocol does not exist

	// What only a self-test needs. It says "not applicable" of what is nil.
	RAM   RAM
	Image Image
	Noise Noise

	// Scratch is working memory for one flash slot. It is cleared before Boot
	// and Step return, since a slot holds the seed.
	Scratch *[SlotSize]byte
}

// SlotSize is the unit in which the firmware writes flash, in bytes: one
// record of its log.
const SlotSize = 256

// Clock is the battery-backed real-time clock: the token's own idea of time,
// which drifts from the world's.
type Clock interface {
	// Now returns the token's time. While the clock has not been set since it
	// last lost power, valid is false and t counts up from zero.
	Now() (t token.UnixMilli, valid bool)

	// Set sets the clock; from then on Now is valid and continues from t.
	Set(t token.UnixMilli)

	// Uptime counts milliseconds from any origin. It never runs backwards, and
	// setting or skewing the clock does not move it. The firmware times a held
	// button with it.
	Uptime() int64
}

// Flash is the non-volatile memory that the firmware owns: at least two pages
// of equal size, each a multiple of [SlotSize]. Erased bytes read 0xFF. What
// lies outside is an error, and no operation on it changes anything.
//
// Power can fail inside Program and Erase. Whatever bytes the operation named
// are then in any state, all others are untouched, and the call need not
// return.
type Flash interface {
	// Geometry returns the number of pages (2 or more) and the size of a page
	// in bytes (a multiple of SlotSize).
	Geometry() (pages, pageSize int)

	// Read fills p from the given page, starting at byte offset off.
	Read(page, off int, p []byte) error

	// Program writes p at offset off. It can only clear bits (1 to 0). The
	// firmware calls it with one whole slot: off and len(p) are multiples of
	// SlotSize. It writes a slot up to three times between erasures: the record;
	// eight zeros at a multiple of 8 that was erased, the rest of p being 0xFF;
	// zeros throughout. An error means that the write cannot be relied on.
	Program(page, off int, p []byte) error

	// Erase sets every byte of the page to 0xFF.
	Erase(page int) error
}

// LCD is the segment display.
type LCD interface {
	// Digits returns how many digit positions the glass has (6 or 8).
	Digits() int

	// Show drives exactly the segments of f until the next call. The firmware
	// calls it only when f differs from what is shown.
	Show(f Frame)
}

// Button is the token's only button, debounced by the hardware or the driver.
type Button interface {
	// Down reports whether the button is down now, or was clicked since the
	// last call: the driver latches a click until it has been read once.
	Down() bool
}

// Line is the serial line, used by polling.
type Line interface {
	// Read moves bytes that have arrived into p, and returns how many: 0 when
	// there are none. It never waits.
	Read(p []byte) int

	// Write queues bytes for sending and returns how many it took: 0 when the
	// line is busy. It never waits; the firmware offers the rest again at the
	// next Step.
	Write(p []byte) int

	// Uptime is a monotonic clock in milliseconds with any origin, which
	// setting the real-time clock does not move. The firmware measures the
	// age of a partial packet with it.
	Uptime() int64
}

// Supply measures the cell.
type Supply interface {
	// Voltage returns the supply under the load of the moment.
	Voltage() Millivolts
}

// Millivolts is an electric potential in 1/1000 V.
type Millivolts int32

// Identity is what the factory wrote into the device before any provisioning.
type Identity interface {
	// HardwareID names the piece of hardware, for ever.
	HardwareID() [8]byte

	// Model is the hardware model, ASCII, at most 24 bytes.
	Model() string

	// StaticKey is the device's X25519 private key (RFC 7748), to which
	// provisioning messages are encrypted. The firmware only reads it.
	StaticKey() *[32]byte

	// StationKey is the X25519 public key of the one provisioning station
	// that this device obeys.
	StationKey() *[32]byte
}

// RAM is working memory that a self-test may overwrite. Each access must reach the
// memory: a compiler that remembers what was stored hides what is broken.
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
	// false if the source gives none.
	Bit() (b uint8, ok bool)
}

// World is what a [Clock] has as well if its hardware is a model in a world with a time
// of its own.
type World interface {
	// WorldTime returns the time of the world, which no skew of the clock changes.
	WorldTime() token.UnixMilli
}

// Eye is what a [Rig] has as well if its LCD is a model that differs from the frame
// that drives it: slow in the cold, faint at low voltage, with broken segments.
type Eye interface {
	// Seen returns what a person reads off the LCD.
	Seen() Frame
}

// Rig lets a test move the hardware from outside, through the rig group of the
// protocol. A device that is sold has none. A method that the hardware cannot
// do returns [ErrUnsupported], and for a value beyond it [ErrRange].
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
