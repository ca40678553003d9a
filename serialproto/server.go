// SPDX-License-Identifier: Apache-2.0

package serialproto

import "github.com/d204ef64/fob/token"

// Device is the token behind the wire. A method that refuses
// leaves what the token remembers as it was, except a provisioning counter that
// is burnt.
type Device interface {
	Info(m *Info)
	Clock() (t token.UnixMilli, set bool, e Status)
	SetClock(t token.UnixMilli) Status
	Display(m *Display) Status
	ProvBegin(m *Begin) Status
	// ProvCommit returns the proof that the device holds the seed.
	ProvCommit(m *Commit) (confirmation [32]byte, e Status)
	Lock() Status
	// Uptime cannot refuse: it says nothing of the clock that a LOCKED token hides.
	Uptime() Uptime
	SelfTest(m *SelfTest) Status
	// Wipe destroys the seed of the token with this serial number.
	Wipe(serial token.Serial) Status
	// Reset restarts the device; it is called once the answer has been sent.
	Reset()
	// HasRig reports whether the rig group exists.
	HasRig() bool
	Rig(command uint8, m *RigRequest) Status
	RigDisplay(m *RigDisplay)
}

// Line is a serial line used by polling; see firmware.Line.
type Line interface {
	Read(p []byte) int
	Write(p []byte) int
	Uptime() int64
}

// Server answers the requests that come in on a line. The zero value is ready;
// it holds all its buffers (under 2 KB). It accepts no further request while an
// answer waits to be sent, so that a slow line slows the host down and loses
// nothing.
type Server struct {
	Framing Framing // nil for SMP over console

	console  console
	resetDue bool

	// What goes to a Device and back. As variables of a call they would be
	// allocated, since the compiler does not see what a Device does with them.
	info    Info
	display Display
	begin   Begin
	commit  Commit
	test    SelfTest
	rig     RigRequest
	glass   RigDisplay
}

func (s *Server) framing() Framing {
	if s.Framing != nil {
		return s.Framing
	}
	return &s.console
}

// Reset returns the server to its state at the start.
func (s *Server) Reset() {
	framing := s.Framing
	*s = Server{}
	s.Framing = framing
	s.framing().Reset()
}

// Drops returns the counts of what was discarded since the start.
func (s *Server) Drops() *Drops { return s.framing().Drops() }

// Idle reports whether nothing is half received or half sent.
func (s *Server) Idle() bool { return s.framing().Idle() }

// Step receives what has arrived and sends what can be sent, until neither
// moves.
func (s *Server) Step(line Line, dev Device) {
	for s.Next(line, dev) {
	}
}

// Next is Step for one request at most. It reports whether it has answered one:
// then more may have arrived. A device that looks at its clock and its hardware
// between two requests calls this.
func (s *Server) Next(line Line, dev Device) (answered bool) {
	framing := s.framing()
	for {
		if !framing.Flush(line) {
			return false
		}
		if s.resetDue {
			s.resetDue = false
			dev.Reset()
			return false
		}
		if answered {
			return true
		}
		message := framing.Receive(line)
		if message == nil {
			return false
		}
		s.answer(framing, message, dev)
		answered = true
	}
}

// answer handles one message and begins to send the response. A message that is not
// a request is counted and gets no answer.
func (s *Server) answer(framing Framing, message []byte, dev Device) {
	h, ok := ParseHeader(message)
	if !ok || int(h.Length) != len(message)-HeaderSize || h.Op != OpRead && h.Op != OpWrite {
		framing.Drops().Header++
		return
	}
	c := call{
		server: s,
		dev:    dev,
		header: h,
		in:     NewDecoder(message[HeaderSize:]),
	}
	buf := framing.Buffer()
	c.out.Buf = buf[HeaderSize:HeaderSize:cap(buf)]
	rc := c.dispatch()
	if c.out.Overflow && rc == RCOK {
		rc = RCMessageSize
	}
	if rc != RCOK {
		c.reset()
		c.out.Map(1)
		c.out.Text("rc")
		c.out.Uint(uint64(rc))
	}
	r := h.Response()
	r.Length = uint16(len(c.out.Buf))
	r.Append(buf[:0])
	framing.Send(HeaderSize + len(c.out.Buf))
}

// call is one request under way.
type call struct {
	server *Server
	dev    Device
	header Header
	in     Decoder
	out    Encoder
}

func (c *call) reset() { c.out.Buf, c.out.Overflow = c.out.Buf[:0], false }

// dispatch answers into c.out, or returns the status of a failure.
func (c *call) dispatch() RC {
	if c.header.Version > Version2 {
		return RCTooNew
	}
	switch c.header.Group {
	case GroupOS:
		return c.os()
	case GroupEnum:
		return c.enum()
	case GroupToken:
		return c.token()
	case GroupRig:
		if c.dev.HasRig() {
			return c.rig()
		}
	}
	return RCUnsupported
}

// empty reads a body that has no key that the command knows: a map, or nothing
// at all, as some clients send for a command without arguments.
func (c *call) empty() bool {
	if len(c.in.buf) == 0 {
		return true
	}
	pairs := c.in.Map()
	for c.in.Next(&pairs) {
		c.in.TextBytes()
		c.in.Skip()
	}
	return c.in.Done()
}

// done writes the empty map that means success.
func (c *call) done() RC {
	c.out.Map(0)
	return RCOK
}

// refuse writes the refusal of a group, in the form of the request's version.
func (c *call) refuse(group Group, code uint16, rc RC) RC {
	if c.header.Version == Version1 {
		return rc
	}
	c.reset()
	c.out.Map(1)
	c.out.Text("err")
	c.out.Map(2)
	c.out.Text("group")
	c.out.Uint(uint64(group))
	c.out.Text("rc")
	c.out.Uint(uint64(code))
	return RCOK
}

// result answers a command of the token's groups that returns nothing else.
func (c *call) result(e Status) RC {
	if e != StatusOK {
		return c.refuse(c.header.Group, uint16(e), e.rc())
	}
	return c.done()
}
