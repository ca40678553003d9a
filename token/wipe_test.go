// SPDX-License-Identifier: Apache-2.0

package token

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWipe checks that memory which held a seed, or values derived from one, is zero
// after wiping, and that the bytes beside it are unchanged.
func TestWipe(t *testing.T) {
	b := bytes.Repeat([]byte{0xa5}, 200)
	wipe(b[10:190])
	require.Equal(t, make([]byte, 180), b[10:190])
	require.Equal(t, bytes.Repeat([]byte{0xa5}, 10), b[:10])
	require.Equal(t, bytes.Repeat([]byte{0xa5}, 10), b[190:])

	// The seed of RFC 6238 appendix B for SHA-512.
	key := []byte("1234567890123456789012345678901234567890123456789012345678901234")
	seed, err := NewSeed(key)
	require.NoError(t, err)
	memory := seed.key()
	seed.Destroy()
	require.Equal(t, make([]byte, len(key)), memory)

	var d seedBits
	for _, c := range key {
		d.push(uint32(c), 8)
	}
	d.push(0x5, 4)
	d.wipe()
	require.Equal(t, [MaxSeedLen]byte{}, d.b)
	require.Zero(t, d.acc)

	for _, alg := range []Algorithm{SHA1, SHA256, SHA512} {
		m := newMidstate(alg, key)
		m.truncated(1)
		m.wipe()
		require.Equal(t, make([]byte, len(m.inner)), m.inner, alg)
		require.Equal(t, make([]byte, len(m.outer)), m.outer, alg)
		require.Equal(t, [2 * 128]byte{}, m.state, alg)
		require.Equal(t, [128]byte{}, m.message[1], alg)
		// The hash is reset as well.
		require.Equal(t, newHash(alg).Sum(nil), m.h.Sum(nil), alg)
	}
}

func newHash(alg Algorithm) hash.Hash {
	switch alg {
	case SHA256:
		return sha256.New()
	case SHA512:
		return sha512.New()
	}
	return sha1.New()
}
