// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// HardwareID identifies a piece of hardware. It prints as 16 hexadecimal digits.
type HardwareID [8]byte

// String returns 16 lower-case hexadecimal digits.
func (id HardwareID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText returns the same as String.
func (id HardwareID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 16 hexadecimal digits.
func (id *HardwareID) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(id)) {
		return fmt.Errorf("%w: want %d hexadecimal digits", ErrHardwareID, hex.EncodedLen(len(id)))
	}
	if _, err := hex.Decode(id[:], text); err != nil {
		return fmt.Errorf("%w: want hexadecimal digits", ErrHardwareID)
	}
	return nil
}

// ErrHardwareID is the error of a text that is not a hardware id.
var ErrHardwareID = errclass.New(errclass.Usage, "invalid hardware id")

// Info is the information that a token gives about itself.
type Info struct {
	HardwareID    HardwareID
	Serial        token.Serial // zero until provisioned
	Model         string
	Firmware      string
	Protocol      int
	State         serialproto.State
	Expiry        token.Expiry // zero: none
	Presses       uint32
	Supply        int  // millivolts
	ClockSet      bool // the clock has been set since it last lost power
	FramingErrors serialproto.FramingErrors
}

// Info reads information about the token. It is answered in every state.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var m struct {
		HW            []byte   `cbor:"hw"`
		SN            string   `cbor:"sn"`
		Model         string   `cbor:"model"`
		FW            string   `cbor:"fw"`
		Proto         int      `cbor:"proto"`
		State         *uint8   `cbor:"state"`
		Exp           *int32   `cbor:"exp"`
		Presses       uint32   `cbor:"presses"`
		MV            int      `cbor:"mv"`
		Clk           bool     `cbor:"clk"`
		FramingErrors []uint32 `cbor:"drops"`
	}
	err := c.do(ctx, request{name: "info", group: serialproto.GroupToken, command: serialproto.CmdTokenInfo}, &m)
	if err != nil {
		return Info{}, err
	}
	if m.State == nil { // a missing state would read as BLANK
		return Info{}, fmt.Errorf("info: %w: no state", ErrProtocol)
	}
	info := Info{
		Model: m.Model, Firmware: m.FW, Protocol: m.Proto, State: serialproto.State(*m.State),
		Presses: m.Presses, Supply: m.MV, ClockSet: m.Clk,
	}
	if len(m.HW) != len(info.HardwareID) {
		return Info{}, fmt.Errorf("info: %w: hardware id of %d bytes", ErrProtocol, len(m.HW))
	}
	copy(info.HardwareID[:], m.HW)
	if !printable(m.Model) || !printable(m.FW) { // they may be printed on a terminal
		return Info{}, fmt.Errorf("info: %w: model or firmware is not printable ASCII", ErrProtocol)
	}
	if m.SN != "" {
		if info.Serial, err = token.ParseSerial(m.SN); err != nil {
			return Info{}, fmt.Errorf("info: %w: %w", ErrProtocol, err)
		}
	}
	if m.Exp != nil {
		if info.Expiry, err = token.ExpiryFromDays(*m.Exp); err != nil {
			return Info{}, fmt.Errorf("info: %w: %w", ErrProtocol, err)
		}
	}
	if d := &info.FramingErrors; len(m.FramingErrors) >= 7 {
		d.Line, d.Base64, d.Stray, d.Size = m.FramingErrors[0], m.FramingErrors[1], m.FramingErrors[2], m.FramingErrors[3]
		d.CRC, d.Header, d.Timeout = m.FramingErrors[4], m.FramingErrors[5], m.FramingErrors[6]
	}
	return info, nil
}

// Echo sends text to the token and returns the text that the token sends back.
func (c *Client) Echo(ctx context.Context, text string) (string, error) {
	var m struct {
		R string `cbor:"r"`
	}
	body := map[string]string{"d": text}
	err := c.do(ctx, request{name: "echo", op: serialproto.OpWrite, group: serialproto.GroupOS, command: serialproto.CmdOSEcho, body: body}, &m)
	return m.R, err
}

