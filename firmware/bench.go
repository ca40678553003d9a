// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// Program does from Go what a provisioning message does over the wire, and
// locks the token if wanted. It stands for the programming pads under a real
// token's back plate; nothing on the wire leads here. The error is a
// serialproto.Err.
func (c *Core) Program(hw *Hardware, serial token.Serial, p *serialproto.Payload, lock bool) error {
	c.hw = hw
	defer c.leave()
	d := (*device)(c)
	e := d.provisionable()
	switch {
	case e == serialproto.OK && serial.IsZero():
		e = serialproto.ErrInvalid
	case e == serialproto.OK:
		e = d.acceptable(p)
	}
	if e == serialproto.OK {
		e = d.install(serial, p, serialproto.Transcript{})
	}
	if e == serialproto.OK && lock {
		e = d.Lock()
	}
	if e != serialproto.OK {
		return e
	}
	c.watch()
	c.paint()
	return nil
}

// Backdate moves the token's expiry date the given days back, as if it had
// been made that much earlier. It serves tests that age a token; nothing on
// the wire leads here. A token without an expiry date stays as it is.
func (c *Core) Backdate(hw *Hardware, days int32) error {
	c.hw = hw
	defer c.leave()
	if c.rec.expiry.IsZero() || days <= 0 {
		return nil
	}
	next := c.rec
	defer clear(next.seed[:])
	expiry, err := token.ExpiryFromDays(max(0, c.rec.expiry.Days()-days))
	if err != nil {
		return err
	}
	next.ends -= token.UnixSeconds(c.rec.expiry.Days()-expiry.Days()) * dayMilli / 1000
	next.expiry = expiry
	if e := c.save(&next); e != serialproto.OK {
		return e
	}
	return nil
}
