// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token/virtual"
)

// conversation is a token's life over the wire, from blank to wiped. The token
// is a fresh button-6 of w.
func conversation(t *testing.T, c *host.Client, w *virtual.World) {
	ctx := t.Context()
	o := newOrder(t, w, "button-6")

	info, err := c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, serialproto.StateBlank, info.State)
	require.Equal(t, "button-6", info.Model)
	require.Equal(t, serialproto.ProtocolVersion, info.Protocol)
	require.True(t, info.Serial.IsZero())
	require.True(t, info.Expiry.IsZero())
	require.False(t, info.ClockSet)
	require.Equal(t, 3200, info.Supply)
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
	then := time.Date(2029, 2, 28, 23, 59, 59, 999e6, time.UTC)
	require.NoError(t, c.SetClock(ctx, then))
	now, set, err := c.Clock(ctx)
	require.NoError(t, err)
	require.True(t, set)
	require.Equal(t, then, now)
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
	code, err := o.Profile.Code(o.Seed, o.Profile.StepAtMilli(w.Now().Milli()))
	require.NoError(t, err)
	require.Equal(t, host.Display{Code: code, Step: 29453760, Left: time.Minute}, d) // 2026-01-01 / 60 s

	require.NoError(t, c.Lock(ctx))
	require.NoError(t, c.Lock(ctx), "locking twice is locking once")
	require.ErrorIs(t, c.SetClock(ctx, then), serialproto.ErrLocked)
	_, _, err = c.Clock(ctx)
	require.ErrorIs(t, err, serialproto.ErrLocked)
	_, err = c.Display(ctx)
	require.ErrorIs(t, err, serialproto.ErrLocked)
	var refused *host.RefusedError
	require.ErrorAs(t, err, &refused)
	require.EqualError(t, err, "display refused: the token is locked")

	glass, err := c.RigDisplay(ctx)
	require.NoError(t, err)
	require.Equal(t, "      ", glass.Text)
	require.NoError(t, c.Press(ctx))
	glass, err = c.RigDisplay(ctx)
	require.NoError(t, err)
	require.Equal(t, code.String(), glass.Text)
	require.Len(t, glass.Segments, 6)
	require.Equal(t, 6, glass.Bars)
	require.True(t, glass.Tick)
	require.False(t, glass.Battery)
	require.Equal(t, serialproto.StateLocked, glass.State)
	require.Equal(t, w.Now().Time(), glass.Now)
	require.True(t, glass.ClockSet)
	require.Equal(t, d.Step, glass.Step)
	require.Equal(t, time.Minute, glass.Left)

	test, err := c.SelfTest(ctx)
	require.NoError(t, err)
	require.Equal(t, host.SelfTest{Flash: true, Crypto: true, Clock: true, Supply: test.Supply}, test)
	require.True(t, test.Passed())
	glass, err = c.RigDisplay(ctx)
	require.NoError(t, err)
	require.Equal(t, "888888", glass.Text)
	require.True(t, glass.Battery)

	rig(t, c)
	w.Advance(time.Second) // the button is up
	require.NoError(t, c.Reset(ctx))
	info, err = c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, serialproto.StateLocked, info.State)
	require.Equal(t, uint32(2), info.Presses, "a press and a hold")

	other := newOrder(t, w, "button-6")
	other.Serial.UnmarshalText([]byte("2"))
	require.ErrorIs(t, c.Wipe(ctx, other.Serial), serialproto.ErrSerialMismatch)
	require.NoError(t, c.Wipe(ctx, o.Serial))
	require.NoError(t, c.Wipe(ctx, o.Serial))
	info, err = c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, serialproto.StateWiped, info.State)
	require.NoError(t, c.Provision(ctx, host.InsecureTestStationKey(), o), "a wiped token may be programmed anew")
}

// rig moves the hardware.
func rig(t *testing.T, c *host.Client) {
	ctx := t.Context()
	before, err := c.RigDisplay(ctx)
	require.NoError(t, err)
	require.NoError(t, c.Skew(ctx, -90*time.Second))
	require.NoError(t, c.Temperature(ctx, 8.2))
	require.NoError(t, c.Supply(ctx, 2900))
	require.NoError(t, c.PowerCut(ctx, 100))
	after, err := c.RigDisplay(ctx)
	require.NoError(t, err)
	require.Equal(t, before.Now.Add(-90*time.Second), after.Now)
	info, err := c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, 2900, info.Supply)
	require.NoError(t, c.Hold(ctx, time.Second))
	for name, err := range map[string]error{
		"hold":        c.Hold(ctx, time.Hour+time.Millisecond),
		"supply":      c.Supply(ctx, 6001),
		"cut-off":     c.Supply(ctx, 2000),
		"temperature": c.Temperature(ctx, 121),
		"power cut":   c.PowerCut(ctx, 0),
	} {
		require.ErrorIs(t, err, serialproto.ErrInvalid, name)
	}
}

func TestConversation(t *testing.T) {
	addresses := map[string]func(t *testing.T) string{
		"tcp":     func(*testing.T) string { return "tcp:127.0.0.1:0" },
		"unix":    func(t *testing.T) string { return "unix:" + filepath.Join(t.TempDir(), "s") },
		"rfc2217": func(*testing.T) string { return "rfc2217://127.0.0.1:0" },
	}
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		pty := func(t *testing.T) string { return "pty:" + filepath.Join(t.TempDir(), "tok") }
		addresses["pty"] = pty
		addresses["device"] = pty
	}
	for name, address := range addresses {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			l, err := port.Listen(address(t))
			require.NoError(t, err)
			t.Cleanup(func() { l.Close() })
			at := l.Addr()
			if name == "device" { // the same terminal, opened as a serial port
				at = strings.TrimPrefix(at, "pty:")
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			near, err := port.Open(ctx, at)
			require.NoError(t, err)
			t.Cleanup(func() { near.Close() })
			far, err := l.Accept(ctx)
			require.NoError(t, err)
			w := newWorld(t)
			serve(t, newToken(t, w, "button-6"), far)
			conversation(t, host.New(near, host.WithTimeout(patience)), w)
		})
	}
	t.Run("memory", func(t *testing.T) {
		checkLeaks(t)
		w := newWorld(t)
		c := attach(t, newToken(t, w, "button-6"))
		conversation(t, c, w)
		s := c.Stats()
		require.Zero(t, s.Repeats)
		require.NotZero(t, s.Sent)
		require.NotZero(t, s.Received)
	})
}

// TestNextHost: what one host left half said does not disturb the next one on
// the same terminal.
func TestNextHost(t *testing.T) {
	w := newWorld(t)
	far, near := port.Pipe()
	serve(t, newToken(t, w, "button-6"), far)
	t.Cleanup(func() { near.Close() })
	half := framed(serialproto.Header{Version: serialproto.Version2, Op: serialproto.OpWrite}, make([]byte, 300))
	_, err := near.Write(half[:200])
	require.NoError(t, err)
	_, err = host.New(near, host.WithTimeout(patience)).Info(t.Context())
	require.NoError(t, err)
}
