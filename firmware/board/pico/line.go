// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"machine"
	"machine/usb"
	"machine/usb/descriptor"
	"runtime/interrupt"

	"github.com/d204ef64/fob/firmware/board/internal/ring"
)

// line implements firmware.Line on USB CDC. It handles the two data endpoints itself,
// because TinyGo's handlers silently drop bytes that their buffers (128 bytes in, 512
// out) cannot hold. Here a host that sends too much has to wait, as USB intends: the
// endpoint is armed again when there is room. For the same reason nothing is lost while
// flash is written with interrupts disabled: the controller holds one packet and
// refuses the next. TinyGo handles the rest of the device.
type line struct {
	in      ring.Queue
	held    []byte // a packet in the endpoint's buffer for which in has no room
	out     ring.Queue
	packet  [64]byte
	sending bool
	full    bool // whether the last packet sent was full
}

func (l *line) start(name [8]byte) {
	usb.Product, usb.Serial = "fob", hex(name[:])
	machine.ConfigureUSBEndpoint(descriptor.CDC, []usb.EndpointConfig{
		{Index: usb.CDC_ENDPOINT_ACM, IsIn: true, Type: usb.ENDPOINT_TYPE_INTERRUPT},
		{Index: usb.CDC_ENDPOINT_OUT, Type: usb.ENDPOINT_TYPE_BULK, DelayRxHandler: received},
		{Index: usb.CDC_ENDPOINT_IN, IsIn: true, Type: usb.ENDPOINT_TYPE_BULK, TxHandler: sent},
	}, nil)
}

// received is called by the USB interrupt. Returning false leaves the endpoint unarmed.
func received(p []byte) bool {
	l := &memory.line
	if l.in.Free() < len(p) {
		l.held = p
		return false
	}
	l.in.Put(p)
	return true
}

// sent is called by the USB interrupt after the host has received a packet.
func sent() { memory.line.next() }

// next sends a packet if there is one. A host treats a full packet as part of a longer
// transfer, so a full packet at the end must be followed by an empty one.
func (l *line) next() {
	n := l.out.Get(l.packet[:])
	l.sending = n > 0 || l.full
	l.full = n == len(l.packet)
	if l.sending {
		machine.SendUSBInPacket(usb.CDC_ENDPOINT_IN, l.packet[:n])
	}
}

func (l *line) Read(p []byte) int {
	state := interrupt.Disable()
	n := l.in.Get(p)
	if l.held != nil && l.in.Free() >= len(l.held) {
		l.in.Put(l.held)
		l.held = nil
		machine.AckUsbOutTransfer(usb.CDC_ENDPOINT_OUT)
	}
	interrupt.Restore(state)
	return n
}

func (l *line) Write(p []byte) int {
	open := machine.USBCDC.DTR() || machine.USBCDC.RTS()
	state := interrupt.Disable()
	n := len(p)
	if open {
		n = l.out.Put(p)
	} else { // the next program to open the port must not get answers to requests of another
		l.out.Clear()
	}
	if !l.sending {
		l.next()
	}
	interrupt.Restore(state)
	return n
}

func (*line) Uptime() int64 { return uptime() }

// waiting reports whether bytes have arrived.
func (l *line) waiting() bool {
	state := interrupt.Disable()
	arrived := l.in.Len() > 0
	interrupt.Restore(state)
	return arrived
}

// say writes text once a second, forever, for anyone who opens the port.
func (b *board) say(text string) {
	for n := 0; ; n++ {
		if n%1000 == 0 {
			b.line.Write([]byte(text))
		}
		sleep()
	}
}

func hex(p []byte) string {
	const digits = "0123456789abcdef"
	var text []byte
	for _, b := range p {
		text = append(text, digits[b>>4], digits[b&0xF])
	}
	return string(text)
}
