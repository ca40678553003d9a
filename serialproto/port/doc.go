// SPDX-License-Identifier: Apache-2.0

// Package port opens and serves byte connections to OTP tokens.
//
// [Open] connects to a token, and [Listen] serves a virtual token. Both use the same
// addresses:
//
//	/dev/ttyACM0, COM3      a serial device, 115200 8N1
//	pty:/tmp/tok            a pseudo-terminal and its stable link
//	tcp:127.0.0.1:5000      a raw TCP stream
//	unix:/run/tok.sock      a Unix socket
//	rfc2217://127.0.0.1:5001  a serial port over telnet (RFC 2217)
//
// Listening on a device, such as /dev/ttyGS0 of a USB gadget, makes this program the
// token's end of a cable. With the other addresses, a token and its hosts are on one
// machine or network.
//
// Both ends are a [Port]: a byte stream with deadlines. Every kind of Port behaves the
// same, so a program may be tested over [Pipe] and run over a cable:
//
//   - a deadline that passes is [os.ErrDeadlineExceeded];
//   - an unplugged device or a peer that hung up is [ErrGone];
//   - Close may be called at any time, more than once, from any goroutine; it
//     makes a blocked Read and a blocked Write return [os.ErrClosed];
//   - one reader and one writer may work at the same time.
//
// # Locks
//
// Only one program at a time can open a serial device or PTY. The lock is flock(2) on
// the device node. It also keeps out root, and it is the lock that pyserial's
// exclusive=True takes. Hardware ports get TIOCEXCL as well. PTYs do not: the terminal
// outlives a killed host because the virtual token keeps it open. If another program
// has set TIOCEXCL on a served PTY, it is cleared when the last host leaves (on Linux).
//
// # Hosts that do not read
//
// A served Port behaves like a UART: bytes that a host does not read in time are lost,
// and so are bytes that are sent while no host is connected. No host therefore reads
// the answers to another one, and no host can block the token. [Open] discards all
// bytes that it finds on a line, in both directions.
//
// # Remote access
//
// [Listen] refuses to serve TCP or RFC 2217 beyond loopback unless [WithPassword] is
// given. The password is sent in clear text: it keeps strangers out of a lab network
// but does not replace a tunnel.
//
// # Other functions
//
// [List] finds USB serial ports without opening them. [LineOf] returns the line
// settings that the host requested. This is the only package that imports
// go.bug.st/serial.
package port
