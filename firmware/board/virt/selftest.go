// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import "machine"

// noise implements firmware.Noise on QEMU's virtio-rng.
type noise struct {
	word uint32
	left uint8 // bits of the word
}

func (n *noise) Bit() (b uint8, ok bool) {
	if n.left == 0 {
		var err error
		if n.word, err = machine.GetRNG(); err != nil {
			return 0, false
		}
		n.left = 32
	}
	b = uint8(n.word & 1)
	n.word >>= 1
	n.left--
	return b, true
}
