// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// Program provisions the token from Go instead of by a message on the wire, and locks
// it if lock is set. It simulates the fixture on the programming pads under a real
// token's back label. It cannot be reached over the wire. The error is a
// serialproto.Err.
func (c *Core) Program(hw *Hardware, serial token.Serial, p *serialproto.Payload, lock bool) error {
	c.hw = hw
	defer c.release()
	d := (*device)(c)
	e := d.provisionable()
	switch {
	case e == serialproto.StatusOK && serial.IsZero():
		e = serialproto.StatusInvalid
	case e == serialproto.StatusOK:
		e = d.checkPayload(p)
	}
	if e == serialproto.StatusOK {
		state := serialproto.StateProvisioned
		if lock { // in the same record, because each record takes space in flash
			state = serialproto.StateLocked
		}
		e = d.install(state, serial, p, serialproto.Transcript{})
	}
	if e != serialproto.StatusOK {
		return e.AsError()
	}
	c.updateState()
	c.paint()
	return nil
}

// Backdate sets an earlier expiry date, as if the token had been manufactured that much
// earlier. It is for tests that age a token, and cannot be reached over the wire. A
// token without an expiry date or with an earlier one is not changed.
func (c *Core) Backdate(hw *Hardware, to token.Expiry) error {
	c.hw = hw
	defer c.release()
	days := c.rec.expiry.Days() - to.Days()
	if c.rec.expiry.IsZero() || c.rec.ends == 0 || to.IsZero() || days <= 0 {
		return nil
	}
	var next record
	next.set(&c.rec)
	defer clear(next.seed[:])
	next.expiry = to
	next.ends -= token.UnixSeconds(days) * dayMilli / 1000
	return c.save(&next).AsError()
}
