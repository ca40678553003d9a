// SPDX-License-Identifier: Apache-2.0

// Package token says what a 60-second TOTP hardware token is: a serial number,
// an expiry date, a seed, and a profile that turns the seed and the time into
// a code. Everything here is a value; nothing here runs.
//
// The common case is three calls:
//
//	seed, err := token.ParseSeed("3132333435363738393031323334353637383930")
//	p, err := token.ProfileByName("always-on-6")
//	code, err := p.Code(seed, p.StepAt(now))
//
// [Serial] and [Expiry] are comparable and hold no pointer, so they may be map
// keys and may be copied freely. [Seed] is a handle that prints as
// "[seed redacted]" by every means; see there for who must wipe what.
//
// # Firmware
//
// Files without build tag compile with TinyGo. They start no goroutine, read no
// clock and import neither time, os, net nor fmt: time, entropy and buffers come
// from the caller. Firmware does not use [Seed], which allocates, but keeps the
// key in an array of its own and calls [AppendCode], which does not. What needs
// package time or fmt is in the files named *_host.go.
//
// # Siblings
//
// Packages seedfile (seed files of real servers) and virtual (a
// running token on modelled hardware) build on this one.
package token
