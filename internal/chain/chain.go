// SPDX-License-Identifier: Apache-2.0

// Package chain keeps logs in hash chains, which reveal each change that was made to a
// record later.
//
// Each record has a code, computed from the record and the code of the record before it.
// The end of a chain is its [Head], whose seal is computed with the same key. A log may
// have several chains: transactions that run at the same time each append to another one.
//
//	head := log.Lock(…)             // a chain that no other transaction holds
//	code := head.Append(keys, …)    // for each record: store it with this code
//	log.Put(…, head)
//	report := log.Verify(…)
//
// [WithMAC] returns keys for a log that only the holder of a secret key can verify.
// [Signed] returns keys for a log that anyone can verify with the public key.
//
// A log that was reset to an earlier state, with its heads, is consistent in itself. The
// checkpoint of an earlier [Report], which was stored elsewhere, reveals that.
package chain

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// MAC returns a message authentication code over the parts, each with its length. Its
// key is not in the database.
type MAC func(parts ...[]byte) []byte

// Keys link the records of a log and seal the heads of its chains.
type Keys struct {
	link  MAC
	seal  MAC // nil: these keys only verify
	check func(seal []byte, parts ...[]byte) bool
	// public is set if a seal shows others that a head is authentic. A checkpoint then
	// includes the seals.
	public bool
}

// WithMAC returns keys for which the same MAC links the records and seals the heads.
func WithMAC(mac MAC) Keys {
	return Keys{link: mac, seal: mac, check: func(seal []byte, parts ...[]byte) bool { return bytes.Equal(seal, mac(parts...)) }}
}

// Signed returns keys that link the records with SHA-256, and sign the heads.
func Signed(key ed25519.PrivateKey) Keys {
	k := Public(key.Public().(ed25519.PublicKey))
	verify, s := k.check, &signer{key: key}
	k.seal = func(parts ...[]byte) []byte { return s.sign(joined(parts)) }
	k.check = func(seal []byte, parts ...[]byte) bool {
		return s.signed(joined(parts), seal) || verify(seal, parts...)
	}
	return k
}

// signer signs heads. It remembers the last one, which is mostly the next to be verified:
// a signature takes longer to verify than to make.
type signer struct {
	key ed25519.PrivateKey

	mu            sync.Mutex // guards the fields below
	message, seal []byte
}

func (s *signer) sign(message []byte) []byte {
	seal := ed25519.Sign(s.key, message)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.message, s.seal = message, bytes.Clone(seal)
	return seal
}

// signed reports whether the last signature was this one.
func (s *signer) signed(message, seal []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seal != nil && bytes.Equal(seal, s.seal) && bytes.Equal(message, s.message)
}

// Public returns keys that verify a log of [Signed]. They cannot append to it.
func Public(key ed25519.PublicKey) Keys {
	return Keys{
		link:   digest,
		check:  func(seal []byte, parts ...[]byte) bool { return ed25519.Verify(key, joined(parts), seal) },
		public: true,
	}
}

func digest(parts ...[]byte) []byte {
	sum := sha256.Sum256(joined(parts))
	return sum[:]
}

// joined returns the parts, each preceded by its length, 8 bytes big-endian.
func joined(parts [][]byte) (b []byte) {
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}

// A Head is the end of a chain.
type Head struct {
	ID   int64  // of the chain, from 1
	Seq  int64  // number of its last record; 0 is none
	Code []byte // of its last record
	Seal []byte // of the fields above
}

// Append appends a record, and returns its code. record returns the bytes of the record,
// which must include its chain and its number. The seal of the head is then old: see
// [Log.Put].
func (h *Head) Append(k Keys, record func(chain, seq int64) []byte) (code []byte) {
	h.Seq++
	h.Code = k.link(h.Code, record(h.ID, h.Seq))
	return h.Code
}

// Empty returns the head of an empty chain, without a seal.
func (l *Log) Empty(k Keys, id int64) Head {
	return Head{ID: id, Code: k.link([]byte(l.Label+" chain"), number(id))}
}

// sealed returns the parts that a seal authenticates. The seal prevents the continuation
// of a chain from a head that was put back by hand.
func (l *Log) sealed(h *Head) [][]byte {
	return [][]byte{[]byte(l.Label + " head"), number(h.ID), number(h.Seq), h.Code}
}

// Seal seals a head, by keys that can write a log.
func (l *Log) Seal(k Keys, h *Head) { h.Seal = k.seal(l.sealed(h)...) }

// Intact reports whether the seal of a head fits.
func (l *Log) Intact(k Keys, h *Head) bool { return k.check(h.Seal, l.sealed(h)...) }

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
