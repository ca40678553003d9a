// SPDX-License-Identifier: Apache-2.0

package token

// seedBits collects the characters of a seed's text, 4 or 5 bits each, into bytes on
// the caller's stack.
type seedBits struct {
	acc  uint32 // bits that do not yet make a byte, right-aligned
	bits uint   // number of bits in acc, 0 to 7
	n    int    // whole bytes seen, including those beyond b
	b    [MaxSeedLen]byte
}

// push appends the lowest width bits of v.
func (d *seedBits) push(v uint32, width uint) {
	d.acc = d.acc<<width | v
	d.bits += width
	if d.bits < 8 {
		return
	}
	d.bits -= 8
	if d.n < len(d.b) {
		d.b[d.n] = byte(d.acc >> d.bits)
	}
	d.acc &= 1<<d.bits - 1
	d.n++
}

// seed returns the bytes as a seed of at least that length. The error is a
// [SeedLengthError].
func (d *seedBits) seed(minLen int) (Seed, error) {
	if d.n > len(d.b) {
		return Seed{}, &SeedLengthError{Got: d.n}
	}
	return newSeed(d.b[:d.n], minLen)
}

// wipe overwrites the collected bits.
func (d *seedBits) wipe() {
	wipe(d.b[:])
	d.acc = 0
}

// exposeBits writes b in characters of width bits. It fills up the last one with zero
// bits.
func exposeBits(b []byte, width uint, alphabet string) string {
	out := make([]byte, 0, (len(b)*8+int(width)-1)/int(width))
	var acc uint32
	var bits uint
	for _, c := range b {
		acc = acc<<8 | uint32(c)
		bits += 8
		for bits >= width {
			bits -= width
			out = append(out, alphabet[acc>>bits])
			acc &= 1<<bits - 1
		}
	}
	if bits > 0 {
		out = append(out, alphabet[acc<<(width-bits)])
	}
	text := string(out)
	wipe(out)
	return text
}
