// SPDX-License-Identifier: Apache-2.0

// Package firmware is the program of a 60-second TOTP hardware token: its life cycle,
// display, button rules, storage and power handling. It reaches the hardware through
// the small interfaces of hal.go.
//
// A [Core] polls: call [Core.Boot] once, then [Core.Step] whenever something may be
// pending or the time that Step returned has come. The package has no goroutine, timer
// or wall clock. After boot it does not allocate, except in the standard library's
// cryptography during a self-test and while a provisioning message is opened. The same
// code therefore runs in a virtual token (package virtual) and, compiled by TinyGo, on
// a microcontroller (firmware/board).
//
// A board must provide 8 KB of stack: opening a provisioning message takes 4.5 KB.
//
// To port the firmware to a board, read hal.go, implement its interfaces, and run
// package firmware/hwtest on them.
package firmware
