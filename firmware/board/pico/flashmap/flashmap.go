// SPDX-License-Identifier: Apache-2.0

// Package flashmap is the map of a Raspberry Pi Pico's flash. The token's data is in
// the last pages of the chip, far behind the program. Flashing a new program erases
// only the program's own pages and leaves the data.
package flashmap

// The chip, in the processor's address space.
const (
	Base     = 0x10000000
	Size     = 2 << 20
	PageSize = 4096 // the smallest unit of erasure
)

// The pages at the end of the chip: the two records of package factory, each in a page
// of its own and so writable without the other, and the firmware's log.
const (
	Pages        = 8
	FactoryPages = 2
	StorePages   = Pages - FactoryPages
	Factory      = Base + Size - Pages*PageSize
	Store        = Factory + FactoryPages*PageSize
)

// Address returns the address of n bytes at an offset in a page of the log, and reports
// whether all of them are within that page.
func Address(page, off, n int) (address uint32, ok bool) {
	if page < 0 || page >= StorePages || off < 0 || n < 0 || off > PageSize-n {
		return 0, false
	}
	return uint32(Store + page*PageSize + off), true
}

// Record returns the address of a record of package factory.
func Record(record int) (address uint32) { return uint32(Factory + record*PageSize) }
