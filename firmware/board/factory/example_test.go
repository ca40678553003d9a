// SPDX-License-Identifier: Apache-2.0

package factory_test

import (
	"bytes"
	"crypto/rand"
	"fmt"

	"github.com/d204ef64/fob/firmware/board/factory"
)

// pages holds the two records in memory. A board stores them in two pages of its flash.
type pages [2][factory.RecordSize]byte

func (s *pages) Read(record int, p []byte) error {
	copy(p, s[record][:])
	return nil
}

func (s *pages) Write(record int, p []byte) error {
	copy(s[record][:], p)
	return nil
}

// The factory writes an identity. At its first boot the device adds a private key, and
// every later boot reads both.
func Example() {
	var store pages
	for i := range store {
		copy(store[i][:], bytes.Repeat([]byte{0xFF}, factory.RecordSize)) // erased flash
	}
	id := factory.Identity{
		HardwareID: [8]byte{1}, Model: "button-8", Digits: 8,
		StationKey: factory.InsecureTestStationKey, // use your station's key in production
	}
	if !id.Valid() {
		fmt.Println("invalid identity")
		return
	}
	if err := store.Write(factory.RecordIdentity, id.Append(nil)); err != nil {
		fmt.Println(err)
		return
	}

	random := func(p []byte) bool {
		_, err := rand.Read(p)
		return err == nil
	}
	var first, second factory.Device
	for _, device := range []*factory.Device{&first, &second} {
		if err := device.Load(&store, random); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(second.Model, second.Digits)
	fmt.Println("identity unchanged:", second.Identity == id)
	fmt.Println("same private key:", second.StaticKey == first.StaticKey)
	// Output:
	// button-8 8
	// identity unchanged: true
	// same private key: true
}
