// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// RigDisplay is the readable content of the LCD, in any state, as one atomic reading. A
// board, whose LCD is not a model, reports the segments that it drives.
type RigDisplay struct {
	Text     string  // one character for each digit
	Segments []uint8 // gfedcba for each digit
	Bars     int
	Tick     bool
	Battery  bool
	State    serialproto.State
	Now      time.Time // the token's clock
	ClockSet bool
	Step     int64
	Left     time.Duration
	World    time.Time // clock of a virtual token's world, which may differ from this machine's; zero for other tokens
}

// The bits of "icons"; see PROTOCOL.md.
const (
	iconTick    = 1 << 0
	iconBattery = 1 << 1
)

// RigDisplay reads the LCD through the rig group.
func (c *Client) RigDisplay(ctx context.Context) (RigDisplay, error) {
	var m struct {
		Text  string          `cbor:"text"`
		Seg   []byte          `cbor:"seg"`
		Bars  int             `cbor:"bars"`
		Icons uint8           `cbor:"icons"`
		State uint8           `cbor:"state"`
		Now   token.UnixMilli `cbor:"now"`
		Clk   bool            `cbor:"clk"`
		Step  int64           `cbor:"step"`
		Left  int64           `cbor:"left"`
		World *int64          `cbor:"world"`
	}
	err := c.do(ctx, request{name: "rig display", group: serialproto.GroupRig, command: serialproto.CmdRigDisplay}, &m)
	switch {
	case err != nil:
		return RigDisplay{}, err
	case len(m.Text) == 0 || len(m.Text) != len(m.Seg) || !printable(m.Text) || !plausible(m.Left):
		return RigDisplay{}, fmt.Errorf("rig display: %w: %d characters, %d digits, %d ms left in the step", ErrProtocol, len(m.Text), len(m.Seg), m.Left)
	}
	r := RigDisplay{
		Text: m.Text, Segments: m.Seg, Bars: m.Bars,
		Tick: m.Icons&iconTick != 0, Battery: m.Icons&iconBattery != 0,
		State: serialproto.State(m.State), Now: time.UnixMilli(int64(m.Now)).UTC(), ClockSet: m.Clk,
		Step: m.Step, Left: time.Duration(m.Left) * time.Millisecond,
	}
	if m.World != nil {
		r.World = time.UnixMilli(*m.World).UTC()
	}
	return r, nil
}

// rig sends a command of the rig group. The nonce prevents a repetition from being
// executed twice.
func (c *Client) rig(ctx context.Context, name string, command uint8, key string, value int64) error {
	body := map[string]int64{"n": int64(rand.Uint32N(1<<32-1)) + 1}
	if key != "" {
		body[key] = value
	}
	return c.do(ctx, request{name: "rig " + name, op: serialproto.OpWrite, group: serialproto.GroupRig, command: command, body: body}, nil)
}

// Dark reports whether the LCD shows nothing readable.
func (d RigDisplay) Dark() bool { return strings.TrimSpace(d.Text) == "" }

// LightUp reads the LCD, and presses the button if the LCD is dark. If a code
// disappears with its step right after the press (Behaviour.UntilStepEnd), it presses
// again. A display that stays dark within a step is returned as it is, without an
// error.
func (c *Client) LightUp(ctx context.Context) (RigDisplay, error) {
	d, err := c.RigDisplay(ctx)
	for err == nil && d.Dark() {
		before := d.Step
		if err = c.Press(ctx); err != nil {
			break
		}
		if d, err = c.RigDisplay(ctx); d.Step == before {
			break
		}
	}
	return d, err
}

// Press clicks the button.
func (c *Client) Press(ctx context.Context) error {
	return c.rig(ctx, "press", serialproto.CmdRigPress, "", 0)
}

// Hold presses the button for d, at most an hour. It does not wait.
func (c *Client) Hold(ctx context.Context, d time.Duration) error {
	return c.rig(ctx, "hold", serialproto.CmdRigHold, "ms", d.Milliseconds())
}

// Supply sets the supply voltage in millivolts. 0 takes the battery out and puts it
// back.
func (c *Client) Supply(ctx context.Context, millivolts int) error {
	return c.rig(ctx, "supply", serialproto.CmdRigSupply, "mv", int64(millivolts))
}

// Temperature sets the ambient temperature in degrees Celsius.
func (c *Client) Temperature(ctx context.Context, celsius float64) error {
	return c.rig(ctx, "temperature", serialproto.CmdRigTemperature, "mc", int64(math.Round(celsius*1000)))
}

// Skew moves the token's clock by d, forwards or backwards.
func (c *Client) Skew(ctx context.Context, d time.Duration) error {
	return c.rig(ctx, "skew", serialproto.CmdRigSkew, "ms", d.Milliseconds())
}

// PowerCut makes the supply fail during the n-th flash operation from now.
func (c *Client) PowerCut(ctx context.Context, n int) error {
	return c.rig(ctx, "power cut", serialproto.CmdRigPowerCut, "op", int64(n))
}
