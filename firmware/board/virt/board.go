// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"machine"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/firmware/board/internal/selftest"
	"github.com/d204ef64/fob/serialproto"
)

// board is the hardware with the state of its drivers.
type board struct {
	clock   clock
	flash   flash
	lcd     lcd
	button  button
	supply  supply
	factory factory.Device
	noise   noise
	rig     rig // empty without the tag rig
	hw      firmware.Hardware
	scratch [firmware.SlotSize]byte
}

// These are too large for the stack, and there is only one of each.
var (
	memory board
	core   firmware.Core
	link   serialproto.Server
)

// start initializes the board.
func (b *board) start() error {
	protect()
	line{}.start()
	b.supply.mv = freshBattery
	b.clock.log.load(&b.clock)
	if err := b.factory.Load(records{}, random); err != nil {
		return err
	}
	b.lcd.digits = int(b.factory.Digits)
	b.hw = firmware.Hardware{
		Clock: &b.clock, Flash: &b.flash, LCD: &b.lcd, Button: &b.button, Line: line{},
		Supply: &b.supply, Identity: (*identity)(b), Rig: b.newRig(), Scratch: &b.scratch,
		RAM: (*selftest.Cells)(&b.scratch), Image: selftest.Image(), Noise: &b.noise,
	}
	return nil
}

// random fills p from QEMU's virtio-rng.
func random(p []byte) bool {
	var word uint32
	for i := range p {
		if i%4 == 0 {
			var err error
			if word, err = machine.GetRNG(); err != nil {
				return false
			}
		}
		p[i] = byte(word)
		word >>= 8
	}
	return true
}

// identity implements firmware.Identity.
type identity board

func (i *identity) HardwareID() [8]byte   { return i.factory.HardwareID }
func (i *identity) Model() string         { return i.factory.Model }
func (i *identity) StaticKey() *[32]byte  { return &i.factory.StaticKey }
func (i *identity) StationKey() *[32]byte { return &i.factory.StationKey }

// lcd implements firmware.LCD. It keeps the segments in memory, like the display memory
// of a controller with an LCD driver.
type lcd struct {
	frame  firmware.Frame
	digits int
}

func (l *lcd) Digits() int           { return l.digits }
func (l *lcd) Show(f firmware.Frame) { l.frame = f }

// button implements firmware.Button. The board has no button: only the rig changes it.
type button struct {
	clicked bool
	upAt    int64 // uptime until which the button is down
}

func (b *button) Down() bool {
	clicked := b.clicked
	b.clicked = false
	return clicked || uptime() < b.upAt
}

// freshBattery is the voltage of a new lithium battery without load.
const freshBattery firmware.Millivolts = 3200

// supply implements firmware.Supply. The board has no battery: only the rig changes the
// voltage.
type supply struct{ mv firmware.Millivolts }

func (s *supply) Voltage() firmware.Millivolts { return s.mv }
