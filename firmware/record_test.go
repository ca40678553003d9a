// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// drawRecord returns any record that a token can have.
func drawRecord(t *rapid.T) firmware.Record {
	byteOf := func(name string, most uint8) uint8 { return rapid.Uint8Range(0, most).Draw(t, name) }
	r := firmware.Record{
		Sequence: rapid.Uint32().Draw(t, "sequence"),
		State:    serialproto.State(byteOf("state", 5)),
		Death:    byteOf("death", 4),
		Counter:  rapid.Uint32().Draw(t, "counter"),
		Presses:  rapid.Uint32().Draw(t, "presses"),
		Ends:     token.UnixSeconds(rapid.Int64().Draw(t, "ends")),
		SeedLen:  byteOf("seed length", token.MaxSeedLen),
	}
	if text := rapid.StringMatching(`[0-9A-Za-z-]{0,20}`).Draw(t, "serial"); text != "" {
		r.Serial, _ = token.ParseSerial(text)
	}
	copy(r.Seed[:r.SeedLen], rapid.SliceOfN(rapid.Byte(), token.MaxSeedLen, token.MaxSeedLen).Draw(t, "seed"))
	copy(r.Transcript[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "transcript"))
	if rapid.Bool().Draw(t, "expires") {
		r.Expiry, _ = token.ExpiryFromDays(rapid.Int32Range(0, 2932896).Draw(t, "days"))
	}
	if r.State == serialproto.StateBlank {
		return r
	}
	r.Profile = token.Profile{
		Step: []token.UnixSeconds{30, 60}[byteOf("step", 1)], Digits: []uint8{6, 8}[byteOf("digits", 1)],
		Algorithm: token.Algorithm(byteOf("algorithm", 2)),
		T0:        token.UnixSeconds(rapid.Int64Range(0, 253402300799).Draw(t, "t0")),
		Behaviour: token.Behaviour{
			LowPercent: byteOf("low", 99), Expiry: token.ExpiryPolicy(byteOf("policy", 2)),
			BlankDelayDays: byteOf("delay", 5), ClockLossErases: rapid.Bool().Draw(t, "erases"), Bars: byteOf("bars", 6),
		},
	}
	if b := &r.Profile.Behaviour; rapid.Bool().Draw(t, "button") {
		b.Button, b.UntilStepEnd = true, rapid.Bool().Draw(t, "until")
		b.ShowSeconds, b.PressLimit = 1+byteOf("show", 119), rapid.Uint16().Draw(t, "limit")
		b.LimitEnds = b.PressLimit > 0 && rapid.Bool().Draw(t, "limit ends")
	}
	return r
}

func TestRecordRoundTrip(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		want := drawRecord(t)
		var slot [firmware.SlotSize]byte
		want.Encode(&slot)
		got, ok := firmware.Decode(&slot)
		require.True(t, ok)
		require.Equal(t, want, got)
		require.Equal(t, crc32.ChecksumIEEE(slot[:firmware.CRCOffset]), binary.LittleEndian.Uint32(slot[firmware.CRCOffset:]))
	})
}

// TestRecordFlips checks that a flipped bit is corrected, or has no meaning because it
// is beyond the record.
func TestRecordFlips(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "button-6")), true)
	want := m.record()
	var slot [firmware.SlotSize]byte
	want.Encode(&slot)
	for bit := range 8 * firmware.SlotSize {
		flipped := slot
		flipped[bit/8] ^= 1 << (bit % 8)
		got, ok := firmware.Decode(&flipped)
		require.True(t, ok, "bit %d of byte %d", bit%8, bit/8)
		require.Equal(t, want, got)
	}
	require.True(t, bytes.Equal(slot[firmware.RecordSize:], bytes.Repeat([]byte{0xFF}, firmware.SlotSize-firmware.RecordSize)),
		"unused bytes stay erased")
}

// TestRecordInvalidContent checks that a record that no token can run with is rejected,
// even with a valid checksum. Another firmware could have written it.
func TestRecordInvalidContent(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "button-6")), true)
	good := m.record()
	for name, change := range map[string]func(r *firmware.Record){
		"state":     func(r *firmware.Record) { r.State = 6 },
		"seed":      func(r *firmware.Record) { r.SeedLen = 65 },
		"step":      func(r *firmware.Record) { r.Profile.Step = 0 },
		"digits":    func(r *firmware.Record) { r.Profile.Digits = 9 },
		"algorithm": func(r *firmware.Record) { r.Profile.Algorithm = 3 },
		"bars":      func(r *firmware.Record) { r.Profile.Behaviour.Bars = 7 },
	} {
		bad := good
		change(&bad)
		var slot [firmware.SlotSize]byte
		bad.Encode(&slot)
		_, ok := firmware.Decode(&slot)
		require.False(t, ok, name)
	}

	// A serial number that is longer than its field.
	var slot [firmware.SlotSize]byte
	good.Serial = serial(t, "12345678901234567890")
	good.Encode(&slot)
	const length = 18 // see TestRecordLayout
	require.EqualValues(t, 20, slot[length])
	for _, n := range []byte{21, 255} {
		slot[length] = n
		binary.LittleEndian.PutUint32(slot[firmware.CRCOffset:], crc32.ChecksumIEEE(slot[:firmware.CRCOffset]))
		_, ok := firmware.Decode(&slot)
		require.False(t, ok, "%d characters", n)
	}
}

