// SPDX-License-Identifier: Apache-2.0

package serialproto

import "github.com/d204ef64/fob/token"

// Verdict is the result of one part of a self-test.
type Verdict uint8

// These numbers are used on the wire.
const (
	Failed        Verdict = 0
	Passed        Verdict = 1
	NotApplicable Verdict = 2 // the device has no hardware that this part could test
)

// Part is a part of a self-test that has a [Verdict].
type Part uint8

// The parts of a self-test.
const (
	PartSHA1    Part = iota // codes with HMAC-SHA-1
	PartSHA256              // and HMAC-SHA-256
	PartSHA512              // and HMAC-SHA-512
	PartX25519              // key agreement
	PartGCM                 // AES-256-GCM
	PartRAM                 // working memory
	PartImage               // the program in flash
	PartEntropy             // the random source
	PartCount
)

var partNames = [PartCount]string{"sha1", "sha256", "sha512", "x25519", "gcm", "ram", "image", "entropy"}

// String returns the part's key on the wire.
func (p Part) String() string {
	if p < PartCount {
		return partNames[p]
	}
	return "unknown"
}

// SelfTest is the result of a self-test.
type SelfTest struct {
	Flash  bool // the record in flash matches the one in memory
	Crypto bool // the known-answer tests passed: all of PartSHA1 to PartGCM
	Clock  bool // the clock has been set and is running
	Supply int32
	Parts  [PartCount]Verdict
}

func (m *SelfTest) encode(e *Encoder) {
	e.Map(4 + int(PartCount))
	e.key("flash").Bool(m.Flash)
	e.key("crypto").Bool(m.Crypto)
	e.key("clock").Bool(m.Clock)
	e.key("mv").Int(int64(m.Supply))
	for part, v := range m.Parts {
		e.key(partNames[part]).Uint(uint64(v))
	}
}

// Uptime has the values by which a host measures a token's crystal.
type Uptime struct {
	Milli    int64 // milliseconds counted by the token's crystal, from an arbitrary origin
	HasWorld bool  // the device is in a virtual world, whose time may differ from the host's
	World    token.UnixMilli
}

func (m *Uptime) encode(e *Encoder) {
	if m.HasWorld {
		e.Map(2)
		e.key("world").Int(int64(m.World))
	} else {
		e.Map(1)
	}
	e.key("up").Int(m.Milli)
}
