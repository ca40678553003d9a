// SPDX-License-Identifier: Apache-2.0

package serialproto

import "slices"

// os answers the OS group (Zephyr, "Default/OS Management Group").
func (c *call) os() RC {
	read := c.header.Op == OpRead
	switch {
	case c.header.Command == CmdOSEcho:
		return c.echo()
	case c.header.Command == CmdOSDatetime && read:
		return c.datetime()
	case c.header.Command == CmdOSDatetime:
		return c.setDatetime()
	case c.header.Command == CmdOSReset && !read:
		if !c.empty() {
			return RCInvalid
		}
		c.server.resetDue = true
		return c.done()
	case c.header.Command == CmdOSParams && read:
		if !c.empty() {
			return RCInvalid
		}
		c.out.Map(2)
		c.out.key("buf_size").Uint(BufferSize)
		c.out.key("buf_count").Uint(1)
		return RCOK
	case c.header.Command == CmdOSInfo && read:
		return c.osInfo()
	}
	return RCUnsupported
}

func (c *call) echo() RC {
	var text []byte
	found := false
	pairs := c.in.Map()
	for c.in.nextKey(&pairs, "d") {
		text, found = c.in.TextBytes(), true
	}
	if !found || !c.in.Done() {
		return RCInvalid
	}
	c.out.Map(1)
	c.out.key("r").TextBytes(text)
	return RCOK
}

func (c *call) datetime() RC {
	if !c.empty() {
		return RCInvalid
	}
	t, set, e := c.dev.Clock()
	if e != StatusOK {
		return e.rc()
	}
	if !set || !ValidClock(t) {
		return c.refuse(GroupOS, osRTCNotSet, RCNoEntry)
	}
	var b [40]byte
	c.out.Map(1)
	c.out.key("datetime").TextBytes(appendDatetime(b[:0], t))
	return RCOK
}

func (c *call) setDatetime() RC {
	var text []byte
	pairs := c.in.Map()
	for c.in.nextKey(&pairs, "datetime") {
		text = c.in.TextBytes()
	}
	t, ok := parseDatetime(text)
	if !ok || !c.in.Done() {
		return RCInvalid
	}
	if e := c.dev.SetClock(t); e != StatusOK {
		return e.rc()
	}
	return c.done()
}

// osInfoAll has the fields that the format character 'a' selects.
var osInfoAll = [...]byte{'s', 'n', 'r', 'v', 'm', 'p', 'i', 'o'}

// osInfo answers like uname, with the fields that "format" selects ('s' if it is
// empty), in the order in which Zephyr writes them.
func (c *call) osInfo() RC {
	var format []byte
	if len(c.in.buf) > 0 {
		pairs := c.in.Map()
		for c.in.nextKey(&pairs, "format") {
			format = c.in.TextBytes()
		}
		if !c.in.Done() {
			return RCInvalid
		}
	}
	for _, field := range format {
		if field != 'a' && !slices.Contains(osInfoAll[:], field) {
			const osInvalidFormat = 2
			return c.refuse(GroupOS, osInvalidFormat, RCInvalid)
		}
	}
	m := &c.server.info
	c.dev.Info(m)
	var b [192]byte
	text := b[:0]
	all := slices.Contains(format, 'a')
	for _, field := range osInfoAll {
		wanted := all || slices.Contains(format, field) || len(format) == 0 && field == 's'
		if !wanted {
			continue
		}
		if len(text) > 0 {
			text = append(text, ' ')
		}
		switch field {
		case 's', 'o':
			text = append(text, "fob"...)
		case 'n':
			if m.Serial.IsZero() {
				text = append(text, "blank"...)
			}
			text = m.Serial.AppendTo(text)
		case 'r', 'v':
			text = append(text, m.Firmware...)
		case 'm', 'p', 'i':
			text = append(text, m.Model...)
		}
	}
	c.out.Map(1)
	c.out.key("output").TextBytes(text)
	return RCOK
}
