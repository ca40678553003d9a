// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// seed is the seed of RFC 6238, appendix B.
const seed = "12345678901234567890"

// The provisioning message of serialproto/testdata/noise.json, generated with
// github.com/flynn/noise.
const (
	noiseStation = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
	noiseDevice  = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
	noiseMessage = "ff63fe57bfbf43fa3f563628b149af704d3db625369c49983650347a6a71e00e" +
		"0f09a8bebcfc896a3a2498284d1d8e72494223421f1a4f72984d486a5b67bd579fe593d19214cf34" +
		"94ab7a28301cb18d5c51b3594f2876ae7dfc09e28637b089098442be9ffd499e38f3aee2af469e8f" +
		"1ee8a6eb2eada05403766019f85458ed0d3c8a2656d70cede7116f"
	noiseSerial       = "1000042"
	noiseFirmware     = "0.1.0"
	noiseConfirmation = "a59ad1b8e0a24d34347cf0bbfb71a3417b9559f1cb2146c25c9d640eea61fe3c"
)

var noiseHardware = [8]byte{0xf0, 0xb0, 1, 2, 3, 4, 5, 6}

// noise opens the message and computes the confirmation that proves possession of its
// seed. It exercises all of the standard library's cryptography that a token needs.
func noise() bool {
	var station, device, want [32]byte
	var message [len(noiseMessage) / 2]byte
	unhex(station[:], noiseStation)
	unhex(device[:], noiseDevice)
	unhex(want[:], noiseConfirmation)
	unhex(message[:], noiseMessage)
	serial, err := token.ParseSerial(noiseSerial)
	if err != nil {
		return false
	}
	binding := serialproto.Binding{
		HardwareID: noiseHardware, Serial: serial, Firmware: noiseFirmware,
	}
	plain, transcript, e := serialproto.Open(&binding, &station, &device, message[:])
	if e != serialproto.StatusOK {
		return false
	}
	var p serialproto.Payload
	return p.Decode(plain) && string(p.Seed) == seed && serialproto.Confirmation(p.Seed, &transcript) == want
}

// unhex decodes lower-case hexadecimal digits. encoding/hex would pull in fmt.
func unhex(dst []byte, text string) {
	for i := range dst {
		dst[i] = nibble(text[2*i])<<4 | nibble(text[2*i+1])
	}
}

func nibble(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}
