// SPDX-License-Identifier: Apache-2.0

package firmware

// The health tests of NIST SP 800-90B (January 2018), section 4.4, for a noise source
// of single bits. The limits are for a source with 0.415 bits of min-entropy per bit,
// which produces the likelier value in 3 of 4 samples, and for one false alarm in 2^20
// samples. In practice a fair source never exceeds them, and a stuck source does so at
// once.
const (
	noiseRun    = 50   // 4.4.1: 1 + ceil(20 / 0.415)
	noiseWindow = 1024 // 4.4.2: for binary sources
	noiseMost   = 833  // 4.4.2: 1 + CRITBINOM(1024, 0.75, 1 - 2^-20)
)

// NoiseHealth runs the repetition count test and the adaptive proportion test over
// the bits of a source. The zero value is ready.
type NoiseHealth struct {
	last  uint8
	run   uint16
	first uint8  // of the window
	seen  uint16 // bits of the window so far
	equal uint16 // bits in the window equal to the first
}

// Add adds the lowest bit of b, and reports whether the source still appears to work.
func (h *NoiseHealth) Add(b uint8) bool {
	b &= 1
	if h.run == 0 || b != h.last {
		h.last, h.run = b, 0
	}
	h.run = min(h.run+1, noiseRun)
	if h.seen == 0 {
		h.first, h.equal = b, 0
	}
	if b == h.first {
		h.equal++
	}
	h.seen = (h.seen + 1) % noiseWindow
	return h.run < noiseRun && h.equal < noiseMost
}
