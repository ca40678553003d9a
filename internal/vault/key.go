// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

// version is the first byte of a wrapped or sealed value. It stands for AES-256-GCM: a
// random nonce of 12 bytes, the ciphertext, and a tag of 16 bytes.
const version = 1

// domainWrap and domainSeal begin the additional data, such as "fob-bank-wrap". They
// separate wrapped keys from sealed values, so neither can be mistaken for the other.
func (r Realm) domainWrap() string { return "fob-" + string(r) + "-wrap" }
func (r Realm) domainSeal() string { return "fob-" + string(r) + "-seal" }

// maxPurpose is the maximum length in bytes of the name of a purpose.
const maxPurpose = 32

// Key is a data key. It serves one purpose and has an ID that is unique within that
// purpose. The zero value has no key. Copies refer to the same bytes.
type Key struct {
	opaque
	purpose string
	id      int64
	k       secret
}

// NewKey returns a random key. It returns an error unless the purpose has 1 to 32 small
// letters and the ID is at least 1.
func NewKey(purpose string, id int64) (Key, error) {
	if err := checkName(purpose, id); err != nil {
		return Key{}, err
	}
	return Key{purpose: purpose, id: id, k: newSecret()}, nil
}

// Purpose returns the purpose of the key.
func (k Key) Purpose() string { return k.purpose }

// ID returns the key's number, from 1.
func (k Key) ID() int64 { return k.id }

// IsZero reports whether k has no key, because it was never set or was destroyed.
func (k Key) IsZero() bool { return k.k.key() == nil }

// Destroy overwrites the bytes, for all copies of k. A ring keeps its own copy.
func (k Key) Destroy() { k.k.destroy() }

// Wrap returns the key sealed under the master key, 61 bytes to keep in the database.
// The error is [ErrNoKey].
func (k Key) Wrap(m Master) ([]byte, error) {
	outer, inner := m.k.key(), k.k.key()
	if outer == nil || inner == nil {
		return nil, ErrNoKey
	}
	return newGCM(outer).Seal([]byte{version}, nil, inner, additional(m.realm.domainWrap(), k.purpose, k.id, "")), nil
}

// Unwrap opens a key from [Key.Wrap]. Purpose and ID must match the key. The error is
// [ErrWrongKey], [ErrNoKey], or one from [NewKey].
func Unwrap(m Master, purpose string, id int64, wrapped []byte) (Key, error) {
	if err := checkName(purpose, id); err != nil {
		return Key{}, err
	}
	outer := m.k.key()
	if outer == nil {
		return Key{}, ErrNoKey
	}
	body, ok := bytes.CutPrefix(wrapped, []byte{version})
	if !ok {
		return Key{}, ErrWrongKey
	}
	inner, err := newGCM(outer).Open(nil, nil, body, additional(m.realm.domainWrap(), purpose, id, ""))
	defer clear(inner)
	if err != nil || len(inner) != keyLen {
		return Key{}, ErrWrongKey
	}
	return Key{purpose: purpose, id: id, k: secretOf(inner)}, nil
}

func checkName(purpose string, id int64) error {
	if purpose == "" || len(purpose) > maxPurpose {
		return fmt.Errorf("the purpose of a data key has 1 to %d letters", maxPurpose)
	}
	for _, r := range []byte(purpose) {
		if r < 'a' || r > 'z' {
			return fmt.Errorf("the purpose of a data key has only lower-case letters")
		}
	}
	if id < 1 {
		return fmt.Errorf("the ID of a data key must be 1 or more, got %d", id)
	}
	return nil
}

// additional returns the additional data that binds a wrapped or sealed value to its
// owner:
//
//	domain 0x00 | version | key ID, 8 bytes big-endian | purpose 0x00 | serial
//
// Neither domain nor purpose contains a zero byte, so different owners have different
// data.
func additional(domain, purpose string, id int64, serial string) []byte {
	b := make([]byte, 0, 96)
	b = append(append(b, domain...), 0, version)
	b = binary.BigEndian.AppendUint64(b, uint64(id))
	b = append(append(b, purpose...), 0)
	return append(b, serial...)
}

// newGCM returns AES-256-GCM with a random nonce before each ciphertext. The key must
// have 32 bytes.
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("vault: internal error: " + err.Error())
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("vault: internal error: " + err.Error())
	}
	return gcm
}
