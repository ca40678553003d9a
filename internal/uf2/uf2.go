// SPDX-License-Identifier: Apache-2.0

// Package uf2 writes USB Flashing Format files, which a boot loader accepts when it
// appears as a drive. Microsoft defines the format: github.com/microsoft/uf2.
package uf2

import (
	"encoding/binary"

	"github.com/d204ef64/fob/internal/errclass"
)

// Family identifies a kind of processor. Boot loaders of other kinds ignore the file.
type Family uint32

// RP2040 is the family of the Raspberry Pi Pico.
const RP2040 Family = 0xe48bff56

// BlockSize is the size of a block of the file. Each block carries Payload bytes.
const (
	BlockSize = 512
	Payload   = 256
)

const (
	magic0    = 0x0A324655 // "UF2\n"
	magic1    = 0x9E5D5157
	magicEnd  = 0x0AB16F30
	hasFamily = 0x00002000
	dataStart = 32
)

// ErrAligned is the error of Encode for an unaligned address or length, or for empty
// data.
var ErrAligned = errclass.New(errclass.Usage, "uf2: address and length must be multiples of 256")

// Encode returns a file that writes data to an address. Both the address and the length
// must be multiples of Payload.
func Encode(family Family, address uint32, data []byte) ([]byte, error) {
	if address%Payload != 0 || len(data)%Payload != 0 || len(data) == 0 {
		return nil, ErrAligned
	}
	blocks := len(data) / Payload
	file := make([]byte, blocks*BlockSize)
	for i := range blocks {
		b := file[i*BlockSize:][:BlockSize]
		for at, word := range [...]uint32{
			magic0, magic1, hasFamily, address + uint32(i*Payload), Payload, uint32(i), uint32(blocks), uint32(family),
		} {
			binary.LittleEndian.PutUint32(b[4*at:], word)
		}
		copy(b[dataStart:], data[i*Payload:][:Payload])
		binary.LittleEndian.PutUint32(b[BlockSize-4:], magicEnd)
	}
	return file, nil
}
