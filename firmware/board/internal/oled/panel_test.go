// SPDX-License-Identifier: Apache-2.0

package oled_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/board/internal/oled"
	"github.com/d204ef64/fob/firmware/hwtest"
)

// controller simulates an SSD1306 according to its data sheet: tables 9-1 to 9-4, and
// the transfer of section 8.1.5.2. Its memory initially holds noise, as after a restart
// of the processor alone.
type controller struct {
	t                         *testing.T
	memory                    oled.Screen
	on                        bool
	settings                  map[byte]byte
	first, last, column       byte
	firstRow, lastRow, row    byte
	horizontal                bool
	unplugged                 bool
	transfers, bytes, longest int
	command                   []byte
}

func newController(t *testing.T) *controller {
	c := &controller{t: t, settings: map[byte]byte{}, last: 127, lastRow: 7}
	for i := range c.memory {
		c.memory[i] = byte(i * 37)
	}
	return c
}

var errNoAnswer = errors.New("no answer")

func (c *controller) Tx(address uint16, w, r []byte) error {
	if c.unplugged || address != 0x3C {
		return errNoAnswer
	}
	require.Empty(c.t, r)
	c.transfers++
	c.bytes += len(w) + 1
	c.longest = max(c.longest, len(w))
	for _, b := range w[1:] {
		switch w[0] {
		case 0x00:
			c.do(b)
		case 0x40:
			c.write(b)
		default:
			c.t.Fatalf("control byte %#x", w[0])
		}
	}
	return nil
}

func (c *controller) do(b byte) {
	c.command = append(c.command, b)
	cmd, args := c.command[0], c.command[1:]
	want := 0
	switch {
	case cmd == 0x21 || cmd == 0x22:
		want = 2
	case cmd == 0x20 || cmd == 0x81 || cmd == 0x8D || cmd == 0xA8 || cmd == 0xD3 || cmd == 0xD5 || cmd == 0xD9 || cmd == 0xDA || cmd == 0xDB:
		want = 1
	}
	if len(args) < want {
		return
	}
	switch cmd {
	case 0xAE, 0xAF:
		c.on = cmd == 0xAF
	case 0x20:
		c.horizontal = args[0] == 0
	case 0x21:
		c.first, c.last, c.column = args[0], args[1], args[0]
	case 0x22:
		c.firstRow, c.lastRow, c.row = args[0], args[1], args[0]
	case 0xA0, 0xA1, 0xC0, 0xC8, 0xA4, 0xA5, 0xA6, 0xA7:
		c.settings[cmd&0xFE] = cmd
	default:
		if want == 1 {
			c.settings[cmd] = args[0]
		}
	}
	c.command = c.command[:0]
}

func (c *controller) write(b byte) {
	c.memory[int(c.row)*128+int(c.column)] = b
	if c.column++; c.column > c.last {
		c.column = c.first
		if c.row++; c.row > c.lastRow {
			c.row = c.firstRow
		}
	}
}

// settle calls Send until there is nothing left to send.
func settle(p *oled.Panel, now int64) (pieces int) {
	for p.Send(now) {
		pieces++
	}
	return pieces
}

// TestStart checks that the panel is on and dark, whatever its memory held before.
func TestStart(t *testing.T) {
	c := newController(t)
	var p oled.Panel
	p.Start(c)
	require.Equal(t, 32, settle(&p, 0))
	require.True(t, c.memory == oled.Screen{})
	require.True(t, c.on)
	require.True(t, c.horizontal)
	require.Equal(t, byte(63), c.settings[0xA8], "64 rows")
	require.Equal(t, byte(0x14), c.settings[0x8D], "the charge pump is on")
	require.Equal(t, byte(0x12), c.settings[0xDA], "64 rows need alternative COM pins")
	require.Equal(t, byte(0xA6), c.settings[0xA6], "not inverted")
}

// TestContract runs the LCD contract against the pixels in the controller's memory.
func TestContract(t *testing.T) {
	for _, digits := range []int{6, 8} {
		c := newController(t)
		lcd := &lcd{digits: digits}
		lcd.panel.Start(c)
		hwtest.LCD(lcd, func() firmware.Frame {
			settle(&lcd.panel, 0)
			return read(&c.memory, digits)
		}, hwtest.To(t))
	}
}

