// SPDX-License-Identifier: Apache-2.0

package fleetkey_test

import (
	"bytes"
	"fmt"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/token/fleetkey"
)

// Two programs with the same key compute the same code of token 42.
func Example() {
	text := bytes.Repeat([]byte("07"), fleetkey.Size) // from a file; see fleetkey.Generate
	key, err := fleetkey.Parse(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	serial, err := token.TestSerial(token.SerialOATH, 42)
	if err != nil {
		fmt.Println(err)
		return
	}
	seed, err := key.Seed(42, token.DefaultSeedLen)
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := token.Profiles()[0].Code(seed, 29_000_000)
	fmt.Println(serial, code, err)
	// Output:
	// ZZFB0000002A 514603 <nil>
}
