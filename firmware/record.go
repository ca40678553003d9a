// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"encoding/binary"
	"math/bits"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// record is the state that survives a power cut. The flash holds complete copies of it;
// the newest valid one counts.
type record struct {
	sequence   uint32 // 0: never written
	state      serialproto.State
	death      death
	counter    uint32 // the value that the next provisioning message must carry
	presses    uint32
	serial     token.Serial
	profile    token.Profile
	expiry     token.Expiry
	ends       token.UnixSeconds // first second at which the token is expired; 0: never
	seedLen    uint8
	seed       [token.MaxSeedLen]byte
	transcript serialproto.Transcript // of the message that provisioned the token
}

// death is the reason why a token died. For an EXPIRED token it records whether the
// display has gone blank.
type death uint8

const (
	deathNone    death = iota
	deathClock         // the clock lost power in the field
	deathPresses       // the press limit was reached
	deathFlash         // the flash cannot be read; never written to it
	deathBlank         // EXPIRED only: the display has gone blank
)

// key returns the seed in use.
func (r *record) key() []byte { return r.seed[:r.seedLen] }

// set makes r a copy of from. It is a separate function because TinyGo copies a struct
// field by field, which costs code and stack.
//
//go:noinline
func (r *record) set(from *record) { *r = *from }

// eraseSeed erases the seed and the transcript, which could confirm it.
func (r *record) eraseSeed() {
	clear(r.seed[:])
	r.seedLen = 0
	r.transcript = serialproto.Transcript{}
}

// The layout of a slot: the fields in the order of encode, little-endian, then erased
// bytes up to crcOffset, then the CRC-32 of all preceding bytes. The mark is written
// after the record has been read back. It is erased while the record may be torn, and
// zero once the record was complete.
const (
	recordMagic = 0x31626f66 // "fob1"
	magicSize   = 4
	crcOffset   = 176
	recordSize  = crcOffset + 4
	markOffset  = 184 // a double word of its own, for memory with an error-correcting code
	markSize    = 8
	noExpiry    = 0xFFFFFFFF
)

// encode writes the record to a slot.
func (r *record) encode(slot *[SlotSize]byte) {
	days := uint32(noExpiry)
	if !r.expiry.IsZero() {
		days = uint32(r.expiry.Days())
	}
	p, b := &r.profile, &r.profile.Behaviour

	le := binary.LittleEndian
	w := slot[:0]
	w = le.AppendUint32(w, recordMagic)
	w = le.AppendUint32(w, r.sequence)
	w = append(w, uint8(r.state), uint8(r.death))
	w = le.AppendUint32(w, r.counter)
	w = le.AppendUint32(w, r.presses)
	w = appendSerial(w, &r.serial)
	w = append(w, p.Digits, uint8(p.Algorithm))
	w = le.AppendUint32(w, uint32(p.Step))
	w = le.AppendUint64(w, uint64(p.T0))
	w = append(w, flag(b.Button)|flag(b.UntilStepEnd)<<1|flag(b.ClockLossErases)<<2|flag(b.LimitEnds)<<3,
		b.ShowSeconds, b.LowPercent, uint8(b.Expiry), b.BlankDelayDays, b.Bars)
	w = le.AppendUint16(w, b.PressLimit)
	w = le.AppendUint32(w, days)
	w = le.AppendUint64(w, uint64(r.ends))
	w = append(w, r.seedLen)
	w = append(w, r.seed[:]...)
	w = append(w, r.transcript[:]...)
	for len(w) < crcOffset {
		w = append(w, erased)
	}
	w = le.AppendUint32(w, CRC32(w))
	for len(w) < SlotSize {
		w = append(w, erased)
	}
}

// appendSerial appends a serial number with its length. It is a separate function
// because TinyGo gives up escape analysis on a long function, and then allocates its
// arguments.
//
//go:noinline
func appendSerial(w []byte, s *token.Serial) []byte {
	w = append(w, uint8(s.Len()))
	end := len(w) + token.MaxSerialLen
	for w = s.AppendTo(w); len(w) < end; {
		w = append(w, 0)
	}
	return w
}

