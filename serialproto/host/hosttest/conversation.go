// SPDX-License-Identifier: Apache-2.0

// Package hosttest has a conversation that every token must support: a virtual token on
// each kind of port, and an image on a processor.
package hosttest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// Device describes the token before the conversation.
type Device struct {
	Model       string                // also the name of the profile that it gets, with a button and 6 digits
	Supply      int                   // voltage of a new battery, in millivolts
	Temperature bool                  // its rig can set the temperature
	Now         func() time.Time      // the time to which clocks are set; first Start
	Wait        func(d time.Duration) // lets time pass
	Slack       time.Duration         // additional time that may pass during the conversation; 0 if the clock is stopped
}

// Start is the time at which the conversation takes place.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Order returns an order for a token with that profile and the seed of RFC 4226,
// appendix D.
func Order(t testing.TB, profile string, now func() time.Time) host.Order {
	t.Helper()
	p, err := token.ProfileByName(profile)
	require.NoError(t, err)
	seed, err := token.NewSeed([]byte("12345678901234567890"))
	require.NoError(t, err)
	serial, err := token.ParseSerial("2600124800001")
	require.NoError(t, err)
	expiry, err := token.NewExpiry(2030, 12, 31)
	require.NoError(t, err)
	return host.Order{Serial: serial, Profile: p, Expiry: expiry, Seed: seed, Now: now}
}

