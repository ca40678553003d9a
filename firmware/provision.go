// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"math"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// ProvBegin implements serialproto.Device.
func (d *device) ProvBegin(m *serialproto.Begin) serialproto.Status {
	if e := d.provisionable(); e != serialproto.StatusOK {
		return e
	}
	public, e := serialproto.PublicKey(d.hw.Identity.StaticKey())
	m.PublicKey, m.Counter = public, d.rec.counter
	return e
}

// provisionable returns StatusOK in the states BLANK and WIPED, and an error in all
// others.
func (d *device) provisionable() serialproto.Status {
	if !d.store.ready {
		return serialproto.StatusFlash
	}
	switch d.rec.state {
	case serialproto.StateBlank, serialproto.StateWiped:
		return serialproto.StatusOK
	case serialproto.StateProvisioned:
		return serialproto.StatusAlreadyProvisioned
	}
	return d.accessDenied()
}

// ProvCommit implements serialproto.Device. The counter is burnt before anything is
// decrypted, so each message can be tried only once. If the station repeats a message
// that was already accepted, because the response was lost, it gets the same response
// again.
func (d *device) ProvCommit(m *serialproto.Commit) (conf [32]byte, e serialproto.Status) {
	binding := serialproto.Binding{
		HardwareID: d.hw.Identity.HardwareID(),
		Serial:     m.Serial,
		Counter:    m.Counter,
		Firmware:   Version,
	}
	if conf, ok := d.repeatProof(&binding, m); ok {
		return conf, serialproto.StatusOK
	}
	if e := d.provisionable(); e != serialproto.StatusOK {
		return conf, e
	}
	if m.Serial.IsZero() || len(m.Message) < serialproto.NoiseOverhead {
		return conf, serialproto.StatusInvalid
	}
	if m.Counter != d.rec.counter || m.Counter == math.MaxUint32 { // the last value can never be burnt
		return conf, serialproto.StatusCounter
	}
	if e := d.burnCounter(); e != serialproto.StatusOK {
		return conf, e
	}
	station, static := d.hw.Identity.StationKey(), d.hw.Identity.StaticKey()
	plain, h, e := serialproto.Open(&binding, station, static, m.Message)
	if e != serialproto.StatusOK {
		return conf, e
	}
	defer clear(plain)
	var p serialproto.Payload
	if !p.Decode(plain) {
		return conf, serialproto.StatusInvalid
	}
	if e := d.checkPayload(&p); e != serialproto.StatusOK {
		return conf, e
	}
	if e := d.install(serialproto.StateProvisioned, m.Serial, &p, h); e != serialproto.StatusOK {
		return conf, e
	}
	return serialproto.Confirmation(p.Seed, &h), serialproto.StatusOK
}

// repeatProof answers a repetition of the message that provisioned the token. Like
// burnCounter, it is a separate function to keep its variables off the stack, which is
// deepest while a message is opened.
//
//go:noinline
func (d *device) repeatProof(b *serialproto.Binding, m *serialproto.Commit) (conf [32]byte, ok bool) {
	if d.rec.state != serialproto.StateProvisioned || m.Counter+1 != d.rec.counter {
		return conf, false
	}
	h, ok := serialproto.TranscriptOf(b, d.hw.Identity.StationKey(), d.hw.Identity.StaticKey(), m.Message)
	if !ok || h != d.rec.transcript {
		return conf, false
	}
	return serialproto.Confirmation(d.rec.key(), &h), true
}

// burnCounter uses up a value of the counter.
//
//go:noinline
func (d *device) burnCounter() serialproto.Status {
	var next record // without a seed
	next.set(&d.rec)
	next.counter++
	return d.core().save(&next)
}

// install sets the token's state and everything in the payload.
//
//go:noinline
func (d *device) install(state serialproto.State, serial token.Serial, p *serialproto.Payload, h serialproto.Transcript) serialproto.Status {
	var next record
	next.set(&d.rec)
	next.state, next.death = state, deathNone
	next.presses = 0
	next.serial, next.profile = serial, p.Profile
	next.profile.Name = ""
	next.expiry, next.ends = p.Expiry, p.Ends
	next.seedLen = uint8(copy(next.seed[:], p.Seed))
	next.transcript = h
	// The clock is set first. A power cut after it leaves a blank token with the right
	// time, instead of a provisioned one with the wrong time.
	d.hw.Clock.Set(p.Clock)
	d.core().tick()
	d.view = View{}
	e := d.core().save(&next)
	clear(next.seed[:])
	return e
}

// checkPayload checks that this device supports the payload.
func (d *device) checkPayload(p *serialproto.Payload) serialproto.Status {
	if len(p.Seed) < token.MinSeedLen || len(p.Seed) > token.MaxSeedLen {
		return serialproto.StatusSeedLength
	}
	if p.Profile.Validate() != nil || int(p.Profile.Digits) > d.hw.LCD.Digits() {
		return serialproto.StatusProfile
	}
	if !serialproto.ValidClock(p.Clock) {
		return serialproto.StatusInvalid
	}
	if p.Clock < p.Profile.T0.Milli() { // the token would have no code to show
		return serialproto.StatusProfile
	}
	return serialproto.StatusOK
}
