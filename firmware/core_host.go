// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package firmware

import "fmt"

// Format writes "[firmware]" for every verb and flag, because a core holds the seed.
func (*Core) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[firmware]")) }

// Key returns a copy of the token's secret key, nil if it has none. It exists for the
// export of test tokens, and no device has it.
func (c *Core) Key() []byte {
	if c.rec.seedLen == 0 {
		return nil
	}
	return append([]byte(nil), c.rec.key()...)
}

// NewestSlot returns the place of the newest record in flash. If ok is true, EncodeSlot
// returns the contents of that slot, unless the flash has a fault.
func (c *Core) NewestSlot() (page, slot int, ok bool) {
	s := &c.store
	return int(s.page), int(s.slot), s.ready && s.slot != noSlot && s.marked && !s.mended
}

// EncodeSlot writes the record in RAM to slot in its form in flash, with its mark. It
// lets a host with many tokens store each record once.
func (c *Core) EncodeSlot(slot *[SlotSize]byte) {
	c.rec.encode(slot)
	clear(slot[markOffset:][:markSize])
}
