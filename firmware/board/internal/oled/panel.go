// SPDX-License-Identifier: Apache-2.0

package oled

import (
	"math/bits"

	"tinygo.org/x/drivers"
	"tinygo.org/x/drivers/ssd1306"

	"github.com/d204ef64/fob/firmware"
)

// Panel is an SSD1306 display on an I2C bus. Show records which pieces changed, and
// Send transfers one piece at a time, so the program can do other work in between. The
// TinyGo driver initializes the panel, but its Display method is unsuitable: it sends
// the whole memory in one transfer, which takes 23 ms at 400 kHz. Without a scheduler,
// TinyGo's I2C on the RP2040 times out after about 4 ms.
type Panel struct {
	wire   drivers.I2C
	screen Screen
	next   Screen
	stale  uint32 // bit set of the pieces that are not on the panel yet
	again  int64  // when to try again, if the panel did not answer
	absent bool
	out    [pieceSize + 1]byte
}

// address is the I2C address of nearly all SSD1306 modules. The only alternative, 0x3D,
// is the driver's default.
const address = 0x3C

// A piece is 32 columns of one page of the controller, which is 8 pixels high. Its
// transfer takes 0.8 ms at 400 kHz.
const (
	pieceSize   = 32
	piecesInRow = Width / pieceSize
)

// The control byte, which starts a transfer and gives the meaning of its other bytes.
const (
	commands = 0x00
	data     = 0x40
)

// retry is the time in milliseconds between attempts to reach a panel that does not
// answer.
const retry = 1000

// Start initializes the panel with all pixels dark.
func (p *Panel) Start(wire drivers.I2C) {
	p.wire = wire
	p.configure()
}

func (p *Panel) configure() {
	ssd1306.NewI2C(p.wire).Configure(ssd1306.Config{Width: Width, Height: Height, Address: address})
	p.stale = 1<<32 - 1 // the contents of its memory are unknown
}

// Show sets the frame that Send transfers, for an LCD of 6 or 8 digits.
func (p *Panel) Show(f *firmware.Frame, digits int) {
	p.next.Draw(f, digits)
	for i := range p.screen {
		if p.next[i] != p.screen[i] {
			p.stale |= 1 << (i / pieceSize)
		}
	}
	p.screen = p.next
}

// Send transfers a piece and reports whether there was one to send. now is in
// milliseconds. If the panel does not answer, because it is missing or has lost power,
// Send initializes it again once a second.
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
