// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"runtime/volatile"

	"github.com/d204ef64/fob/firmware"
)

// cells implements firmware.RAM on the firmware's scratch memory, which nothing
// else uses during a self-test.
type cells [firmware.SlotSize]byte

func (c *cells) Size() int           { return len(c) }
func (c *cells) Load(i int) byte     { return volatile.LoadUint8(&c[i]) }
func (c *cells) Store(i int, b byte) { volatile.StoreUint8(&c[i], b) }

// noise implements firmware.Noise on the ring oscillator, as random uses it.
type noise struct{}

func (noise) Bit() (b uint8, ok bool) { return roscBit(), true }
