// SPDX-License-Identifier: Apache-2.0

// Package line programs tokens on many serial ports at once, as a factory does.
//
// A [Station] watches sockets, the places where an operator plugs devices in. Each socket
// has a worker, which programs every device that appears, checks it, locks it and has its
// label printed. Package journal makes every intention durable before the device is
// touched: a station that is killed at any time goes on where it stopped.
//
// A device may be a virtual token, an image in QEMU or a board. The station treats them
// alike.
package line
