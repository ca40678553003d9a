// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

// noise implements firmware.Noise on the ring oscillator, without conditioning.
type noise struct{}

func (noise) Bit() (b uint8, ok bool) { return roscBit(), true }
