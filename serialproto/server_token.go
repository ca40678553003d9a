// SPDX-License-Identifier: Apache-2.0

package serialproto

import "github.com/d204ef64/fob/token"

// token answers the token's own group.
func (c *call) token() RC {
	read := c.header.Op == OpRead
	switch {
	case c.header.Command == CmdTokenInfo && read:
		if !c.empty() {
			return RCInvalid
		}
		m := &c.server.info
		c.dev.Info(m)
		m.encode(&c.out, c.server.FramingErrors())
		return RCOK
	case c.header.Command == CmdTokenClock && read:
		return c.clock()
	case c.header.Command == CmdTokenClock:
		return c.setClock()
	case c.header.Command == CmdTokenDisplay && read:
		return c.display()
	case c.header.Command == CmdTokenProvBegin && read:
		return c.provBegin()
	case c.header.Command == CmdTokenProvCommit && !read:
		return c.provCommit()
	case c.header.Command == CmdTokenLock && !read:
		if !c.empty() {
			return RCInvalid
		}
		return c.result(c.dev.Lock())
	case c.header.Command == CmdTokenSelfTest && read:
		return c.uptime()
	case c.header.Command == CmdTokenSelfTest:
		return c.selfTest()
	case c.header.Command == CmdTokenWipe && !read:
		return c.wipe()
	}
	return RCUnsupported
}

func (c *call) clock() RC {
	if !c.empty() {
		return RCInvalid
	}
	t, set, e := c.dev.Clock()
	if e != StatusOK {
		return c.result(e)
	}
	c.out.Map(2)
	c.out.key("ms").Int(int64(t))
	c.out.key("set").Bool(set)
	return RCOK
}

func (c *call) setClock() RC {
	var t token.UnixMilli
	found := false
	pairs := c.in.Map()
	for c.in.nextKey(&pairs, "ms") {
		t, found = token.UnixMilli(c.in.Int()), true
	}
	if !found || !c.in.Done() {
		return RCInvalid
	}
	return c.result(c.dev.SetClock(t))
}

func (c *call) display() RC {
	if !c.empty() {
		return RCInvalid
	}
	m := &c.server.display
	if e := c.dev.Display(m); e != StatusOK {
		return c.result(e)
	}
	c.out.Map(3)
	c.out.key("code").TextBytes(m.Code[:m.Size])
	c.out.key("step").Int(m.Step)
	c.out.key("left").Int(m.Left)
	return RCOK
}

func (c *call) provBegin() RC {
	if !c.empty() {
		return RCInvalid
	}
	m := &c.server.begin
	if e := c.dev.ProvBegin(m); e != StatusOK {
		return c.result(e)
	}
	c.out.Map(2)
	c.out.key("pub").Bytes(m.PublicKey[:])
	c.out.key("ctr").Uint(uint64(m.Counter))
	return RCOK
}

func (c *call) provCommit() RC {
	m := &c.server.commit
	*m = Commit{}
	m.decode(&c.in)
	if !c.in.Done() {
		return RCInvalid
	}
	confirmation, e := c.dev.ProvCommit(m)
	if e != StatusOK {
		return c.result(e)
	}
	c.out.Map(1)
	c.out.key("conf").Bytes(confirmation[:])
	return RCOK
}

func (c *call) selfTest() RC {
	if !c.empty() {
		return RCInvalid
	}
	m := &c.server.test
	if e := c.dev.SelfTest(m); e != StatusOK {
		return c.result(e)
	}
	m.encode(&c.out)
	return RCOK
}

func (c *call) uptime() RC {
	if !c.empty() {
		return RCInvalid
	}
	m := c.dev.Uptime()
	m.encode(&c.out)
	return RCOK
}

func (c *call) wipe() RC {
	var serial token.Serial
	found := false
	pairs := c.in.Map()
	for c.in.nextKey(&pairs, "sn") {
		serial, found = serialOf(&c.in), true
	}
	if !found || !c.in.Done() {
		return RCInvalid
	}
	return c.result(c.dev.Wipe(serial))
}

// rig answers the rig group.
func (c *call) rig() RC {
	if c.header.Command == CmdRigDisplay && c.header.Op == OpRead {
		if !c.empty() {
			return RCInvalid
		}
		m := &c.server.lcd
		c.dev.RigDisplay(m)
		m.encode(&c.out)
		return RCOK
	}
	if c.header.Op != OpWrite || c.header.Command == CmdRigDisplay || int(c.header.Command) >= len(rigKeys) {
		return RCUnsupported
	}
	m := &c.server.rig
	*m = RigRequest{}
	m.decode(&c.in, rigKeys[c.header.Command])
	if !c.in.Done() {
		return RCInvalid
	}
	return c.result(c.dev.Rig(c.header.Command, m))
}
