// SPDX-License-Identifier: Apache-2.0

// Package hwtest checks an implementation of the hardware interfaces against
// their contracts in package firmware, sentence by sentence. There is one
// function for each interface:
//
//	func TestFlash(t *testing.T) {
//		hwtest.Flash(newFlash(), hwtest.To(t))
//	}
//
// The functions import nothing that a microcontroller has not, and report
// through a callback, so that a board's own program can run them on the board
// and print what failed. What no program can find out by itself, such as
// whether a human sees the segments, is not checked.
//
// They use the hardware: the flash's contents are lost, the clock is set.
package hwtest
