// SPDX-License-Identifier: Apache-2.0

package entry_test

import (
	"fmt"

	"github.com/d204ef64/fob/validator/entry"
)

// A form accepts full-width characters, groups and white space, and refuses the rest.
func Example() {
	code, ok := entry.Digits("１２３ ４５６")
	fmt.Printf("%q %v\n", code, ok)

	amount, ok := entry.Amount("１５０,０００円", "¥", "円")
	fmt.Printf("%q %v\n", amount, ok)

	day, ok := entry.Day("2026年4月1日")
	fmt.Printf("%q %v\n", day, ok)

	amount, ok = entry.Amount("1.500", "円") // in some countries the point separates thousands
	fmt.Printf("%q %v\n", amount, ok)

	fmt.Printf("%q\n", entry.ID("　ａｌｉｃｅ "))
	// Output:
	// "123456" true
	// "150000" true
	// "2026-04-01" true
	// "" false
	// "alice"
}

// A clerk types a serial number as it is printed, with hyphens. The bank looks up each
// spelling in turn.
func ExampleSerials() {
	for _, serial := range entry.Serials("ft-12a") {
		fmt.Println(serial)
	}
	// Output:
	// ft-12a
	// ft12a
	// FT-12A
	// FT12A
}
