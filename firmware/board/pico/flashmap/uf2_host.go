// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package flashmap

import (
	"bytes"

	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/uf2"
)

// ErrIdentity is returned by FactoryUF2 for an identity that no device can have.
var ErrIdentity = errclass.New(errclass.Usage, "not an identity that a device can have")

// FactoryUF2 returns a UF2 file that makes a Pico what id says: dropped onto its
// drive RPI-RP2, or loaded by picotool, it replaces the factory's record and
// touches nothing else. One file is good for many boards: a Pico's hardware id
// is the number of its flash chip, and that of id counts only where the chip has
// none.
func FactoryUF2(id *factory.Identity) ([]byte, error) {
	if !id.Valid() {
		return nil, ErrIdentity
	}
	// One block: before it the boot loader erases the page in which it lies.
	block := append(id.Append(nil), bytes.Repeat([]byte{0xFF}, uf2.Payload-factory.RecordSize)...)
	return uf2.Encode(uf2.RP2040, Record(factory.RecordIdentity), block)
}
