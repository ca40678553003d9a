// SPDX-License-Identifier: Apache-2.0

// Package wire turns the recorded bytes of a serial line into messages that people can
// read:
//
//	r := wire.Reader{Last: 1000}
//	for _, c := range recording {
//		r.Feed(c.At, c.World, c.From, c.Data)
//	}
//	newest, left := r.End()
//	fmt.Println(left, "older messages are left out")
//	for _, m := range newest {
//		fmt.Println(m)
//	}
//
// Framing errors and runs of bytes outside a line are entries of their own. Secrets are never
// shown: byte strings that may hold a seed, a key or a sealed payload, and all bytes that are
// not a message, appear only with their length. A password may be among these bytes, whole
// or damaged. The recording itself has all of them.
package wire
