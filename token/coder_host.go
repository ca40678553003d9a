// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package token

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"hash"
	"sync"
)

// Coder appends the code of a time step to dst, like [AppendCode], for one seed,
// algorithm and number of digits. Use it to compute many codes of one token: in a
// server that searches a window, in a fleet, or in a resynchronisation over a day. Half
// of the work for a code depends on the seed alone. A Coder does that half once, and
// allocates nothing per code if dst has room.
//
// Coder is a function type because a function cannot print anything about the seed. It
// must not be called by two goroutines at once. After [Seed.Destroy] it appends
// nothing.
type Coder func(dst []byte, step int64) []byte

// Coder returns the [Coder] of a seed. It returns the same errors as [Profile.Code].
func (p Profile) Coder(seed Seed) (Coder, error) {
	if err := p.checkKey(seed.key()); err != nil {
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
		if m.h == nil {
			return AppendCode(dst, seed.key(), p.Algorithm, digits, step)
		}
		return appendDigits(dst, m.truncated(uint64(step)), digits)
	}, nil
}

// midstate is an HMAC in which the first block, the padded key, of the inner and the
// outer message is already hashed. One block of each message remains. midstate pads it
// itself (RFC 3174 section 4, FIPS 180-4 section 5.1), and the state of the hash after
// that block is then the sum. Calling Sum would pad once more and copy the hash.
type midstate struct {
	h            hasher // nil if its states do not have the expected layout
	inner, outer []byte // states of h after the padded key
	message      [2][sha512.BlockSize]byte
	block, size  int
	state        [2 * sha512.BlockSize]byte
}

// hasher lists the methods of the standard library's hashes that midstate needs.
type hasher interface {
	hash.Hash
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// stateHeader is the number of bytes before the chaining value in a hash's binary
// state.
const stateHeader = 4

// newMidstate returns the state for a key of at most 64 bytes and a valid
// algorithm.
func newMidstate(alg Algorithm, key []byte) *midstate {
	m := preparedMidstate(alg, key)
	if !layoutVerified[alg]() {
		m.wipe()
		m.h = nil
	}
	return m
}

// preparedMidstate is newMidstate without the check of the layout.
func preparedMidstate(alg Algorithm, key []byte) *midstate {
	h := sha1.New()
	switch alg {
	case SHA256:
		h = sha256.New()
	case SHA512:
		h = sha512.New()
	}
	m := &midstate{h: h.(hasher), block: h.BlockSize(), size: h.Size()}
	var inner, outer [sha512.BlockSize]byte
	pad(inner[:], outer[:], key)
	m.inner = m.stateAfter(inner[:m.block])
	m.outer = m.stateAfter(outer[:m.block])
	wipe(inner[:])
	wipe(outer[:])
	m.padMessage(0, counterLen)
	m.padMessage(1, m.size)
	return m
}

// layoutVerified reports whether the states of a hash have the expected layout. It
// checks one code of a known key. The layout is stable but not documented.
var layoutVerified = [...]func() bool{
	SHA1:   sync.OnceValue(func() bool { return checkStateLayout(SHA1) }),
	SHA256: sync.OnceValue(func() bool { return checkStateLayout(SHA256) }),
	SHA512: sync.OnceValue(func() bool { return checkStateLayout(SHA512) }),
}

func checkStateLayout(alg Algorithm) bool {
	key := []byte("12345678901234567890") // RFC 4226 appendix D
	const counter = 1
	want, err := HOTPCode(key, alg, MaxDigits, counter)
	return err == nil && string(appendDigits(nil, preparedMidstate(alg, key).truncated(counter), MaxDigits)) == string(want)
}

// stateAfter returns the state of the hash after one block.
func (m *midstate) stateAfter(block []byte) []byte {
	m.h.Reset()
	_, _ = m.h.Write(block)
	state, err := m.h.AppendBinary(nil)
	if err != nil {
		panic("token: internal error: state of a hash: " + err.Error())
	}
	return state
}

// padMessage pads message i, which has n bytes and follows the block that holds the
// key.
func (m *midstate) padMessage(i, n int) {
	m.message[i][n] = 0x80
	putWord(m.message[i][m.block-8:m.block], uint64(m.block+n)*8)
}

// truncated is [truncatedSHA1] or the same for another hash.
func (m *midstate) truncated(counter uint64) uint32 {
	putWord(m.message[0][:], counter)
	copy(m.message[1][:m.size], m.resume(m.inner, 0))
	return truncate(m.resume(m.outer, 1))
}

// resume returns the hash of message i, starting from a state after the key's block.
func (m *midstate) resume(state []byte, i int) []byte {
	if err := m.h.UnmarshalBinary(state); err != nil {
		panic("token: internal error: state of a hash: " + err.Error())
	}
	_, _ = m.h.Write(m.message[i][:m.block])
	after, err := m.h.AppendBinary(m.state[:0])
	if err != nil || len(after) < stateHeader+m.size {
		return m.state[:m.size]
	}
	return after[stateHeader : stateHeader+m.size]
}

// wipe overwrites everything that depends on the key.
func (m *midstate) wipe() {
	wipe(m.inner)
	wipe(m.outer)
	wipe(m.message[1][:])
	wipe(m.state[:])
	if m.h != nil {
		m.h.Reset()
	}
}
