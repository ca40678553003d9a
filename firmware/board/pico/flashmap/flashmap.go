// SPDX-License-Identifier: Apache-2.0

// Package flashmap says where in a Raspberry Pi Pico's flash the token keeps
// what: in the last pages of the chip, far behind the program. A program that is
// flashed anew erases its own pages only, and leaves these.
package flashmap

// The chip, as the processor sees it.
const (
	Base     = 0x10000000
	Size     = 2 << 20
	PageSize = 4096 // what is erased at once
)

// The pages at its end: the two records of package factory, each in a page of
// its own so that one can be written without the other, and the firmware's log.
const (
	Pages        = 8
	FactoryPages = 2
	StorePages   = Pages - FactoryPages
	Factory      = Base + Size - Pages*PageSize
	Store        = Factory + FactoryPages*PageSize
)

// Address returns where n bytes at an offset in one of the log's pages are, and
// whether all of them are in that page.
func Address(page, off, n int) (address uint32, ok bool) {
	if page < 0 || page >= StorePages || off < 0 || n < 0 || off > PageSize-n {
		return 0, false
	}
	return uint32(Store + page*PageSize + off), true
}

// Record returns where a record of package factory is.
func Record(record int) (address uint32) { return uint32(Factory + record*PageSize) }
