// SPDX-License-Identifier: Apache-2.0

// Package wire turns the recorded bytes of a serial line into messages that people can
// read:
//
//	var r wire.Reader
//	for _, c := range recording {
//		r.Feed(c.At, c.World, c.From, c.Data)
//	}
//	for _, m := range r.End() {
//		fmt.Println(m)
//	}
//
// Framing errors and bytes outside a line are entries of their own. Secrets are never
// shown: byte strings that may hold a seed, a key or a sealed payload, and the line with
// the password of a port, appear only with their length.
package wire