// Conversation takes a token through its life over the wire, from blank to wiped. The
// token must have a rig.
func Conversation(t *testing.T, c *host.Client, dev Device) {
	ctx := t.Context()
	o := Order(t, dev.Model, dev.Now)
	// requireNear compares times that may change during the conversation.
	requireNear := func(want, got time.Time) {
		t.Helper()
		off := got.Sub(want)
		require.True(t, off >= -dev.Slack && off <= dev.Slack, "%v, want %v within %v", got, want, dev.Slack)
	}

	info, err := c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, serialproto.StateBlank, info.State)
	require.Equal(t, dev.Model, info.Model)
	require.Equal(t, serialproto.ProtocolVersion, info.Protocol)
	require.True(t, info.Serial.IsZero())
	require.True(t, info.Expiry.IsZero())
	require.False(t, info.ClockSet)
	require.Equal(t, dev.Supply, info.Supply)
	require.Len(t, info.HardwareID.String(), 16)
	hardware := info.HardwareID

	params, err := c.Params(ctx)
	require.NoError(t, err)
	require.Equal(t, host.Params{BufferSize: serialproto.BufferSize, BufferCount: 1}, params)
	groups, err := c.Groups(ctx)
	require.NoError(t, err)
	require.Equal(t, []serialproto.Group{
		serialproto.GroupOS, serialproto.GroupEnum, serialproto.GroupToken, serialproto.GroupRig,
	}, groups)

	for _, text := range []string{"", "hello", strings.Repeat("three lines ", 20), strings.Repeat("x", 480)} {
		echo, err := c.Echo(ctx, text)
		require.NoError(t, err)
		require.Equal(t, text, echo)
	}

	_, set, err := c.Clock(ctx)
	require.NoError(t, err)
	require.False(t, set)
	newTime := time.Date(2029, 2, 28, 23, 59, 59, 999e6, time.UTC)
	began := time.Now()
	require.NoError(t, c.SetClock(ctx, newTime))
	took := time.Since(began) // SetClock adds the time until it sends the request
	now, set, err := c.Clock(ctx)
	require.NoError(t, err)
	require.True(t, set)
	require.WithinRange(t, now, newTime.Add(-dev.Slack), newTime.Add(took+dev.Slack))
	_, err = c.Display(ctx)
	require.ErrorIs(t, err, serialproto.ErrNotProvisioned)
	require.ErrorIs(t, c.Lock(ctx), serialproto.ErrNotProvisioned)

	require.NoError(t, c.Provision(ctx, host.InsecureTestStationKey(), o))
	info, err = c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, serialproto.StateProvisioned, info.State)
	require.Equal(t, o.Serial, info.Serial)
	require.Equal(t, o.Expiry, info.Expiry)
	require.Equal(t, hardware, info.HardwareID)
	require.True(t, info.ClockSet)
	require.NoError(t, c.Verify(ctx, o))
	require.ErrorIs(t, c.Provision(ctx, host.InsecureTestStationKey(), o), serialproto.ErrAlreadyProvisioned)
	d, err := c.Display(ctx)
	require.NoError(t, err)
	const step = 29453760 // 2026-01-01 / 60 s
	code, err := o.Profile.Code(o.Seed, step)
	require.NoError(t, err)
	require.Equal(t, host.Display{Code: code, Step: step, Left: d.Left}, d)
	requireNear(Start, Start.Add(time.Minute-d.Left))

	require.NoError(t, c.Lock(ctx))
	require.NoError(t, c.Lock(ctx), "locking a locked token succeeds")
	require.ErrorIs(t, c.SetClock(ctx, newTime), serialproto.ErrLocked)
	_, _, err = c.Clock(ctx)
	require.ErrorIs(t, err, serialproto.ErrLocked)
	_, err = c.Display(ctx)
	require.ErrorIs(t, err, serialproto.ErrLocked)
	var refused *host.RefusedError
	require.ErrorAs(t, err, &refused)
	require.EqualError(t, err, "display refused: the token is locked")

	display, err := c.RigDisplay(ctx)
	require.NoError(t, err)
	require.Equal(t, "      ", display.Text)
	require.NoError(t, c.Press(ctx))
	display, err = c.RigDisplay(ctx)
	require.NoError(t, err)
	require.Equal(t, code.String(), display.Text)
	require.Len(t, display.Segments, 6)
	require.Equal(t, int((display.Left+10*time.Second-1)/(10*time.Second)), display.Bars, "one for each 10 s left")
	require.Equal(t, display.Now.Nanosecond() < 5e8, display.Tick, "lit in the first half of each second")
	require.False(t, display.Battery)
	require.Equal(t, serialproto.StateLocked, display.State)
	requireNear(dev.Now(), display.Now)
	require.True(t, display.ClockSet)
	require.Equal(t, d.Step, display.Step)
	requireNear(Start, Start.Add(time.Minute-display.Left))

	test, err := c.SelfTest(ctx)
	require.NoError(t, err)
	require.True(t, test.Clock)
	require.True(t, test.Passed(), test.Parts)
	require.Len(t, test.Parts, int(serialproto.PartCount), "every part is reported")
	for part := serialproto.PartSHA1; part <= serialproto.PartGCM; part++ {
		v, _ := test.Verdict(part)
		require.Equal(t, serialproto.Passed, v, part)
	}
	display, err = c.RigDisplay(ctx)
	require.NoError(t, err)
	require.Equal(t, "888888", display.Text)
	require.True(t, display.Battery)

	testRig(t, c, dev)
	dev.Wait(time.Second) // the button is up
	require.NoError(t, c.Reset(ctx))
	info, err = c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, serialproto.StateLocked, info.State)
	require.Equal(t, uint32(2), info.Presses, "a press and a hold")

	other := Order(t, dev.Model, dev.Now)
	other.Serial.UnmarshalText([]byte("2"))
	require.ErrorIs(t, c.Wipe(ctx, other.Serial), serialproto.ErrSerialMismatch)
	require.NoError(t, c.Wipe(ctx, o.Serial))
	require.NoError(t, c.Wipe(ctx, o.Serial))
	info, err = c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, serialproto.StateWiped, info.State)
	require.NoError(t, c.Provision(ctx, host.InsecureTestStationKey(), o), "a wiped token can be programmed again")
}

// testRig tests the commands that change the hardware.
func testRig(t *testing.T, c *host.Client, dev Device) {
	ctx := t.Context()
	before, err := c.RigDisplay(ctx)
	require.NoError(t, err)
	require.NoError(t, c.Skew(ctx, -90*time.Second))
	if err := c.Temperature(ctx, 8.2); dev.Temperature {
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, serialproto.ErrUnsupported)
	}
	require.NoError(t, c.Supply(ctx, 2900))
	require.NoError(t, c.PowerCut(ctx, 100))
	after, err := c.RigDisplay(ctx)
	require.NoError(t, err)
	off := after.Now.Sub(before.Now) + 90*time.Second
	require.True(t, off >= 0 && off <= dev.Slack, "%v", off)
	info, err := c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, 2900, info.Supply)
	require.NoError(t, c.Hold(ctx, time.Second))
	for name, err := range map[string]error{
		"hold":                     c.Hold(ctx, time.Hour+time.Millisecond),
		"supply":                   c.Supply(ctx, 6001),
		"supply below the cut-off": c.Supply(ctx, 2000),
		"temperature":              c.Temperature(ctx, 121),
		"power cut":                c.PowerCut(ctx, 0),
	} {
		require.ErrorIs(t, err, serialproto.ErrInvalid, name)
	}
}
