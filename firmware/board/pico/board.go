// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"device/arm"
	"machine"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/firmware/board/internal/oled"
	"github.com/d204ef64/fob/firmware/board/internal/selftest"
	"github.com/d204ef64/fob/serialproto"
)

// board is the hardware with the state of its drivers.
type board struct {
	clock   clock
	lcd     lcd
	button  button
	line    line
	factory factory.Device
	hw      firmware.Hardware
	scratch [firmware.SlotSize]byte // in RAM, as TinyGo requires of data to be written to flash
}

// These are too large for the stack, and there is only one of each.
var (
	memory board
	core   firmware.Core
	link   serialproto.Server
)

// start initializes the board.
func (b *board) start() error {
	name := chipID()
	b.line.start(name)
	b.button.start()
	if err := arm.SetupSystemTimer(machine.CPUFrequency() / 1000); err != nil { // see tick
		return err
	}
	if err := machine.I2C0.Configure(machine.I2CConfig{
		Frequency: 400 * machine.KHz, SDA: machine.GP4, SCL: machine.GP5,
	}); err != nil {
		return err
	}
	b.lcd.panel.Start(machine.I2C0)
	vsys.start()
	if err := b.factory.Load(records{}, random); err != nil {
		return err
	}
	if named(name) {
		b.factory.HardwareID = name
	}
	b.lcd.digits = int(b.factory.Digits)
	b.hw = firmware.Hardware{
		Clock: &b.clock, Flash: flash{}, LCD: &b.lcd, Button: &b.button, Line: &b.line,
		Supply: vsys, Identity: (*identity)(b), Rig: b.newRig(), Scratch: &b.scratch,
		RAM: (*selftest.Cells)(&b.scratch), Image: selftest.Image(), Noise: noise{},
	}
	return nil
}

// identity implements firmware.Identity.
type identity board

func (i *identity) HardwareID() [8]byte   { return i.factory.HardwareID }
func (i *identity) Model() string         { return i.factory.Model }
func (i *identity) StaticKey() *[32]byte  { return &i.factory.StaticKey }
func (i *identity) StationKey() *[32]byte { return &i.factory.StationKey }

// lcd implements firmware.LCD on the OLED, which shows a new frame within 32 ms.
type lcd struct {
	panel  oled.Panel
	digits int
}

func (l *lcd) Digits() int           { return l.digits }
func (l *lcd) Show(f firmware.Frame) { l.panel.Show(&f, l.digits) }

// supply implements firmware.Supply.
type supply struct{ machine.ADC }

// vsys is the board's supply: 4.7 V from USB, or the voltage of a battery wired to
// VSYS. A divider feeds a third of it to an ADC input. A supply from USB is never low,
// but the measurement gives the true voltage of a board on batteries.
var vsys = supply{machine.ADC{Pin: machine.ADC3}}

func (s supply) start() {
	machine.InitADC()
	_ = s.Configure(machine.ADCConfig{})
}

func (s supply) Voltage() firmware.Millivolts {
	const samples, divider, reference, steps = 16, 3, 3300, 1 << 12
	var sum uint32 // average, because the board's regulator is noisy
	for range samples {
		sum += uint32(s.Get() >> 4)
	}
	return firmware.Millivolts(sum * divider * reference / (samples * steps))
}
