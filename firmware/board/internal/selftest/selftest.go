// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

// Package selftest gives the self-test of every board access to its RAM and to its
// program image.
package selftest

import (
	"runtime/volatile"
	"unsafe"

	"github.com/d204ef64/fob/firmware"
)

// Cells implements firmware.RAM on the firmware's scratch memory, which nothing
// else uses during a self-test.
type Cells [firmware.SlotSize]byte

// Size implements firmware.RAM.
func (c *Cells) Size() int { return len(c) }

// Load implements firmware.RAM.
func (c *Cells) Load(i int) byte { return volatile.LoadUint8(&c[i]) }

// Store implements firmware.RAM.
func (c *Cells) Store(i int, b byte) { volatile.StoreUint8(&c[i], b) }

// imageStart is the start of the program in flash. The linker scripts in tools/tinygo
// name it. TinyGo overlooks go:extern in a group of variables.
//
//go:extern _image_start
var imageStart [0]byte

// imageEnd is the end of the program, including the initial values of its variables.
// The word there is the checksum that fob board build adds. In an image that TinyGo
// built alone, all its bits are one.
//
//go:extern _image_end
var imageEnd uint32

type image struct{}

func (image) Sums() (now, built uint32) {
	start := uintptr(unsafe.Pointer(&imageStart))
	n := uintptr(unsafe.Pointer(&imageEnd)) - start
	return firmware.CRC32(unsafe.Slice((*byte)(unsafe.Pointer(start)), n)), builtSum()
}

func builtSum() uint32 { return volatile.LoadUint32(&imageEnd) }

// Image returns the running program, or nil if it has no checksum.
func Image() firmware.Image {
	if builtSum() == 1<<32-1 {
		return nil
	}
	return image{}
}
