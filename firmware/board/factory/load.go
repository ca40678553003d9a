// SPDX-License-Identifier: Apache-2.0

package factory

// Store reads and writes the two records. They are far enough apart in flash that one
// can be erased without the other.
type Store interface {
	// Read fills p, RecordSize bytes, from the start of a record.
	Read(record int, p []byte) error

	// Write erases a record and writes p, RecordSize bytes, to it. If power fails
	// during the call, the contents of the record are undefined.
	Write(record int, p []byte) error
}

// Device is the identity and the private key of a device.
type Device struct {
	Identity
	StaticKey [32]byte // X25519 private key
}

// DefaultModel is the model of a device without a factory record.
const DefaultModel = "always-on-6"

// Load reads the records and creates the missing ones. Without a factory record, the
// device gets a random hardware ID and the insecure test station. Without a key, it
// generates one. The device serves no request before both records are written, so a
// power cut in between does no harm. random fills p with random bytes. The error wraps
// [ErrDamaged] or [ErrEntropy], or comes from the store.
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
		if hasKey || namesStation(record[:]) { // the record was valid when the key was made, or the factory wrote it
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
