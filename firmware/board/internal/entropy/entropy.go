// SPDX-License-Identifier: Apache-2.0

// Package entropy makes a key from a poor source of random bits. It spreads the entropy
// of the source over the key and detects a broken source. It cannot make a weak source
// strong.
package entropy

import (
	"crypto/sha256"

	"github.com/d204ef64/fob/firmware"
)

// BitsPerBlock is the number of source bits that make 32 bytes of output. They suffice
// if each carries at least 1/32 bit of entropy.
const BitsPerBlock = 8192

// A source is rejected if it is broken, not if it is merely poor: either
// [firmware.NoiseHealth] fails, or fewer than a quarter of the bits of a block are
// ones, or fewer than a quarter are zeros.
const fewestOnes = BitsPerBlock / 4 // and fewest zeros

// Fill fills p with bits of the source, whitened with SHA-256. bit returns the next bit
// in its lowest place. salt makes the results of different devices differ even if their
// sources return the same bits; if the sources have no entropy, the result depends on
// salt alone. Fill returns false if the source is stuck or lopsided.
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

// collect fills block and reports whether the source is healthy.
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
