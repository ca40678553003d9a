// SPDX-License-Identifier: Apache-2.0

package serialproto

// CRC16 returns the checksum of SMP over console: CRC-16/XMODEM, polynomial 0x1021,
// initial value 0, no reflection. It covers header and body.
func CRC16(p []byte) uint16 {
	var crc uint16
	for _, b := range p {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
