// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// This file implements AES key wrap: RFC 3394, and RFC 5649 for any number of bytes.
// The available libraries export only one of the two, or neither. The tests use the
// vectors of the RFCs.

const (
	kwIV    = 0xA6A6A6A6A6A6A6A6 // RFC 3394 section 2.2.3.1
	kwpIV   = 0xA65959A6         // RFC 5649 section 3, before the length
	kwBlock = 8                  // bytes in a semiblock; n semiblocks are wrapped
)

var errUnwrap = errors.New("does not unwrap")

// wrapKey wraps b, of 1 byte or more, with an AES key. It uses RFC 3394 if b has at
// least 16 bytes and a multiple of 8, and otherwise RFC 5649; padded reports the
// second. An invalid key gives the error of aes.NewCipher.
func wrapKey(kek, b []byte) (wrapped []byte, padded bool, err error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, false, err
	}
	iv := uint64(kwIV)
	if padded = len(b)%kwBlock != 0 || len(b) < 2*kwBlock; padded {
		iv = kwpIV<<32 | uint64(len(b))
	}
	n := (len(b) + kwBlock - 1) / kwBlock
	out := make([]byte, (n+1)*kwBlock)
	binary.BigEndian.PutUint64(out, iv)
	copy(out[kwBlock:], b)
	if n == 1 { // RFC 5649 section 4.1: one block, no rounds
		block.Encrypt(out, out)
		return out, padded, nil
	}
	var x [2 * kwBlock]byte
	copy(x[:kwBlock], out)
	for t := 1; t <= 6*n; t++ { // RFC 3394 section 2.2.1
		r := out[((t-1)%n+1)*kwBlock:][:kwBlock]
		copy(x[kwBlock:], r)
		block.Encrypt(x[:], x[:])
		copy(r, x[kwBlock:])
		kwXor(x[:kwBlock], t)
	}
	copy(out, x[:kwBlock])
	return out, padded, nil
}

// unwrapKey reverses wrapKey; padded selects the algorithm. It returns errUnwrap for
// the wrong algorithm, a wrong key or changed bytes. Because the caller selects one
// algorithm, the check value has its full strength of 64 bits.
func unwrapKey(kek, wrapped []byte, padded bool) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	n := len(wrapped)/kwBlock - 1
	if len(wrapped)%kwBlock != 0 || n < 1 || n == 1 && !padded {
		return nil, errUnwrap
	}
	out := append([]byte(nil), wrapped...)
	if n == 1 {
		block.Decrypt(out, out)
	} else {
		unwrapRounds(block, out, n)
	}
	iv, b := binary.BigEndian.Uint64(out), out[kwBlock:]
	if !padded {
		if iv != kwIV {
			return nil, errUnwrap
		}
		return b, nil
	}
	size := int(iv & 0xFFFFFFFF)
	if iv>>32 != kwpIV || size > len(b) || size <= len(b)-kwBlock {
		return nil, errUnwrap
	}
	var zero [kwBlock]byte
	if subtle.ConstantTimeCompare(b[size:], zero[:len(b)-size]) != 1 {
		return nil, errUnwrap
	}
	return b[:size], nil
}

// unwrapRounds are the rounds of RFC 3394 section 2.2.2.
func unwrapRounds(block cipher.Block, out []byte, n int) {
	var x [2 * kwBlock]byte
	copy(x[:kwBlock], out)
	for t := 6 * n; t > 0; t-- {
		r := out[((t-1)%n+1)*kwBlock:][:kwBlock]
		kwXor(x[:kwBlock], t)
		copy(x[kwBlock:], r)
		block.Decrypt(x[:], x[:])
		copy(r, x[kwBlock:])
	}
	copy(out, x[:kwBlock])
}

// kwXor XORs the number of the round into A.
func kwXor(a []byte, t int) {
	binary.BigEndian.PutUint64(a, binary.BigEndian.Uint64(a)^uint64(t))
}
