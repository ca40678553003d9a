// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package firmware

import "hash/crc32"

// CRC32 returns the CRC-32/ISO-HDLC of p, which protects the records in flash. A large
// fleet spends a quarter of its time on it, so a host uses the fastest instructions of
// its processor.
func CRC32(p []byte) uint32 { return crc32.ChecksumIEEE(p) }

// isErasedSlot reports whether every byte of a slot is erased.
func isErasedSlot(slot *[SlotSize]byte) bool { return *slot == erasedSlot }

var erasedSlot = func() (slot [SlotSize]byte) {
	fill(slot[:], erased)
	return slot
}()