// Clock reads the token's clock. It reports whether the clock has been set since it
// last lost power. The command is refused once the token is LOCKED.
func (c *Client) Clock(ctx context.Context) (t time.Time, set bool, err error) {
	var m struct {
		MS  *int64 `cbor:"ms"`
		Set bool   `cbor:"set"`
	}
	err = c.do(ctx, request{name: "clock", group: serialproto.GroupToken, command: serialproto.CmdTokenClock}, &m)
	switch {
	case err != nil:
		return time.Time{}, false, err
	case m.MS == nil:
		return time.Time{}, false, fmt.Errorf("clock: %w: no time", ErrProtocol)
	}
	return time.UnixMilli(*m.MS).UTC(), m.Set, nil
}

// SetClock sets the token's clock to t, which must be the present time: if the request
// must be repeated, it carries a correspondingly later time. The command is refused
// once the token is LOCKED.
func (c *Client) SetClock(ctx context.Context, t time.Time) error {
	start := time.Now()
	return c.do(ctx, request{
		name: "clock", op: serialproto.OpWrite, group: serialproto.GroupToken, command: serialproto.CmdTokenClock,
		timely: func() any { return map[string]int64{"ms": t.Add(time.Since(start)).UnixMilli()} },
	}, nil)
}

// Display is the code of the token's current step.
type Display struct {
	Code token.Code
	Step int64         // RFC 6238's T, by the token's clock
	Left time.Duration // time until the step ends
}

// Display reads the code, whether or not the LCD shows it. The command is refused once
// the token is LOCKED.
func (c *Client) Display(ctx context.Context) (Display, error) {
	var m struct {
		Code string `cbor:"code"`
		Step int64  `cbor:"step"`
		Left int64  `cbor:"left"`
	}
	err := c.do(ctx, request{name: "display", group: serialproto.GroupToken, command: serialproto.CmdTokenDisplay}, &m)
	switch {
	case err != nil:
		return Display{}, err
	case m.Code == "" && m.Step < 0:
		return Display{}, fmt.Errorf("display: no code, because the token's clock is before its T0: set the clock")
	case m.Code == "" || !printable(m.Code):
		return Display{}, fmt.Errorf("display: %w: no code", ErrProtocol)
	case !plausible(m.Left):
		return Display{}, fmt.Errorf("display: %w: %d ms left in the step", ErrProtocol, m.Left)
	}
	return Display{token.Code(m.Code), m.Step, time.Duration(m.Left) * time.Millisecond}, nil
}

// Lock ends provisioning. From then on the token reveals neither codes nor its clock
// over the wire. Locking a locked token changes nothing.
func (c *Client) Lock(ctx context.Context) error {
	return c.do(ctx, request{name: "lock", op: serialproto.OpWrite, group: serialproto.GroupToken, command: serialproto.CmdTokenLock}, nil)
}

// Wipe destroys the seed of the token with this serial number.
func (c *Client) Wipe(ctx context.Context, serial token.Serial) error {
	body := map[string]string{"sn": serial.String()}
	return c.do(ctx, request{name: "wipe", op: serialproto.OpWrite, group: serialproto.GroupToken, command: serialproto.CmdTokenWipe, body: body}, nil)
}

// Reset restarts the device.
func (c *Client) Reset(ctx context.Context) error {
	return c.do(ctx, request{name: "reset", op: serialproto.OpWrite, group: serialproto.GroupOS, command: serialproto.CmdOSReset}, nil)
}

// Params are the sizes of the device's buffers.
type Params struct {
	BufferSize  int `cbor:"buf_size"` // longest packet in bytes, including length and CRC
	BufferCount int `cbor:"buf_count"`
}

// Params reads the sizes of the device's buffers.
func (c *Client) Params(ctx context.Context) (Params, error) {
	var m Params
	err := c.do(ctx, request{name: "params", group: serialproto.GroupOS, command: serialproto.CmdOSParams}, &m)
	return m, err
}

// Groups lists the SMP groups that the device answers.
func (c *Client) Groups(ctx context.Context) ([]serialproto.Group, error) {
	var m struct {
		Groups []serialproto.Group `cbor:"groups"`
	}
	err := c.do(ctx, request{name: "groups", group: serialproto.GroupEnum, command: serialproto.CmdEnumList}, &m)
	return m.Groups, err
}

// plausible reports whether ms can be the remaining time of a step.
func plausible(ms int64) bool { return ms >= 0 && ms <= time.Hour.Milliseconds() }

// printable reports whether s is short and consists of printable ASCII.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= serialproto.BufferSize
}
