// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
)

// This file implements the HMAC of RFC 2104 entirely on the stack. A key never exceeds
// the block of its hash ([MaxSeedLen] is 64) and a message always has eight bytes, so
// two one-shot sums over fixed buffers are enough. Package crypto/hmac allocates two
// hashes and a result for the same work.
const (
	innerPad = 0x36 // RFC 2104 section 2, ipad
	outerPad = 0x5c // RFC 2104 section 2, opad

	counterLen = 8 // RFC 4226 section 5.1: the moving factor is 8 bytes
)

// truncatedSHA1 returns the dynamically truncated HMAC-SHA-1 of the counter. The
// key must have at most 64 bytes.
func truncatedSHA1(key []byte, counter uint64) uint32 {
	const block, size = sha1.BlockSize, sha1.Size
	var buf [block + counterLen + block + size]byte
	inner, outer := buf[:block+counterLen], buf[block+counterLen:]
	pad(inner[:block], outer[:block], key)
	putWord(inner[block:], counter)
	sum := sha1.Sum(inner)
	copy(outer[block:], sum[:])
	sum = sha1.Sum(outer)
	wipe(buf[:])
	return truncate(sum[:])
}

// truncatedSHA256 is [truncatedSHA1] with SHA-256.
func truncatedSHA256(key []byte, counter uint64) uint32 {
	const block, size = sha256.BlockSize, sha256.Size
	var buf [block + counterLen + block + size]byte
	inner, outer := buf[:block+counterLen], buf[block+counterLen:]
	pad(inner[:block], outer[:block], key)
	putWord(inner[block:], counter)
	sum := sha256.Sum256(inner)
	copy(outer[block:], sum[:])
	sum = sha256.Sum256(outer)
	wipe(buf[:])
	return truncate(sum[:])
}

// truncatedSHA512 is [truncatedSHA1] with SHA-512, whose block has 128 bytes.
func truncatedSHA512(key []byte, counter uint64) uint32 {
	const block, size = sha512.BlockSize, sha512.Size
	var buf [block + counterLen + block + size]byte
	inner, outer := buf[:block+counterLen], buf[block+counterLen:]
	pad(inner[:block], outer[:block], key)
	putWord(inner[block:], counter)
	sum := sha512.Sum512(inner)
	copy(outer[block:], sum[:])
	sum = sha512.Sum512(outer)
	wipe(buf[:])
	return truncate(sum[:])
}

// pad fills the first block of the inner and of the outer message. Both must be zero
// and have the same length, which is a multiple of 8 and not shorter than the key. pad
// works in words of eight bytes. Their byte order does not matter as long as reading
// and writing use the same one.
func pad(inner, outer, key []byte) {
	const everyByte = 0x0101010101010101
	copy(inner, key)
	for i := 0; i+8 <= len(inner) && i+8 <= len(outer); i += 8 {
		w := word(inner[i : i+8])
		putWord(inner[i:i+8], w^innerPad*everyByte)
		putWord(outer[i:i+8], w^outerPad*everyByte)
	}
}

// word reads eight bytes big-endian. The compiler turns it into one load.
func word(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 |
		uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
}

// putWord writes eight bytes big-endian, the byte order of the counter in RFC 4226
// section 5.1.
func putWord(b []byte, v uint64) {
	_ = b[7]
	b[0] = byte(v >> 56)
	b[1] = byte(v >> 48)
	b[2] = byte(v >> 40)
	b[3] = byte(v >> 32)
	b[4] = byte(v >> 24)
	b[5] = byte(v >> 16)
	b[6] = byte(v >> 8)
	b[7] = byte(v)
}

// truncate is the dynamic truncation of RFC 4226 section 5.3. The low four bits of the
// last byte are the offset of four bytes, and the top bit of those is dropped.
func truncate(sum []byte) uint32 {
	o := sum[len(sum)-1] & 0x0f
	p := sum[o : o+4 : o+4]
	return uint32(p[0]&0x7f)<<24 | uint32(p[1])<<16 | uint32(p[2])<<8 | uint32(p[3])
}

// wipe overwrites b with zeros. It is not inlined: otherwise the compiler could see
// that b is not read afterwards, and omit the writes.
//
//go:noinline
func wipe(b []byte) { clear(b) }
