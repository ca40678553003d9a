// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package token

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"hash"
)

// Coder appends the code of a time step to dst, as [AppendCode] does, for one
// seed, algorithm and number of digits. It is for those who need many codes of a
// token: a server that searches a window, a fleet, a resynchronisation over a
// day. Half of the work of a code depends on the seed alone; a Coder has done it
// once, and allocates nothing per code when dst has room.
//
// It is a function so that nothing about the seed can be printed. It must not be
// called by two goroutines at once. After [Seed.Destroy] it appends nothing.
type Coder func(dst []byte, step int64) []byte

// Coder returns the [Coder] of a seed. The errors are those of [Profile.Code].
func (p Profile) Coder(seed Seed) (Coder, error) {
	if _, err := p.Code(seed, 0); err != nil {
		return nil, err
	}
	s, m, digits := seed.open(), newMidstate(p.Algorithm, seed.key()), p.Digits
	return func(dst []byte, step int64) []byte {
		if s.n == 0 {
			m.wipe()
			return dst
		}
		if step < 0 {
			return dst
		}
		return appendDigits(dst, m.truncated(uint64(step)), digits)
	}, nil
}

// midstate is an HMAC whose first block, the padded key, is already hashed in
// both the inner and the outer message.
type midstate struct {
	h interface {
		hash.Hash
		encoding.BinaryUnmarshaler
	}
	inner, outer []byte // states of h
	counter      [counterLen]byte
	sum          [sha512.Size]byte
}

// newMidstate returns the state for a key of at most 64 bytes and a valid
// algorithm.
func newMidstate(alg Algorithm, key []byte) *midstate {
	m := new(midstate)
	h := sha1.New()
	switch alg {
	case SHA256:
		h = sha256.New()
	case SHA512:
		h = sha512.New()
	}
	m.h = h.(interface {
		hash.Hash
		encoding.BinaryUnmarshaler
	})
	var inner, outer [sha512.BlockSize]byte
	pad(inner[:], outer[:], key)
	m.inner = stateAfter(h, inner[:h.BlockSize()])
	m.outer = stateAfter(h, outer[:h.BlockSize()])
	wipe(inner[:])
	wipe(outer[:])
	return m
}

// stateAfter returns the state of h after one block.
func stateAfter(h hash.Hash, block []byte) []byte {
	h.Reset()
	_, _ = h.Write(block)
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic("token: internal error: state of a hash: " + err.Error())
	}
	return state
}

// truncated is [truncatedSHA1] and its like.
func (m *midstate) truncated(counter uint64) uint32 {
	putWord(m.counter[:], counter)
	sum := m.resume(m.inner, m.counter[:])
	return truncate(m.resume(m.outer, sum))
}

// resume returns the sum of the block behind state and the message, in m.sum.
func (m *midstate) resume(state, message []byte) []byte {
	if err := m.h.UnmarshalBinary(state); err != nil {
		panic("token: internal error: state of a hash: " + err.Error())
	}
	_, _ = m.h.Write(message)
	return m.h.Sum(m.sum[:0])
}

// wipe overwrites what depends on the key.
func (m *midstate) wipe() {
	wipe(m.inner)
	wipe(m.outer)
	wipe(m.sum[:])
	m.h.Reset()
}
