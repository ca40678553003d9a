// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// fakeDevice is a token without time, display or flash. It follows the rules of
// PROTOCOL.md, and tests set and read its fields. It does not allocate, except in
// ProvCommit.
type fakeDevice struct {
	info     serialproto.Info
	now      token.UnixMilli
	display  serialproto.Display
	lcd      serialproto.RigDisplay
	test     serialproto.SelfTest
	uptime   serialproto.Uptime
	counter  uint32
	static   [32]byte // the device's private key
	public   [32]byte
	station  [32]byte // the station's public key
	seed     [token.MaxSeedLen]byte
	seedLen  int
	accepted serialproto.Transcript // of the accepted message
	payload  serialproto.Payload

	refusal serialproto.Status // returned by every method that can refuse
	hasRig  bool

	resets  int
	onReset func()
	wipes   int
	locks   int
	rigs    int
	command uint8 // code of the last rig command
	rig     serialproto.RigRequest
}

var _ serialproto.Device = (*fakeDevice)(nil)

// newDevice returns a token in its factory state.
func newDevice() *fakeDevice {
	return &fakeDevice{info: serialproto.Info{
		HardwareID: [8]byte{0xf0, 0xb0, 1, 2, 3, 4, 5, 6},
		Model:      "fob-virtual-6",
		Firmware:   "0.1.0",
		Supply:     3000,
	}}
}

// newProvisioned returns a token with a seed and a clock. Its code is from the seed of
// RFC 6238, appendix B, for that time (computed with Python's hmac).
func newProvisioned() *fakeDevice {
	d := newDevice()
	d.info.State = serialproto.StateProvisioned
	d.info.Serial, _ = token.ParseSerial("1000042")
	d.info.Expiry, _ = token.NewExpiry(2030, 12, 31)
	d.info.ClockSet = true
	d.now = 1_700_000_000_123 // 2023-11-14T22:13:20.123Z
	d.display = serialproto.Display{Code: [8]byte{'8', '9', '5', '2', '9', '8'}, Size: 6, Step: 28333333, Left: 39877}
	d.counter, d.seedLen = 1, 20
	return d
}

func (d *fakeDevice) in(s serialproto.State) *fakeDevice {
	d.info.State = s
	return d
}

func (d *fakeDevice) accessError() serialproto.Status {
	switch d.info.State {
	case serialproto.StateLocked, serialproto.StateExpired:
		return serialproto.StatusLocked
	case serialproto.StateDead:
		return serialproto.StatusDead
	}
	return d.refusal
}

func (d *fakeDevice) Info(m *serialproto.Info) { *m = d.info }

func (d *fakeDevice) Clock() (token.UnixMilli, bool, serialproto.Status) {
	return d.now, d.info.ClockSet, d.accessError()
}

func (d *fakeDevice) SetClock(t token.UnixMilli) serialproto.Status {
	if e := d.accessError(); e != serialproto.StatusOK {
		return e
	}
	if !serialproto.ValidClock(t) {
		return serialproto.StatusInvalid
	}
	d.now, d.info.ClockSet = t, true
	return serialproto.StatusOK
}

func (d *fakeDevice) Display(m *serialproto.Display) serialproto.Status {
	switch e := d.accessError(); {
	case e != serialproto.StatusOK:
		return e
	case d.info.State != serialproto.StateProvisioned:
		return serialproto.StatusNotProvisioned
	case !d.info.ClockSet:
		return serialproto.StatusClockNotSet
	}
	*m = d.display
	return serialproto.StatusOK
}

func (d *fakeDevice) provisioningError() serialproto.Status {
	if d.info.State == serialproto.StateProvisioned {
		return serialproto.StatusAlreadyProvisioned
	}
	return d.accessError()
}

func (d *fakeDevice) ProvBegin(m *serialproto.Begin) serialproto.Status {
	if e := d.provisioningError(); e != serialproto.StatusOK {
		return e
	}
	m.Counter = d.counter
	m.PublicKey = d.public
	return serialproto.StatusOK
}

