// SPDX-License-Identifier: Apache-2.0

// Package port opens and serves byte connections to OTP tokens.
//
// [Open] connects to a token wherever it is, and [Listen] offers a virtual
// token under the same addresses:
//
//	/dev/ttyACM0, COM3      a serial device, 115200 8N1
//	pty:/tmp/tok            a pseudo-terminal and its stable link
//	tcp:127.0.0.1:5000      a raw TCP stream
//	unix:/run/tok.sock      a Unix socket
//	rfc2217://127.0.0.1:5001  a serial port over telnet (RFC 2217)
//
// Listen on a device, such as /dev/ttyGS0 of a USB gadget, is the token's end of a
// cable; on the others a token and its hosts are on one machine or network.
//
// Both ends are a [Port]: a byte stream with deadlines. Every kind of Port
// behaves alike, so a program may be tested over [Pipe] and run over a cable:
//
//   - a deadline that passes is [os.ErrDeadlineExceeded];
//   - an unplugged device or a peer that hung up is [ErrGone];
//   - Close may be called at any time, more than once, from any goroutine; it
//     makes a blocked Read and a blocked Write return [os.ErrClosed];
//   - one reader and one writer may work at the same time.
//
// # Locks
//
// A serial device or PTY is opened by one program at a time. The lock is
// flock(2) on the device node, which holds against root and is the lock that
// pyserial's exclusive=True takes; hardware ports get TIOCEXCL as well. PTYs do
// not: the terminal outlives a killed host because the virtual token keeps it
// open. When another program has set TIOCEXCL on a served PTY, it ends with the
// last host (on Linux).
//
// # Hosts that do not read
//
// A served Port behaves like a UART: what a host does not read in time is lost,
// and so is what nobody is there to read. So no host finds the answers to
// another, and none holds up the token. [Open] throws away what it finds on a
// line, in both directions.
//
// # Remote access
//
// [Listen] refuses to serve TCP or RFC 2217 beyond loopback unless [WithPassword]
// is given. The password travels in clear text: it keeps strangers out of a lab
// network and is no replacement for a tunnel.
//
// # Siblings inside
//
// [List] finds USB serial ports without opening them, [LineOf] returns the line
// settings that the host asked for. This is the only package that imports
// go.bug.st/serial.
package port
