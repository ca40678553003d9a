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

// Ring is the data keys of a bank, unwrapped. Its methods may be called by any
// number of goroutines. It is made by [NewRing].
type Ring struct {
	opaque
	adding sync.Mutex
	now    atomic.Pointer[ring]
}

// ring is never changed once it is in place, so that readers take no lock.
type ring struct {
	keys map[string]map[int64]Key // by purpose and ID
	seal map[int64]cipher.AEAD    // the seed keys, made ready
	last map[string]int64         // the newest ID of each purpose
	mac  map[string]Key           // the oldest key of each purpose
}

// NewRing returns a ring of at least one key each for seeds, audit log and
// fingerprints. The error wraps [ErrRing].
func NewRing(keys ...Key) (*Ring, error) {
	r := new(Ring)
	r.now.Store(&ring{map[string]map[int64]Key{}, map[int64]cipher.AEAD{}, map[string]int64{}, map[string]Key{}})
	for _, k := range keys {
		if err := r.Add(k); err != nil {
			return nil, err
		}
	}
	for _, p := range []string{PurposeSeed, PurposeAudit, PurposeFingerprint} {
		if r.now.Load().last[p] == 0 {
			return nil, fmt.Errorf("%w: none for the purpose %s", ErrRing, p)
		}
	}
	return r, nil
}

// Add takes one more key, as after a rotation here or by another server. One
// that is there already is no error; another key with the same purpose and ID is,
// and is left out: what the first one sealed would be lost.
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
	k.k = secretOf(k.k.key()) // a copy that nobody else destroys
	n := &ring{maps.Clone(old.keys), maps.Clone(old.seal), maps.Clone(old.last), maps.Clone(old.mac)}
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

// Seal seals a value under the newest seed key and returns the key's ID, which
// is kept with it. The value opens for the same serial only. It is 29 bytes
// longer than plain. The error is always nil today.
func (r *Ring) Seal(serial string, plain []byte) (id int64, sealed []byte, err error) {
	now := r.now.Load()
	id = now.last[PurposeSeed]
	sealed = make([]byte, 1, 1+12+len(plain)+16)
	sealed[0] = version
	return id, now.seal[id].Seal(sealed, nil, plain, additional(domainSeal, PurposeSeed, id, serial)), nil
}

// Open returns what was sealed; the caller wipes it. The error is [ErrAltered] or
// wraps [ErrUnknownKey], after which a server that shares its database looks there
// for a new key.
func (r *Ring) Open(serial string, id int64, sealed []byte) ([]byte, error) {
	gcm, ok := r.now.Load().seal[id]
	if !ok {
		return nil, fmt.Errorf("%w: seed key %d", ErrUnknownKey, id)
	}
	body, ok := bytes.CutPrefix(sealed, []byte{version})
	if !ok {
		return nil, ErrAltered
	}
	plain, err := gcm.Open(nil, nil, body, additional(domainSeal, PurposeSeed, id, serial))
	if err != nil {
		return nil, ErrAltered
	}
	return plain, nil
}

// Fingerprint returns 32 bytes by which the same seed is found under two serial
// numbers: HMAC-SHA-256 under the oldest fingerprint key, since all of a bank's
// must be alike. It tells nothing of the seed to who lacks the key.
func (r *Ring) Fingerprint(seed []byte) []byte {
	mac := hmac.New(sha256.New, r.now.Load().mac[PurposeFingerprint].k.key())
	mac.Write(seed)
	return mac.Sum(nil)
}

// MAC returns 32 bytes that authenticate a list of parts, HMAC-SHA-256 under the
// oldest audit key. Each part goes in after its length (8 bytes, big-endian), so
// that no two lists are alike.
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