func (d *fakeDevice) ProvCommit(m *serialproto.Commit) (conf [32]byte, e serialproto.Status) {
	b := serialproto.Binding{HardwareID: d.info.HardwareID, Serial: m.Serial, Counter: m.Counter, Firmware: d.info.Firmware}
	if d.info.State == serialproto.StateProvisioned && m.Counter+1 == d.counter {
		h, ok := serialproto.TranscriptOf(&b, &d.station, &d.static, m.Message)
		if ok && h == d.accepted {
			return serialproto.Confirmation(d.seed[:d.seedLen], &h), serialproto.StatusOK
		}
	}
	switch e := d.provisioningError(); {
	case e != serialproto.StatusOK:
		return conf, e
	case m.Serial.IsZero() || len(m.Message) < serialproto.NoiseOverhead:
		return conf, serialproto.StatusInvalid
	case m.Counter != d.counter:
		return conf, serialproto.StatusCounter
	}
	d.counter++
	plain, h, e := serialproto.Open(&b, &d.station, &d.static, m.Message)
	if e != serialproto.StatusOK {
		return conf, e
	}
	if !d.payload.Decode(plain) {
		return conf, serialproto.StatusInvalid
	}
	d.seedLen, d.accepted = copy(d.seed[:], d.payload.Seed), h
	d.now, d.info.ClockSet = d.payload.Clock, true
	d.info.Serial, d.info.Expiry, d.info.State = m.Serial, d.payload.Expiry, serialproto.StateProvisioned
	return serialproto.Confirmation(d.seed[:d.seedLen], &h), serialproto.StatusOK
}

func (d *fakeDevice) Lock() serialproto.Status {
	switch {
	case d.refusal != serialproto.StatusOK:
		return d.refusal
	case d.info.State == serialproto.StateDead:
		return serialproto.StatusDead
	case d.info.State == serialproto.StateBlank || d.info.State == serialproto.StateWiped:
		return serialproto.StatusNotProvisioned
	case d.info.State == serialproto.StateProvisioned:
		d.info.State = serialproto.StateLocked
		d.locks++
	}
	return serialproto.StatusOK
}

func (d *fakeDevice) SelfTest(m *serialproto.SelfTest) serialproto.Status {
	*m = d.test
	return d.refusal
}

func (d *fakeDevice) Uptime() serialproto.Uptime { return d.uptime }

func (d *fakeDevice) Wipe(serial token.Serial) serialproto.Status {
	switch {
	case d.refusal != serialproto.StatusOK:
		return d.refusal
	case d.info.State == serialproto.StateBlank:
		return serialproto.StatusNotProvisioned
	case serial != d.info.Serial:
		return serialproto.StatusSerialMismatch
	}
	d.info.State = serialproto.StateWiped
	d.wipes++
	return serialproto.StatusOK
}

func (d *fakeDevice) Reset() {
	d.resets++
	if d.onReset != nil {
		d.onReset()
	}
}

func (d *fakeDevice) HasRig() bool { return d.hasRig }

func (d *fakeDevice) Rig(command uint8, m *serialproto.RigRequest) serialproto.Status {
	d.rigs++
	d.command, d.rig = command, *m
	return d.refusal
}

func (d *fakeDevice) RigDisplay(m *serialproto.RigDisplay) { *m = d.lcd }

// fakeLine is the device's end of a serial line.
type fakeLine struct {
	in     []byte // sent by the host, not yet read
	out    []byte // sent by the device
	uptime int64  // milliseconds
	grain  int    // most bytes that Write accepts at once; 0: any number
	full   bool   // Write accepts at most room bytes in total
	room   int
	chunk  int // most bytes that Read returns at once; 0: any number
}

var _ serialproto.Line = (*fakeLine)(nil)

func (l *fakeLine) Read(p []byte) int {
	if l.chunk > 0 {
		p = p[:min(len(p), l.chunk)]
	}
	n := copy(p, l.in)
	l.in = l.in[n:]
	return n
}

func (l *fakeLine) Write(p []byte) int {
	n := len(p)
	if l.grain > 0 {
		n = min(n, l.grain)
	}
	if l.full {
		n = min(n, l.room)
		l.room -= n
	}
	l.out = append(l.out, p[:n]...)
	return n
}

func (l *fakeLine) Uptime() int64 { return l.uptime }
