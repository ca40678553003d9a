// SPDX-License-Identifier: Apache-2.0

package hwtest_test

import (
	"fmt"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/hwtest"
	"github.com/d204ef64/fob/virtual"
)

// erasingFlash is a driver with a mistake: it erases the page before each write.
type erasingFlash struct{ *virtual.Flash }

func (f erasingFlash) Program(page, off int, p []byte) error {
	if err := f.Erase(page); err != nil {
		return err
	}
	return f.Flash.Program(page, off, p)
}

// A board prints the sentences of the contract that its driver breaks. In a test, pass
// hwtest.To(t) instead of a function that prints.
func Example() {
	memory := virtual.NewFlash(2, 4*firmware.SlotSize, 0)
	for _, driver := range []firmware.Flash{memory, erasingFlash{memory}} {
		fmt.Printf("%T:\n", driver)
		passed := true
		hwtest.Flash(driver, func(sentence string, ok bool) {
			if !ok {
				fmt.Println("-", sentence)
				passed = false
			}
		})
		fmt.Println("passed:", passed)
	}
	// Output:
	// *virtual.Flash:
	// passed: true
	// hwtest_test.erasingFlash:
	// - Program can only clear bits
	// - Program fills the whole memory
	// - Erase sets every byte of its page to 0xFF and changes no other
	// passed: false
}
