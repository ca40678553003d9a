// SPDX-License-Identifier: Apache-2.0

// Package hwtest checks an implementation of the hardware interfaces against their
// contracts in package firmware, sentence by sentence. There is one function for each
// interface:
//
//	func TestFlash(t *testing.T) {
//		hwtest.Flash(newFlash(), hwtest.To(t))
//	}
//
// The functions use only packages that exist on a microcontroller, and report through a
// callback. A board's own program can therefore run them on the board and print the
// failures. Properties that a program cannot check by itself, such as whether a person
// can see the segments, are not checked.
//
// The checks change the state of the hardware: the flash is erased and the clock is
// set.
package hwtest
