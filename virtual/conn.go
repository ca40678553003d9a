// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
)

// Conn is one host's connection to a token's serial line. It holds the firmware's
// buffers and the bytes in transit. A token may have several connections, each a line
// of its own. A connection that is not used costs the token nothing.
type Conn struct {
	token    *Token
	server   serialproto.Server
	in       []byte
	out      []byte
	uptime   func() int64
	restarts uint32 // the token's counter when the line was last used
}

// Connect attaches a line to the token. The firmware measures the age of a partial
// packet with uptime, a monotonic clock in milliseconds. If uptime is nil, it uses the
// world's clock.
func (t *Token) Connect(uptime func() int64) *Conn {
	if uptime == nil {
		uptime = func() int64 { return int64(t.world.Now().Milli()) }
	}
	return &Conn{token: t, uptime: uptime}
}

// Exchange passes received bytes to the token, lets it work, and appends the bytes that
// it sends to dst. A token without power sends nothing.
func (c *Conn) Exchange(dst, in []byte) []byte {
	t := c.token
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	if !t.powered {
		return dst
	}
	if c.restarts != t.restarts { // may have happened since the last Exchange
		c.reset()
	}
	if len(in) > 0 {
		t.emitLocked(EventBytesIn, int64(len(in)))
	}
	c.in = append(c.in, in...)
	// The token has one set of counters for all its lines.
	*c.server.FramingErrors() = serialproto.FramingErrors{}
	if t.framing != nil && t.framing.restarts == t.restarts {
		*c.server.FramingErrors() = t.framing.FramingErrors
	}
	t.conn = c
	t.core.Attach(&c.server)
	t.stepLocked()
	t.core.Detach()
	t.conn = nil
	c.restarts = t.restarts
	t.keepFramingErrorsLocked(*c.server.FramingErrors())
	t.battery.Spend(t.at, t.byteCharge()*MicroCoulombs(len(in)+len(c.out)))
	if len(c.out) > 0 {
		t.emitLocked(EventBytesOut, int64(len(c.out)))
	}
	dst = append(dst, c.out...)
	c.in, c.out = c.in[:0], c.out[:0]
	return dst
}

// framing counts the framing errors since a restart.
type framing struct {
	serialproto.FramingErrors
	restarts uint32 // the token's counter when the bytes were counted
}

// keepFramingErrorsLocked keeps the counters for the next line. Most tokens never count
// an error, and then nothing is kept.
func (t *Token) keepFramingErrorsLocked(d serialproto.FramingErrors) {
	switch {
	case d == serialproto.FramingErrors{}:
		t.framing = nil
	case t.framing == nil:
		t.framing = &framing{d, t.restarts}
	default:
		*t.framing = framing{d, t.restarts}
	}
}

// byteCharge returns the charge that a byte on the line uses: the line's current for
// the duration of a byte at 115200 baud.
func (t *Token) byteCharge() MicroCoulombs {
	const perByte = 10.0 / 115200 // s
	return MicroCoulombs(t.battery.Spec.Serial * perByte)
}

// reset discards bytes that the token had received but not answered, because it lost
// power. The bytes that it had sent are on the wire already.
func (c *Conn) reset() {
	if c == nil {
		return
	}
	c.server.Reset()
	c.in = c.in[:0]
}

// line is the token's end of the connection that it is currently serving.
type line Token

var _ firmware.Line = (*line)(nil)

// Read implements firmware.Line.
func (t *line) Read(p []byte) int {
	if t.conn == nil {
		return 0
	}
	n := copy(p, t.conn.in)
	t.conn.in = t.conn.in[:copy(t.conn.in, t.conn.in[n:])]
	return n
}

// Write implements firmware.Line.
func (t *line) Write(p []byte) int {
	if t.conn == nil || !(*Token)(t).flashPoweredLocked() { // the supply failed during this step
		return len(p)
	}
	t.conn.out = append(t.conn.out, p...)
	return len(p)
}

// Uptime implements firmware.Line.
func (t *line) Uptime() int64 {
	if t.conn == nil {
		return 0
	}
	return t.conn.uptime()
}
