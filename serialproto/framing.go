// SPDX-License-Identifier: Apache-2.0

package serialproto

// Framing carries whole SMP messages over a line, at the device's end. A [Server] uses
// SMP over console unless it is given another framing, such as reports of a USB HID
// device or BLE packets. The host's counterpart is a host.Transport.
//
// A message is header and body, at most MaxMessage bytes.
type Framing interface {
	// Receive returns the next message that has arrived, nil if none is complete. The
	// slice is valid until the next call.
	Receive(line Line) []byte
	// Buffer returns an empty buffer for an answer, of capacity MaxMessage.
	Buffer() []byte
	// Send starts sending the first n bytes of the buffer.
	Send(n int)
	// Flush sends as many bytes as the line accepts, and reports whether all have been
	// sent.
	Flush(line Line) bool
	// Idle reports whether no message is partly received or partly sent.
	Idle() bool
	// FramingErrors returns the counters of input discarded since the start.
	FramingErrors() *FramingErrors
	// Reset restores the initial state.
	Reset()
}

// console is the framing of SMP over console.
type console struct {
	in      Deframer
	out     Framer
	arrived [64]byte // bytes read; those from at to until are not processed yet
	at      int
	until   int
	line    [MaxLine]byte // the line being sent, from sent to ready
	sent    int
	ready   int
}

func (c *console) Receive(line Line) []byte {
	now := line.Uptime()
	for {
		if c.at == c.until {
			c.at, c.until = 0, line.Read(c.arrived[:])
			if c.until == 0 {
				c.in.Expire(now)
				return nil
			}
		}
		for c.at < c.until {
			b := c.arrived[c.at]
			c.at++
			if message := c.in.Feed(b, now); message != nil {
				return message
			}
		}
		now = line.Uptime()
	}
}

func (c *console) Buffer() []byte { return c.out.Message() }

func (c *console) Send(n int) { c.out.Seal(n) }

func (c *console) Flush(line Line) bool {
	for {
		if c.sent == c.ready {
			c.sent, c.ready = 0, len(c.out.AppendLine(c.line[:0]))
			if c.ready == 0 {
				return true
			}
		}
		n := line.Write(c.line[c.sent:c.ready])
		if n <= 0 {
			return false
		}
		c.sent += n
	}
}

func (c *console) Idle() bool {
	return c.at == c.until && c.sent == c.ready && c.out.sent == c.out.size && !c.in.Partial()
}

func (c *console) FramingErrors() *FramingErrors { return &c.in.FramingErrors }

func (c *console) Reset() { *c = console{} }
