// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"errors"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/token"
)

// ram is the hardware of a token in its simplest form, with everything in memory. Its
// static key is not secret.
type ram struct {
	flash   [flashPages][flashPageSize]byte
	erased  int // pages
	written int // slots
	now     token.UnixMilli
	set     bool
	frame   firmware.Frame
	clicked bool
	in      [lineSize]byte // to the token
	inN     int
	out     [lineSize]byte // from the token
	outN    int
	id      [8]byte
	static  [32]byte
	station [32]byte
	scratch [firmware.SlotSize]byte
}

type (
	ramClock    ram
	ramFlash    ram
	ramLCD      ram
	ramButton   ram
	ramLine     ram
	ramSupply   ram
	ramIdentity ram
)

var errOutside = errors.New("outside the flash")

// hardware returns m as the hardware of a token, with its flash erased.
func (m *ram) hardware() firmware.Hardware {
	for page := range m.flash {
		for i := range m.flash[page] {
			m.flash[page][i] = 0xFF
		}
	}
	return firmware.Hardware{
		Clock: (*ramClock)(m), Flash: (*ramFlash)(m), LCD: (*ramLCD)(m), Button: (*ramButton)(m),
		Line: (*ramLine)(m), Supply: (*ramSupply)(m), Identity: (*ramIdentity)(m), Scratch: &m.scratch,
	}
}

func (m *ramClock) Now() (token.UnixMilli, bool) { return m.now, m.set }
func (m *ramClock) Set(t token.UnixMilli)        { m.now, m.set = t, true }
func (m *ramClock) Uptime() int64                { return int64(m.now) }

func (m *ramFlash) Geometry() (int, int) { return len(m.flash), len(m.flash[0]) }

func (m *ramFlash) at(page, off, n int) ([]byte, error) {
	if page < 0 || page >= len(m.flash) || off < 0 || off+n > len(m.flash[0]) {
		return nil, errOutside
	}
	return m.flash[page][off : off+n], nil
}

func (m *ramFlash) Read(page, off int, p []byte) error {
	cells, err := m.at(page, off, len(p))
	copy(p, cells)
	return err
}

func (m *ramFlash) Program(page, off int, p []byte) error {
	m.written++
	cells, err := m.at(page, off, len(p))
	for i := range cells {
		cells[i] &= p[i]
	}
	return err
}

func (m *ramFlash) Erase(page int) error {
	m.erased++
	cells, err := m.at(page, 0, len(m.flash[0]))
	for i := range cells {
		cells[i] = 0xFF
	}
	return err
}

func (m *ramLCD) Digits() int           { return 6 }
func (m *ramLCD) Show(f firmware.Frame) { m.frame = f }

func (m *ramButton) Down() bool {
	clicked := m.clicked
	m.clicked = false
	return clicked
}

func (m *ramLine) Read(p []byte) int {
	n := copy(p, m.in[:m.inN])
	m.inN = copy(m.in[:], m.in[n:m.inN])
	return n
}

func (m *ramLine) Write(p []byte) int {
	n := copy(m.out[m.outN:], p)
	m.outN += n
	return n
}

func (m *ramLine) Uptime() int64 { return int64(m.now) }

func (m *ramSupply) Voltage() firmware.Millivolts { return 3000 }

func (m *ramIdentity) HardwareID() [8]byte   { return m.id }
func (m *ramIdentity) Model() string         { return "smoke" }
func (m *ramIdentity) StaticKey() *[32]byte  { return &m.static }
func (m *ramIdentity) StationKey() *[32]byte { return &m.station }
