// SPDX-License-Identifier: Apache-2.0

package oled

import (
	"math/bits"

	"tinygo.org/x/drivers"
	"tinygo.org/x/drivers/ssd1306"

	"github.com/d204ef64/fob/firmware"
)

// Panel is the display at the end of an I2C bus. Show notes what changed, and
// Send sends a piece of it, so that a program can look after its other business
// in between. The driver starts the panel. Its Display is of no use here: it
// sends the whole memory in one transfer, 23 ms at 400 kHz, and TinyGo's I2C on
// the RP2040 gives up after about 4 where there is no scheduler.
type Panel struct {
	wire   drivers.I2C
	screen Screen
	next   Screen
	stale  uint32 // the pieces that the panel does not show yet
	again  int64  // where it did not answer: when to try once more
	absent bool
	out    [pieceSize + 1]byte
}

// address is that of nearly all such modules; the driver's default is the other
// that there is, 0x3D.
const address = 0x3C

// A piece is 32 columns of one row of bytes: one transfer of 0.8 ms at 400 kHz.
const (
	pieceSize   = 32
	piecesInRow = Width / pieceSize
)

// What the first byte of a transfer says about the others.
const (
	commands = 0x00
	data     = 0x40
)

// retry is how long a panel is left alone that does not answer, in
// milliseconds.
const retry = 1000

// Start starts the panel, dark.
func (p *Panel) Start(wire drivers.I2C) {
	p.wire = wire
	p.configure()
}

func (p *Panel) configure() {
	ssd1306.NewI2C(p.wire).Configure(ssd1306.Config{Width: Width, Height: Height, Address: address})
	p.stale = 1<<32 - 1 // its memory holds anything
}

// Show makes f, on a glass of 6 or 8 digits, what Send sends.
func (p *Panel) Show(f *firmware.Frame, digits int) {
	p.next.Draw(f, digits)
	for i := range p.screen {
		if p.next[i] != p.screen[i] {
			p.stale |= 1 << (i / pieceSize)
		}
	}
	p.screen = p.next
}

// Send sends a piece, and reports whether there was one to send. now is in
// milliseconds. A panel that does not answer, because there is none, or it has
// lost its power, is started anew once a second.
func (p *Panel) Send(now int64) bool {
	if p.stale == 0 || p.absent && now < p.again {
		return false
	}
	if p.absent {
		p.configure()
	}
	piece := bits.TrailingZeros32(p.stale)
	if err := p.send(piece); err != nil {
		p.absent, p.again = true, now+retry
		return true
	}
	p.absent = false
	p.stale &^= 1 << piece
	return true
}

func (p *Panel) send(piece int) error {
	row, column := byte(piece/piecesInRow), byte(piece%piecesInRow*pieceSize)
	window := append(p.out[:0], commands,
		ssd1306.COLUMNADDR, column, column+pieceSize-1,
		ssd1306.PAGEADDR, row, row)
	if err := p.wire.Tx(address, window, nil); err != nil {
		return err
	}
	return p.wire.Tx(address, append(append(p.out[:0], data), p.screen[piece*pieceSize:][:pieceSize]...), nil)
}
