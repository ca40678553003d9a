// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// flashOf returns the memory of a virtual token, as someone who opened the token could
// read it.
func flashOf(t testing.TB, v *virtual.Token) []byte {
	t.Helper()
	b, err := v.Snapshot().MarshalBinary()
	require.NoError(t, err)
	var s struct{ Flash virtual.FlashState }
	require.NoError(t, json.Unmarshal(b, &s))
	f, err := virtual.NewFlashFrom(s.Flash)
	require.NoError(t, err)
	return f.Image()
}

// TestBatteryRemoved checks that a locked token without its battery loses its life and
// its seed, while a token that is not locked survives.
func TestBatteryRemoved(t *testing.T) {
	for _, name := range []string{"always-on-6", "button-6", "button-8"} {
		p := profile(t, name)
		w := newWorld(t, time.UnixMilli(int64(noon)))
		v := w.NewToken(model(t, name), virtual.Perfect())
		require.NoError(t, v.Program(serial(t, testSerial), payload(p), true))
		require.True(t, traces(flashOf(t, v), secret))
		v.RemoveBattery()
		require.Equal(t, blank8[:p.Digits], v.Display().Text)
		w.Advance(time.Hour)
		v.InsertBattery()
		r := v.Display()
		require.Equal(t, serialproto.StateDead, r.State)
		require.Equal(t, "88888888"[:p.Digits], r.Text)
		require.False(t, r.ClockSet)
		w.Advance(500 * time.Millisecond)
		require.Equal(t, blank8[:p.Digits], v.Display().Text)
		require.False(t, traces(flashOf(t, v), secret))

		v = w.NewToken(model(t, name), virtual.Perfect())
		p.Behaviour = token.Behaviour{}
		require.NoError(t, v.Program(serial(t, testSerial), payload(p), false))
		v.RemoveBattery()
		v.ReplaceBattery()
		require.Equal(t, serialproto.StateProvisioned, v.State())
		require.Equal(t, "88888888"[:p.Digits], v.Display().Text)
		c, _ := connectToken(v)
		require.NoError(t, c.SetClock(t.Context(), w.Now().Time()))
		step := p.StepAtMilli(w.Now().Milli())
		require.Equal(t, string(token.AppendCode(nil, secret, p.Algorithm, p.Digits, step)), v.Display().Text)
	}
}

// TestRig controls a virtual token through the host's client.
func TestRig(t *testing.T) {
	ctx := t.Context()
	w, err := virtual.NewWorld(virtual.Config{
		At: time.UnixMilli(int64(noon)), Seed: 1, StationKey: host.InsecureTestStationKey().Public(),
	})
	require.NoError(t, err)
	p := profile(t, "button-6")
	v := w.NewToken(model(t, "button-6"), virtual.Perfect())
	c, _ := connectToken(v)
	seed, err := token.NewSeed(secret)
	require.NoError(t, err)
	o := host.Order{
		Serial: serial(t, testSerial), Profile: p, Seed: seed, Expiry: expiry(t, 2031, 1, 1),
		Now: func() time.Time { return w.Now().Time() },
	}
	require.NoError(t, c.Provision(ctx, host.InsecureTestStationKey(), o))
	require.NoError(t, c.Verify(ctx, o))
	require.NoError(t, c.Lock(ctx))

	show := func() host.RigDisplay {
		d, err := c.RigDisplay(ctx)
		require.NoError(t, err)
		require.Equal(t, v.Display().Text, d.Text, "the wire and the LCD must agree")
		return d
	}
	code := func() string {
		return string(token.AppendCode(nil, secret, p.Algorithm, 6, p.StepAtMilli(v.Display().Clock)))
	}
	require.Equal(t, "      ", show().Text)
	require.NoError(t, c.Press(ctx))
	require.Equal(t, code(), show().Text)
	require.NoError(t, c.Skew(ctx, time.Hour))
	require.Equal(t, "      ", show().Text, "the code disappears at the end of the step")
	require.NoError(t, c.Press(ctx))
	require.Equal(t, code(), show().Text)
	require.NoError(t, c.Press(ctx))

	require.NoError(t, c.Hold(ctx, 7*time.Second))
	w.Advance(6 * time.Second)
	require.Equal(t, "888888", show().Text)
	w.Advance(2 * time.Second)
	require.Equal(t, code(), show().Text)
	require.NoError(t, c.Press(ctx))

	require.NoError(t, c.Supply(ctx, 2400))
	require.NoError(t, c.Press(ctx))
	require.Equal(t, "bAtt05", show().Text)
	w.Advance(2 * time.Second)
	require.Equal(t, code(), show().Text)
	require.True(t, show().Battery)
	require.ErrorIs(t, c.Supply(ctx, 1000), serialproto.ErrInvalid, "the token would be off and could not be turned on again")
	require.NoError(t, c.Temperature(ctx, -10))
	require.ErrorIs(t, c.Temperature(ctx, 500), serialproto.ErrInvalid)
	require.NoError(t, c.Temperature(ctx, 25)) // in the cold, a frame is visible later than it is sent

	// The power fails inside the press: the code is not shown, and the press may not be
	// counted.
	require.NoError(t, c.Press(ctx))
	presses := v.Display().Presses
	require.NoError(t, c.PowerCut(ctx, 1))
	_ = c.Press(ctx) // the response may have been sent before
	require.Equal(t, "      ", show().Text)
	require.InDelta(t, presses, v.Display().Presses, 1)

	require.NoError(t, c.Supply(ctx, 0))
	require.Equal(t, serialproto.StateDead, show().State)
	require.False(t, traces(flashOf(t, v), secret))
}
