// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
)

// Conn is one host's connection to a token's serial line: the firmware's
// buffers and the bytes under way. A token may have several, each a line of
// its own; one that is not used costs the token nothing.
type Conn struct {
	token    *Token
	server   serialproto.Server
	in       []byte
	out      []byte
	uptime   func() int64
	restarts uint32 // of the token when the line was used last
}

// Connect attaches a line to the token. The firmware measures the age of a
// partial packet with uptime, a monotonic clock in milliseconds; nil takes the
// world's clock.
func (t *Token) Connect(uptime func() int64) *Conn {
	if uptime == nil {
		uptime = func() int64 { return int64(t.world.Now().Milli()) }
	}
	return &Conn{token: t, uptime: uptime}
}

// Exchange gives the token the bytes that have arrived, lets it work, and
// returns what it sends: appended to dst. A token without power is silent.
func (c *Conn) Exchange(dst, in []byte) []byte {
	t := c.token
	t.mu.Lock()
	defer t.mu.Unlock()
	t.catchUpLocked()
	if !t.powered {
		return dst
	}
	if c.restarts != t.restarts { // it may have happened while nobody looked
		c.reset()
	}
	c.in = append(c.in, in...)
	// The token has one set of counters, whichever way its bytes come.
	*c.server.Drops() = serialproto.Drops{}
	if t.dropped != nil && t.dropped.restarts == t.restarts {
		*c.server.Drops() = t.dropped.Drops
	}
	t.conn = c
	t.core.Attach(&c.server)
	t.stepLocked()
	t.core.Detach()
	t.conn = nil
	c.restarts = t.restarts
	t.keepDropsLocked(*c.server.Drops())
	t.cell.Spend(t.at, t.byteCharge()*MicroCoulombs(len(in)+len(c.out)))
	dst = append(dst, c.out...)
	c.in, c.out = c.in[:0], c.out[:0]
	return dst
}

// framing counts what the firmware has dropped since a restart.
type framing struct {
	serialproto.Drops
	restarts uint32 // of the token when it was counted
}

// keepDropsLocked keeps the counters for the next line. Most tokens never drop
// anything, and keep nothing.
func (t *Token) keepDropsLocked(d serialproto.Drops) {
	switch {
	case d == serialproto.Drops{}:
		t.dropped = nil
	case t.dropped == nil:
		t.dropped = &framing{d, t.restarts}
	default:
		*t.dropped = framing{d, t.restarts}
	}
}

// byteCharge is what a byte on the line costs: the line's current for as long
// as a byte takes at 115200 baud.
func (t *Token) byteCharge() MicroCoulombs {
	const perByte = 10.0 / 115200 // s
	return MicroCoulombs(t.cell.Spec.Serial * perByte)
}

// reset forgets what the token had received and not yet answered: it lost
// power. What it had sent is on the wire.
func (c *Conn) reset() {
	if c == nil {
		return
	}
	c.server.Reset()
	c.in = c.in[:0]
}

// line is the token's end of the connection that it is looking at.
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
	if t.conn == nil || !t.flash.Powered() { // the supply failed in this step
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
