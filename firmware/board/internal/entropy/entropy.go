// SPDX-License-Identifier: Apache-2.0

// Package entropy makes a key of a poor source of random bits. It spreads what
// the source has, and notices a source that is broken; it cannot make a weak one
// strong.
package entropy

import (
	"crypto/sha256"

	"github.com/d204ef64/fob/firmware"
)

// BitsPerBlock is how many bits of the source go into 32 bytes: enough where
// each is worth 1/32 of a random one.
const BitsPerBlock = 8192

// A source is refused for being broken, not for being poor: by
// [firmware.NoiseHealth], and if a whole block of it is lopsided.
const fewestOnes = BitsPerBlock / 4 // and zeros

// Fill fills p with bits of the source, whitened with SHA-256. bit returns the
// next one in its lowest place. salt tells devices apart whose sources do alike:
// where those have nothing, the result is what salt is. It returns false where
// the source is stuck or lopsided.
func Fill(p, salt []byte, bit func() uint8) bool {
	var block [BitsPerBlock / 8]byte
	defer clear(block[:])
	for n := 0; len(p) > 0; n++ {
		if !collect(&block, bit) {
			return false
		}
		h := sha256.New()
		h.Write([]byte{byte(n)})
		h.Write(salt)
		h.Write(block[:])
		var sum [sha256.Size]byte
		p = p[copy(p, h.Sum(sum[:0])):]
		clear(sum[:])
	}
	return true
}

// collect fills block, and judges what came.
func collect(block *[BitsPerBlock / 8]byte, bit func() uint8) bool {
	var health firmware.NoiseHealth
	ones := 0
	for i := range block {
		var b uint8
		for range 8 {
			v := bit() & 1
			b = b<<1 | v
			ones += int(v)
			if !health.Add(v) {
				return false
			}
		}
		block[i] = b
	}
	return ones >= fewestOnes && ones <= BitsPerBlock-fewestOnes
}
