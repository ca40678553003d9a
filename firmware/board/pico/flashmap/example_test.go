// SPDX-License-Identifier: Apache-2.0

package flashmap_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/firmware/board/pico/flashmap"
)

// A factory makes a file with the identity of its devices. It is dropped onto the drive
// RPI-RP2 of each Pico. A file in the UF2 format has blocks of 512 bytes.
func ExampleFactoryUF2() {
	file, err := flashmap.FactoryUF2(&factory.Identity{
		HardwareID: [8]byte{1}, Model: "button-6", Digits: 6,
		StationKey: factory.InsecureTestStationKey, // use your station's key in production
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "factory-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.WriteFile(filepath.Join(dir, "button-6.uf2"), file, 0o644); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d bytes: %q\n", len(file), file[:4])
	fmt.Printf("written to %#x\n", flashmap.Record(factory.RecordIdentity))
	// Output:
	// 512 bytes: "UF2\n"
	// written to 0x101f8000
}

// The driver of the flash gets its addresses from the map. It refuses a write that
// crosses the end of a page.
func ExampleAddress() {
	for _, off := range []int{0, flashmap.PageSize - 256, flashmap.PageSize - 255} {
		address, ok := flashmap.Address(0, off, 256)
		fmt.Printf("%#x %v\n", address, ok)
	}
	// Output:
	// 0x101fa000 true
	// 0x101faf00 true
	// 0x0 false
}
