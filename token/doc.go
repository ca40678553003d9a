// SPDX-License-Identifier: Apache-2.0

// Package token defines a 60-second TOTP hardware token: a serial number, an expiry
// date, a seed, and a profile that turns the seed and the time into a code. The package
// contains values only; a running token is in package virtual.
//
// The common case is three calls:
//
//	seed, err := token.ParseSeed("3132333435363738393031323334353637383930")
//	p, err := token.ProfileByName("always-on-6")
//	code, err := p.Code(seed, p.StepAt(now))
//
// [Serial] and [Expiry] are comparable and hold no pointer, so they may be map keys and
// may be copied freely. [Seed] is a handle that always prints as "[seed redacted]". Its
// documentation explains which copies the caller must wipe.
//
// # Firmware
//
// Files without a build tag compile with TinyGo. They start no goroutine, read no clock
// and import none of time, os, net and fmt: time, entropy and buffers come from the
// caller. Firmware does not use [Seed], which allocates. It keeps the key in its own
// array and calls [AppendCode], which does not allocate. Code that needs package time
// or fmt is in the files named *_host.go.
//
// # Siblings
//
// Packages seedfile (seed files of real servers) and virtual (a running token on
// modelled hardware) build on this one.
package token
