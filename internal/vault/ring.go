// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Ring holds the unwrapped data keys of a database. Create one with [Realm.NewRing]. Any number
// of goroutines may call its methods.
type Ring struct {
	opaque
	domain string // of sealed values
	adding sync.Mutex
	now    atomic.Pointer[ringState]
}

// ringState is immutable once it is stored in Ring.now, so readers need no lock.
type ringState struct {
	keys map[string]map[int64]Key // by purpose and ID
	seal map[int64]cipher.AEAD    // ciphers of the seed keys
	last map[string]int64         // the highest ID of each purpose
	mac  map[string]Key           // the oldest key of each purpose
}

// NewRing returns a ring. It requires at least one key each for seeds, audit log and
// fingerprints. The error wraps [ErrRing].
func (r Realm) NewRing(keys ...Key) (*Ring, error) {
	r.check()
	ring := &Ring{domain: r.domainSeal()}
	ring.now.Store(&ringState{map[string]map[int64]Key{}, map[int64]cipher.AEAD{}, map[string]int64{}, map[string]Key{}})
	for _, k := range keys {
		if err := ring.Add(k); err != nil {
			return nil, err
		}
	}
	for _, p := range Purposes() {
		if ring.now.Load().last[p] == 0 {
			return nil, fmt.Errorf("%w: there is none for purpose %s", ErrRing, p)
		}
	}
	return ring, nil
}

// Add adds a key, for example after this or another server has rotated the keys. To add
// the same key again has no effect. A different key with the same purpose and ID is an
// error, because replacing the first one would make the values that it sealed
// unreadable.
func (r *Ring) Add(k Key) error {
	if k.IsZero() {
		return fmt.Errorf("%w: %w", ErrRing, ErrNoKey)
	}
	r.adding.Lock()
	defer r.adding.Unlock()
	old := r.now.Load()
	if have, ok := old.keys[k.purpose][k.id]; ok {
		if subtle.ConstantTimeCompare(have.k.key(), k.k.key()) == 1 {
			return nil
		}
		return fmt.Errorf("%w: two with purpose %s and ID %d", ErrRing, k.purpose, k.id)
	}
	k.k = secretOf(k.k.key()) // a copy, which the caller cannot destroy
	n := &ringState{maps.Clone(old.keys), maps.Clone(old.seal), maps.Clone(old.last), maps.Clone(old.mac)}
	same := maps.Clone(n.keys[k.purpose])
	if same == nil {
		same = map[int64]Key{}
	}
	same[k.id] = k
	n.keys[k.purpose] = same
	n.last[k.purpose] = max(n.last[k.purpose], k.id)
	if first, ok := n.mac[k.purpose]; !ok || k.id < first.id {
		n.mac[k.purpose] = k
	}
	if k.purpose == PurposeSeed {
		n.seal[k.id] = newGCM(k.k.key())
	}
	r.now.Store(n)
	return nil
}

// NewestSeedKey returns the ID of the key that [Ring.Seal] uses: the highest.
func (r *Ring) NewestSeedKey() int64 { return r.now.Load().last[PurposeSeed] }

// SeedKeys returns the IDs of all seed keys in order.
func (r *Ring) SeedKeys() []int64 { return slices.Sorted(maps.Keys(r.now.Load().seal)) }

// Seal seals a value under the newest seed key. It returns the key's ID, which must be
// stored with the value. The value opens for the same serial number only. It is 29
// bytes longer than plain. The error is currently always nil.
func (r *Ring) Seal(serial string, plain []byte) (id int64, sealed []byte, err error) {
	now := r.now.Load()
	id = now.last[PurposeSeed]
	sealed = make([]byte, 1, 1+12+len(plain)+16)
	sealed[0] = version
	return id, now.seal[id].Seal(sealed, nil, plain, additional(r.domain, PurposeSeed, id, serial)), nil
}

// Open returns the plain value, which the caller must wipe. The error is [ErrAltered]
// or wraps [ErrUnknownKey]. After the latter, a server that shares its database looks
// there for a new key.
func (r *Ring) Open(serial string, id int64, sealed []byte) ([]byte, error) {
	gcm, ok := r.now.Load().seal[id]
	if !ok {
		return nil, fmt.Errorf("%w: seed key %d", ErrUnknownKey, id)
	}
	body, ok := bytes.CutPrefix(sealed, []byte{version})
	if !ok {
		return nil, ErrAltered
	}
	plain, err := gcm.Open(nil, nil, body, additional(r.domain, PurposeSeed, id, serial))
	if err != nil {
		return nil, ErrAltered
	}
	return plain, nil
}

// Fingerprint returns 32 bytes that identify a seed, to find the same seed under two
// serial numbers. It is HMAC-SHA-256 under the oldest fingerprint key, because all
// fingerprints of a database must use the same key. Without the key, it reveals nothing
// about the seed.
func (r *Ring) Fingerprint(seed []byte) []byte {
	mac := hmac.New(sha256.New, r.now.Load().mac[PurposeFingerprint].k.key())
	mac.Write(seed)
	return mac.Sum(nil)
}

// MAC returns 32 bytes that authenticate a list of parts: HMAC-SHA-256 under the oldest
// audit key. Each part is preceded by its length (8 bytes, big-endian), which makes the
// encoding of different lists different.
func (r *Ring) MAC(parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, r.now.Load().mac[PurposeAudit].k.key())
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write(part)
	}
	return mac.Sum(nil)
}