type lcd struct {
	panel  oled.Panel
	digits int
}

func (l *lcd) Digits() int           { return l.digits }
func (l *lcd) Show(f firmware.Frame) { l.panel.Show(&f, l.digits) }

// read returns the frame that the pixels show, or an impossible frame if there is none.
func read(s *oled.Screen, digits int) (f firmware.Frame) {
	has := func(part *oled.Screen) bool {
		for i := range part {
			if part[i]&^s[i] != 0 {
				return false
			}
		}
		return true
	}
	for _, part := range parts(digits) {
		if has(draw(&part, digits)) {
			for i := range part.Digits {
				f.Digits[i] |= part.Digits[i]
			}
			f.Icons |= part.Icons
		}
	}
	for f.Bars < 6 && has(draw(&firmware.Frame{Bars: f.Bars + 1}, digits)) {
		f.Bars++
	}
	if *draw(&f, digits) != *s {
		return firmware.Frame{Bars: 99}
	}
	return f
}

// TestOnlyChanges checks that a change of the tick uses little of the bus, and that no
// transfer is long.
func TestOnlyChanges(t *testing.T) {
	c := newController(t)
	var p oled.Panel
	p.Start(c)
	p.Show(frame(t, "287082", 4, 0), 6)
	settle(&p, 0)
	before := c.bytes
	require.Zero(t, settle(&p, 0))
	p.Show(frame(t, "287082", 4, firmware.IconTick), 6)
	require.Equal(t, 2, settle(&p, 0), "the tick spans two pages of the panel")
	require.Less(t, c.bytes-before, 100)
	require.LessOrEqual(t, c.longest, 33, "33 bytes take 0.8 ms at 400 kHz")
	p.Show(frame(t, "287082", 4, firmware.IconTick), 6)
	require.Zero(t, settle(&p, 0))
}

// TestHalfSent shows a frame while the previous one is still being sent.
func TestHalfSent(t *testing.T) {
	for sent := range 20 {
		c := newController(t)
		var p oled.Panel
		p.Start(c)
		settle(&p, 0)
		p.Show(frame(t, "888888", 6, 3), 6)
		for range sent {
			p.Send(0)
		}
		f := frame(t, "116060", 2, 1)
		p.Show(f, 6)
		settle(&p, 0)
		require.True(t, *draw(f, 6) == c.memory, "\n%s", text(&c.memory))
	}
}

// TestUnplugged checks that a missing panel is tried once a second, and that a panel
// that comes back shows the complete frame.
func TestUnplugged(t *testing.T) {
	c := newController(t)
	c.unplugged = true
	var p oled.Panel
	p.Start(c)
	f := frame(t, "287082", 4, 0)
	p.Show(f, 6)
	tries := 0
	for now := range int64(10_000) {
		if p.Send(now) {
			tries++
		}
	}
	require.Equal(t, 10, tries)

	c.unplugged = false
	require.Equal(t, 32, settle(&p, 11_000))
	require.True(t, *draw(f, 6) == c.memory, "\n%s", text(&c.memory))
	require.True(t, c.on)

	// The panel is lost and comes back between two changes.
	c.unplugged = true
	p.Show(frame(t, "287082", 3, 0), 6)
	require.True(t, p.Send(12_000))
	*c = *newController(t)
	require.Equal(t, 32, settle(&p, 13_000))
	require.True(t, *draw(frame(t, "287082", 3, 0), 6) == c.memory)
	require.True(t, c.on)
}

func TestNoAllocation(t *testing.T) {
	c := newController(t)
	var p oled.Panel
	p.Start(c)
	settle(&p, 0)
	a, b := frame(t, "287082", 4, 0), frame(t, "162583", 3, 1)
	c.settings = nil
	require.Zero(t, testing.AllocsPerRun(20, func() {
		p.Show(a, 6)
		settle(&p, 0)
		p.Show(b, 6)
		settle(&p, 0)
	}))
}