// TestMarkShowsLostRecord: a record that cannot be read was whole once if most of its
// mark's 64 bits are zero. Then the token has lost its state; otherwise a power cut left
// a torn record, and the token is blank.
func TestMarkShowsLostRecord(t *testing.T) {
	for ones := range 65 {
		m := newMachine(t)
		m.program(t, payload(profile(t, "button-6")), true)
		image := m.flash.Image()
		flip(image, 8*60)
		flip(image, 8*60+1)
		mark := image[184:192]
		require.Equal(t, make([]byte, 8), mark)
		for bit := range ones {
			flip(mark, bit)
		}
		require.NoError(t, m.flash.LoadImage(image))
		err := m.restart()
		if ones < 32 {
			require.Error(t, err, "%d ones", ones)
			require.Equal(t, serialproto.StateDead, m.state())
		} else {
			require.NoError(t, err, "%d ones", ones)
			require.Equal(t, serialproto.StateBlank, m.state())
		}
	}
}

// TestRecordLayout fixes the layout, because tokens in the field keep their records
// when they get a new firmware. A change of the layout requires a new magic number.
func TestRecordLayout(t *testing.T) {
	r := firmware.Record{
		Sequence: 0x04030201, State: serialproto.StateLocked, Death: 2, Counter: 7, Presses: 258,
		Serial: serial(t, "AB-1"), Expiry: expiry(t, 1970, 1, 3), Ends: 0x1122334455667788, SeedLen: 16,
	}
	r.Profile = profile(t, "button-8")
	r.Profile.T0 = 5
	r.Seed[0], r.Seed[15], r.Transcript[31] = 0xAA, 0xBB, 0xCC
	var slot [firmware.SlotSize]byte
	r.Encode(&slot)
	want := "fob1\x01\x02\x03\x04\x02\x02\x07\x00\x00\x00\x02\x01\x00\x00" +
		"\x04AB-1" + string(make([]byte, 16)) +
		"\x08\x00\x3c\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00" +
		"\x05\x1e\x0a\x00\x00\x06\xb0\x36" +
		"\x02\x00\x00\x00\x88\x77\x66\x55\x44\x33\x22\x11" +
		"\x10\xaa" + string(make([]byte, 14)) + "\xbb" + string(make([]byte, 48+31)) + "\xcc"
	require.Equal(t, want, string(slot[:len(want)]))
	require.LessOrEqual(t, len(want), firmware.CRCOffset)
}

// FuzzRecord checks that encoding a decoded slot gives a record with the same meaning,
// and that a token runs with every slot that decodes.
func FuzzRecord(f *testing.F) {
	m := newMachine(f)
	m.program(f, payload(profile(f, "button-6")), true)
	var slot [firmware.SlotSize]byte
	m.record().Encode(&slot)
	f.Add(slot[:], false)
	f.Add(slot[:], true)
	f.Add([]byte("fob1"), true)
	f.Fuzz(func(t *testing.T, data []byte, sum bool) {
		var slot [firmware.SlotSize]byte
		copy(slot[:], data)
		if sum { // otherwise hardly any input gets past the checksum
			binary.LittleEndian.PutUint32(slot[firmware.CRCOffset:], firmware.CRC32(slot[:firmware.CRCOffset]))
		}
		r, ok := firmware.Decode(&slot)
		if !ok {
			return
		}
		var again [firmware.SlotSize]byte
		r.Encode(&again)
		back, ok := firmware.Decode(&again)
		require.True(t, ok)
		require.Equal(t, r, back)

		m := newMachine(t)
		m.valid = true
		image := m.flash.Image()
		copy(image, slot[:])
		require.NoError(t, m.flash.LoadImage(image))
		m.boot(t)
		m.press()
		m.press()
	})
}

// TestCRC32 checks both implementations with the check value of CRC-32/ISO-HDLC in the
// catalogue of parametrised CRC algorithms (reveng.sourceforge.io), and with each other.
func TestCRC32(t *testing.T) {
	require.Equal(t, uint32(0xCBF43926), firmware.CRC32([]byte("123456789")))
	require.Equal(t, uint32(0xCBF43926), firmware.CRCOfBits([]byte("123456789")))
	proptest.Check(t, func(t *rapid.T) {
		p := rapid.SliceOf(rapid.Byte()).Draw(t, "p")
		require.Equal(t, firmware.CRC32(p), firmware.CRCOfBits(p))
	})
}

// TestMend checks that one wrong bit is corrected at every position. Two or three wrong
// bits are never mistaken for one, because the code has distance 5 at this length. The
// test checks every pair of bits by its syndrome, which is linear; the source for three
// is Koopman's table.
func TestMend(t *testing.T) {
	const size = firmware.CRCOffset
	var zero [size]byte
	base := firmware.CRC32(zero[:])
	syndromes := make([]uint32, 0, 8*firmware.RecordSize)
	for bit := range 8 * size {
		p := zero
		p[bit/8] ^= 1 << (bit % 8)
		syndromes = append(syndromes, firmware.CRC32(p[:])^base)
		sum := base
		require.True(t, firmware.Mend(p[:], &sum))
		require.Equal(t, zero, p)
		require.Equal(t, base, sum)
	}
	for bit := range 32 {
		syndromes = append(syndromes, 1<<bit)
		p, sum := zero, base^1<<bit
		require.True(t, firmware.Mend(p[:], &sum))
		require.Equal(t, zero, p)
		require.Equal(t, base, sum)
	}
	one := map[uint32]bool{0: true}
	for _, s := range syndromes {
		require.False(t, one[s], "two bits with the same syndrome")
		one[s] = true
	}
	for i, a := range syndromes {
		for _, b := range syndromes[:i] {
			if one[a^b] {
				t.Fatalf("two wrong bits were corrected as one")
			}
		}
	}
	p, sum := zero, base
	require.False(t, firmware.Mend(p[:], &sum), "no bit is wrong")
	p[3], p[100] = 1, 1
	require.False(t, firmware.Mend(p[:], &sum))
}
