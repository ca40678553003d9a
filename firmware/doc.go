// SPDX-License-Identifier: Apache-2.0

// Package firmware is the program of a 60-second TOTP hardware token: its
// life cycle, display, button rules, memory and power handling, behind the
// small hardware interfaces of hal.go.
//
// A [Core] polls: [Core.Boot] once, then [Core.Step] whenever something may be
// pending or the time that Step named has come. The package has no goroutine,
// no timer and no wall clock, and nothing allocates after boot except the
// standard library's cryptography while a provisioning message is opened. So
// the same code runs in a virtual token (package virtual) and, compiled
// by TinyGo, on a microcontroller (firmware/board).
//
// A board gives it 8 KB of stack: opening a provisioning message takes 4.5 KB.
//
// To port it to a board, read hal.go, implement its interfaces, and run
// package firmware/hwtest against them.
package firmware