// decode reads a slot, and reports whether it holds a valid record of this layout that
// a token can run with.
func (r *record) decode(slot *[SlotSize]byte) bool {
	le := binary.LittleEndian
	if le.Uint32(slot[:]) != recordMagic || slotSum(slot) != CRC32(slot[:crcOffset]) {
		return false
	}
	in := fields(slot[4:])
	*r = record{}
	r.sequence = le.Uint32(in.next(4))
	r.state = serialproto.State(in.next(1)[0])
	r.death = death(in.next(1)[0])
	r.counter = le.Uint32(in.next(4))
	r.presses = le.Uint32(in.next(4))
	n := int(in.next(1)[0])
	sn := in.next(token.MaxSerialLen)
	if n > len(sn) {
		return false
	}
	if n > 0 {
		serial, err := token.SerialFromBytes(sn[:n])
		if err != nil {
			return false
		}
		r.serial = serial
	}
	p, b := &r.profile, &r.profile.Behaviour
	p.Digits = in.next(1)[0]
	p.Algorithm = token.Algorithm(in.next(1)[0])
	p.Step = token.UnixSeconds(le.Uint32(in.next(4)))
	p.T0 = token.UnixSeconds(le.Uint64(in.next(8)))
	flags := in.next(1)[0]
	b.Button, b.UntilStepEnd, b.ClockLossErases, b.LimitEnds = flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0
	b.ShowSeconds = in.next(1)[0]
	b.LowPercent = in.next(1)[0]
	b.Expiry = token.ExpiryPolicy(in.next(1)[0])
	b.BlankDelayDays = in.next(1)[0]
	b.Bars = in.next(1)[0]
	b.PressLimit = le.Uint16(in.next(2))
	if days := le.Uint32(in.next(4)); days != noExpiry {
		expiry, err := token.ExpiryFromDays(int32(days))
		if err != nil {
			return false
		}
		r.expiry = expiry
	}
	r.ends = token.UnixSeconds(le.Uint64(in.next(8)))
	r.seedLen = in.next(1)[0]
	copy(r.seed[:], in.next(len(r.seed)))
	copy(r.transcript[:], in.next(len(r.transcript)))
	switch {
	case r.state > serialproto.StateWiped, int(r.seedLen) > len(r.seed):
		return false
	case r.state == serialproto.StateBlank:
		return true
	}
	return p.Validate() == nil
}

// fields is the unread part of a slot.
type fields []byte

func (f *fields) next(n int) []byte {
	taken := (*f)[:n]
	*f = (*f)[n:]
	return taken
}

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// mend corrects a slot in which one bit of the record is wrong, and reports whether it
// did.
func mend(slot *[SlotSize]byte) bool {
	sum := slotSum(slot)
	if !Mend(slot[:crcOffset], &sum) {
		return false
	}
	binary.LittleEndian.PutUint32(slot[crcOffset:], sum)
	return true
}

// wasComplete reports whether the slot holds a record that was complete at some time: it
// has its mark, and the magic number with at most a few wrong bits.
func wasComplete(slot *[SlotSize]byte) bool {
	const maxWrong = 4
	wrong := bits.OnesCount32(binary.LittleEndian.Uint32(slot[:]) ^ recordMagic)
	return wrong <= maxWrong && isMarked(slot)
}

// isMarked reports whether most bits of the mark are zero.
func isMarked(slot *[SlotSize]byte) bool {
	mark := binary.LittleEndian.Uint64(slot[markOffset:])
	return bits.OnesCount64(mark) < markSize*8/2
}

// isEmptySlot reports whether nothing can be read from a slot: its bits are all ones or
// all zeros, except for a few wrong ones.
func isEmptySlot(slot *[SlotSize]byte) bool {
	const maxWrong, all = 8, SlotSize * 8
	ones := 0
	for i := 0; i < SlotSize; i += 4 {
		ones += bits.OnesCount32(binary.LittleEndian.Uint32(slot[i:]))
	}
	return ones <= maxWrong || ones >= all-maxWrong
}

// slotSum returns the checksum stored in a slot.
func slotSum(slot *[SlotSize]byte) uint32 { return binary.LittleEndian.Uint32(slot[crcOffset:]) }

// crcOfBits computes CRC32 bit by bit.
func crcOfBits(p []byte) uint32 {
	crc := ^uint32(0)
	for _, b := range p {
		crc ^= uint32(b)
		for range 8 {
			crc = crcStep(crc)
		}
	}
	return ^crc
}

func crcStep(crc uint32) uint32 { return crc>>1 ^ 0xEDB88320&-(crc&1) }

// Mend corrects a single wrong bit in p or in its [CRC32], and reports whether it did.
// Up to 371 bytes (2,974 bits with the checksum) the code has Hamming distance 5
// (Koopman, "32-bit cyclic redundancy codes for Internet applications", 2002). Two or
// three wrong bits are therefore never mistaken for one.
func Mend(p []byte, sum *uint32) bool {
	wrong := CRC32(p) ^ *sum
	if wrong == 0 {
		return false
	}
	if wrong&(wrong-1) == 0 { // the wrong bit is in the checksum itself
		*sum ^= wrong
		return true
	}
	// The effect of a bit on the checksum depends on its distance from the end.
	change := crcStep(1)
	for i := len(p) - 1; i >= 0; i-- {
		for bit := byte(1 << 7); bit != 0; bit >>= 1 {
			if change == wrong {
				p[i] ^= bit
				return true
			}
			change = crcStep(change)
		}
	}
	return false
}
