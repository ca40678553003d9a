// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// Constants of the store for the tests.
const (
	RecordSize = recordSize
	CRCOffset  = crcOffset
)

// Constants of the self-test for the tests.
const (
	NoiseRun    = noiseRun
	NoiseWindow = noiseWindow
	NoiseMost   = noiseMost
)

// CRCOfBits is the CRC32 of a microcontroller.
var CRCOfBits = crcOfBits

// The known answers of the self-test, which tests can change.
var (
	KnownCodes  = &known.codes
	KnownShared = &known.shared
	KnownPlain  = &known.plain
)

// Record is the record type with fields that tests can access.
type Record struct {
	Sequence   uint32
	State      serialproto.State
	Death      uint8
	Counter    uint32
	Presses    uint32
	Serial     token.Serial
	Profile    token.Profile
	Expiry     token.Expiry
	Ends       token.UnixSeconds
	SeedLen    uint8
	Seed       [token.MaxSeedLen]byte
	Transcript serialproto.Transcript
}

// RecordOf returns the record that the core has in RAM.
func RecordOf(c *Core) Record { return open(&c.rec) }

// FlashPasses runs only the flash part of the self-test. The other parts take a
// thousand times as long.
func FlashPasses(c *Core, hw *Hardware) bool {
	c.hw = hw
	defer c.release()
	return c.testFlash()
}

// Meaning returns the record without its position in the log.
func (r Record) Meaning() Record {
	r.Sequence = 0
	return r
}

// Encode writes the record to a slot.
func (r Record) Encode(slot *[SlotSize]byte) {
	in := record{
		sequence: r.Sequence, state: r.State, death: death(r.Death), counter: r.Counter, presses: r.Presses,
		serial: r.Serial, profile: r.Profile, expiry: r.Expiry, ends: r.Ends,
		seedLen: r.SeedLen, seed: r.Seed, transcript: r.Transcript,
	}
	in.encode(slot)
}

// Decode decodes a slot, and reports whether it holds a valid record.
func Decode(slot *[SlotSize]byte) (Record, bool) {
	var r record
	mend(slot)
	ok := r.decode(slot)
	return open(&r), ok
}

func open(r *record) Record {
	return Record{
		Sequence: r.sequence, State: r.state, Death: uint8(r.death), Counter: r.counter, Presses: r.presses,
		Serial: r.serial, Profile: r.profile, Expiry: r.expiry, Ends: r.ends,
		SeedLen: r.seedLen, Seed: r.seed, Transcript: r.transcript,
	}
}
