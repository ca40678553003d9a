// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"machine"
	"runtime/volatile"
	"unsafe"

	"github.com/d204ef64/fob/firmware"
)

// cells implements firmware.RAM on the firmware's scratch memory, which nothing
// else uses during a self-test.
type cells [firmware.SlotSize]byte

func (c *cells) Size() int           { return len(c) }
func (c *cells) Load(i int) byte     { return volatile.LoadUint8(&c[i]) }
func (c *cells) Store(i int, b byte) { volatile.StoreUint8(&c[i], b) }

// imageEnd is the end of the program in flash. There lies its checksum, which fob
// board build has put in: all ones in an image that was made without it.
//
//go:extern _image_end
var imageEnd uint32

const imageStart = 0x80000000

// image implements firmware.Image.
type image struct{}

func (image) Sums() (now, built uint32) {
	program := unsafe.Slice((*byte)(unsafe.Pointer(uintptr(imageStart))), uintptr(unsafe.Pointer(&imageEnd))-imageStart)
	return firmware.CRC32(program), builtSum()
}

func builtSum() uint32 { return volatile.LoadUint32(&imageEnd) }

// newImage returns nil for an image without a checksum.
func newImage() firmware.Image {
	if builtSum() == 1<<32-1 {
		return nil
	}
	return image{}
}

// noise implements firmware.Noise on QEMU's virtio-rng.
type noise struct {
	word uint32
	left uint8 // bits of the word
}

func (n *noise) Bit() (b uint8, ok bool) {
	if n.left == 0 {
		var err error
		if n.word, err = machine.GetRNG(); err != nil {
			return 0, false
		}
		n.left = 32
	}
	b = uint8(n.word & 1)
	n.word >>= 1
	n.left--
	return b, true
}
