// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// Program does from Go what a provisioning message does over the wire, and
// locks the token if wanted. It stands for the fixture on the programming pads under a real
// token's back plate; nothing on the wire leads here. The error is a
// serialproto.Err.
func (c *Core) Program(hw *Hardware, serial token.Serial, p *serialproto.Payload, lock bool) error {
	c.hw = hw
	defer c.leave()
	d := (*device)(c)
	e := d.provisionable()
	switch {
	case e == serialproto.StatusOK && serial.IsZero():
		e = serialproto.StatusInvalid
	case e == serialproto.StatusOK:
		e = d.acceptable(p)
	}
	if e == serialproto.StatusOK {
		state := serialproto.StateProvisioned
		if lock { // at once, since each record takes room in flash
			state = serialproto.StateLocked
		}
		e = d.install(state, serial, p, serialproto.Transcript{})
	}
	if e != serialproto.StatusOK {
		return e.AsError()
	}
	c.watch()
	c.paint()
	return nil
}

// Backdate makes an earlier date the token's expiry date, as if it had been made
// that much earlier. It serves tests that age a token; nothing on the wire leads
// here. A token without an expiry date, or with an earlier one, stays as it is.
func (c *Core) Backdate(hw *Hardware, to token.Expiry) error {
	c.hw = hw
	defer c.leave()
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
