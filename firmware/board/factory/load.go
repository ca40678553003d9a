// SPDX-License-Identifier: Apache-2.0

package factory

// Store is where the two records lie. They are far enough apart in flash that
// one can be erased without the other.
type Store interface {
	// Read fills p, RecordSize bytes, from the start of a record.
	Read(record int, p []byte) error

	// Write erases a record and writes p, RecordSize bytes, to it. Power can
	// fail inside: then the record is in any state.
	Write(record int, p []byte) error
}

// Device is what Load finds or makes.
type Device struct {
	Identity
	StaticKey [32]byte // X25519 private key
}

// DefaultModel is what a device is that nobody has said it to.
const DefaultModel = "always-on-6"

// Load reads the records, and makes what is missing: a name and the insecure
// test station where there is no factory record, and the device's key. Nothing
// is served before both are written, so that a power cut in between leaves
// nothing that anybody has relied on. random fills p with random bytes. The
// error wraps [ErrDamaged] or [ErrEntropy], or is the store's.
func (d *Device) Load(s Store, random func(p []byte) bool) error {
	var record [RecordSize]byte
	defer clear(record[:])
	if err := s.Read(RecordKey, record[:]); err != nil {
		return err
	}
	hasKey := d.parseKey(record[:])
	if err := s.Read(RecordIdentity, record[:]); err != nil {
		return err
	}
	if !d.Parse(record[:]) {
		if hasKey || namesStation(record[:]) { // it was whole when the key was made, or the factory's
			return ErrDamaged
		}
		d.Identity = Identity{Model: DefaultModel, Digits: 6, StationKey: InsecureTestStationKey}
		if !random(d.HardwareID[:]) {
			return ErrEntropy
		}
		d.HardwareID[0] |= 1 // never zero
		if err := s.Write(RecordIdentity, d.Append(record[:0])); err != nil {
			return err
		}
	}
	if hasKey {
		return nil
	}
	if !random(d.StaticKey[:]) {
		return ErrEntropy
	}
	return s.Write(RecordKey, appendKey(record[:0], &d.StaticKey))
}

func (d *Device) parseKey(record []byte) bool {
	body, ok := open(record, keyMagic)
	copy(d.StaticKey[:], body)
	return ok && d.StaticKey != [32]byte{}
}
