// SPDX-License-Identifier: Apache-2.0

package serialproto

// Line is a serial line used by polling; see firmware.Line.
type Line interface {
	Read(p []byte) int
	Write(p []byte) int
	Uptime() int64
}

// Server answers requests on a line. The zero value is ready to use. A Server contains
// all its buffers (under 2 KB). While an answer waits to be sent, it accepts no further
// request: a slow line slows the host down, and nothing is lost.
type Server struct {
	Framing Framing // nil: SMP over console

	console  console
	resetDue bool

	// Arguments and results of Device methods. Local variables would be allocated,
	// because the compiler cannot see how a Device uses them.
	info    Info
	display Display
	begin   Begin
	commit  Commit
	test    SelfTest
	rig     RigRequest
	lcd     RigDisplay
}

func (s *Server) framing() Framing {
	if s.Framing != nil {
		return s.Framing
	}
	return &s.console
}

// Reset restores the initial state of the server, but keeps its Framing.
func (s *Server) Reset() {
	framing := s.Framing
	*s = Server{}
	s.Framing = framing
	s.framing().Reset()
}

// FramingErrors returns the counters of input discarded since the start.
func (s *Server) FramingErrors() *FramingErrors { return s.framing().FramingErrors() }

// Idle reports whether no message is partly received or partly sent.
func (s *Server) Idle() bool { return s.framing().Idle() }

// Step receives and sends until neither can continue.
func (s *Server) Step(line Line, dev Device) {
	for s.Next(line, dev) {
	}
}

// Next is like Step for at most one request. It reports whether it has answered one;
// more may have arrived then. A device that must check its clock and hardware between
// two requests calls Next.
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

// answer handles one message and starts sending the response. A message that is not a
// request is counted and gets no answer.
func (s *Server) answer(framing Framing, message []byte, dev Device) {
	h, ok := ParseHeader(message)
	if !ok || int(h.Length) != len(message)-HeaderSize || h.Op != OpRead && h.Op != OpWrite {
		framing.FramingErrors().Header++
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
		c.out.key("rc").Uint(uint64(rc))
	}
	r := h.Response()
	r.Length = uint16(len(c.out.Buf))
	r.Append(buf[:0])
	framing.Send(HeaderSize + len(c.out.Buf))
}

// call is one request in progress.
type call struct {
	server *Server
	dev    Device
	header Header
	in     Decoder
	out    Encoder
}

func (c *call) reset() { c.out.Buf, c.out.Overflow = c.out.Buf[:0], false }

// dispatch writes the answer to c.out, or returns the status of a failure.
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

// empty reads the body of a command without arguments: a map of unknown keys, or
// nothing at all, as some clients send.
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

// done writes an empty map, which means success.
func (c *call) done() RC {
	c.out.Map(0)
	return RCOK
}

// refuse writes a refusal by a group, in the form of the request's version.
func (c *call) refuse(group Group, code uint16, rc RC) RC {
	if c.header.Version == Version1 {
		return rc
	}
	c.reset()
	c.out.Map(1)
	c.out.key("err").Map(2)
	c.out.key("group").Uint(uint64(group))
	c.out.key("rc").Uint(uint64(code))
	return RCOK
}

// result answers a command of the token's groups that returns only success or an error.
func (c *call) result(e Status) RC {
	if e != StatusOK {
		return c.refuse(c.header.Group, uint16(e), e.rc())
	}
	return c.done()
}
