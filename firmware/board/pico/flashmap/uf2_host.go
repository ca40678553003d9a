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
var ErrIdentity = errclass.New(errclass.Usage, "invalid device identity")

// FactoryUF2 returns a UF2 file that writes the factory record id to a Pico. The user
// drops it onto the drive RPI-RP2 or loads it with picotool; nothing but the record
// changes. One file serves many boards: a Pico takes its hardware ID from the serial
// number of its flash chip, and uses id.HardwareID only if the chip has none.
func FactoryUF2(id *factory.Identity) ([]byte, error) {
	if !id.Valid() {
		return nil, ErrIdentity
	}
	// The file is one block. Before writing it, the boot loader erases the page that
	// holds it.
	block := append(id.Append(nil), bytes.Repeat([]byte{0xFF}, uf2.Payload-factory.RecordSize)...)
	return uf2.Encode(uf2.RP2040, Record(factory.RecordIdentity), block)
}
