// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package firmware

// CRC32 returns the CRC-32/ISO-HDLC of p, which protects the records in flash. It works
// bit by bit: a slot is written only a few times a day, and a table would cost a
// kilobyte.
func CRC32(p []byte) uint32 { return crcOfBits(p) }

// isErasedSlot reports whether every byte of a slot is erased.
func isErasedSlot(slot *[SlotSize]byte) bool {
	for _, b := range slot {
		if b != erased {
			return false
		}
	}
	return true
}
