// SPDX-License-Identifier: Apache-2.0

// Package factory holds the data that a device has before any provisioning: its
// hardware ID and model, the public key of the station that it obeys, and its own
// private key. The data is in two flash records, outside the firmware's log. The
// factory writes the first record; if it is missing, the device writes one itself. The
// device always writes the second, so its private key never leaves it.
package factory

import (
	"encoding/binary"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/errclass"
)

// Identity is the record that the factory writes.
type Identity struct {
	HardwareID [8]byte  // names the piece of hardware; not zero
	Model      string   // 1 to MaxModel bytes of printable ASCII; a device with the name of a virtual model behaves like it
	Digits     uint8    // digit positions of the LCD, 6 or 8
	StationKey [32]byte // X25519 public key of the station that the device obeys
}

// The records, and the size of each in bytes, including padding.
const (
	RecordIdentity = 0
	RecordKey      = 1
	RecordSize     = 128
)

// Magic is the first four bytes of the identity record.
var Magic = [4]byte{'f', 'o', 'b', 'I'}

// MaxModel is the longest name of a model in bytes (PROTOCOL.md, section 7.1).
const MaxModel = 24

const (
	identityMagic = 0x49626f66 // "fobI"
	keyMagic      = 0x4b626f66 // "fobK"
	crcSize       = 4
	erased        = 0xFF
)

// InsecureTestStationKey is the published station key of a device to which the factory
// has not given another. It equals host.InsecureTestStationKey.
var InsecureTestStationKey = [32]byte{
	0x37, 0x0f, 0x82, 0x1e, 0xde, 0x30, 0x21, 0xa8,
	0x75, 0xe4, 0x5c, 0x2e, 0xa6, 0xb4, 0x56, 0xb2,
	0xde, 0xd5, 0xbb, 0x68, 0xec, 0x24, 0x79, 0x82,
	0x3a, 0xf5, 0x1d, 0xa0, 0x0d, 0xe2, 0x56, 0x03,
}

// Errors of Load.
var (
	ErrDamaged = errclass.New(errclass.Failed, "the factory page is damaged: erase the device's flash")
	ErrEntropy = errclass.New(errclass.Failed, "no entropy to generate a key")
)

// Append appends the record of RecordSize bytes to dst. It does not validate: Parse
// rejects the record of an identity that is not Valid.
func (id *Identity) Append(dst []byte) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, identityMagic)
	dst = append(dst, id.HardwareID[:]...)
	dst = append(dst, id.Digits)
	dst = append(dst, id.StationKey[:]...)
	model := id.Model[:min(len(id.Model), MaxModel)]
	dst = append(dst, uint8(len(model)))
	dst = append(dst, model...)
	return seal(dst, start)
}

// Parse decodes a record, correcting a single wrong bit, and reports whether the record
// is valid.
func (id *Identity) Parse(record []byte) bool {
	body, ok := open(record, identityMagic)
	if !ok {
		return false
	}
	body = body[copy(id.HardwareID[:], body):]
	id.Digits, body = body[0], body[1:]
	body = body[copy(id.StationKey[:], body):]
	n := int(body[0])
	if n > MaxModel {
		return false
	}
	id.Model = string(body[1 : 1+n])
	return id.Valid()
}

// namesStation reports whether a damaged record names a station other than the test
// station. Such a record was written by the factory, and is not the remains of a first
// boot that was cut short.
func namesStation(record []byte) bool {
	const at, maxWrong = 4 + 8 + 1, 2 // where Append puts the key
	other := 0
	for i, want := range InsecureTestStationKey {
		if b := record[at+i]; b != want && b != erased {
			other++
		}
	}
	return other > maxWrong
}

// Valid reports whether a device can have this identity.
func (id *Identity) Valid() bool {
	printable := len(id.Model) > 0 && len(id.Model) <= MaxModel
	for i := range len(id.Model) {
		printable = printable && id.Model[i] > ' ' && id.Model[i] <= '~'
	}
	return printable && id.HardwareID != [8]byte{} && id.StationKey != [32]byte{} && (id.Digits == 6 || id.Digits == 8)
}

// appendKey appends the record of a private key to dst.
func appendKey(dst []byte, key *[32]byte) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, keyMagic)
	dst = append(dst, key[:]...)
	return seal(dst, start)
}

// seal pads the record that begins at start and appends its CRC-32.
func seal(dst []byte, start int) []byte {
	for len(dst)-start < RecordSize-crcSize {
		dst = append(dst, erased)
	}
	return binary.LittleEndian.AppendUint32(dst, firmware.CRC32(dst[start:]))
}

// open checks a record, correcting a single wrong bit, and returns the bytes between
// the magic number and the CRC.
func open(record []byte, magic uint32) (body []byte, ok bool) {
	if len(record) < RecordSize {
		return nil, false
	}
	end := RecordSize - crcSize
	sum := binary.LittleEndian.Uint32(record[end:])
	if !firmware.Mend(record[:end], &sum) && sum != firmware.CRC32(record[:end]) {
		return nil, false
	}
	return record[4:end], binary.LittleEndian.Uint32(record) == magic
}
