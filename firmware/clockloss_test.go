// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
)

// TestClockLoss checks that losing the clock kills a locked token and erases its seed,
// while a token that is not locked yet only has to be set again.
func TestClockLoss(t *testing.T) {
	blinks := func(t *testing.T, m *machine) {
		t.Helper()
		m.now -= m.now % 1000
		for half := range 6 {
			m.step()
			want := firmware.Frame{}
			if half%2 == 0 {
				want = firmware.AllSegments(m.digits)
			}
			require.Equal(t, want, m.frame, "half second %d", half)
			require.Equal(t, m.now+500, m.wake.Paint)
			m.now += 500
		}
	}
	for _, name := range []string{"always-on-6", "button-6"} {
		m := newMachine(t)
		m.program(t, payload(profile(t, name)), true)
		require.True(t, m.hasTraces(secret))
		m.now, m.valid = 0, false
		m.step()
		require.Equal(t, serialproto.StateDead, m.state())
		require.False(t, m.hasTraces(secret))
		require.Zero(t, m.record().SeedLen)
		blinks(t, m)
		m.boot(t)
		blinks(t, m)
		m.press()
		require.Equal(t, serialproto.StateDead, m.state())

		// With a profile that keeps the seed, the token is dead all the same.
		m = newMachine(t)
		p := payload(profile(t, name))
		p.Profile.Behaviour.ClockLossErases = false
		m.program(t, p, true)
		m.valid = false
		m.step()
		require.Equal(t, serialproto.StateDead, m.state())
		require.True(t, m.hasTraces(secret))

		m = newMachine(t)
		m.program(t, payload(profile(t, name)), false)
		m.now, m.valid = 0, false
		m.boot(t)
		require.Equal(t, serialproto.StateProvisioned, m.state())
		blinks(t, m)
		c, _ := m.connect(t)
		_, err := c.Display(t.Context())
		require.ErrorIs(t, err, serialproto.ErrClockNotSet)
		require.ErrorIs(t, c.Lock(t.Context()), serialproto.ErrClockNotSet)
		require.NoError(t, c.SetClock(t.Context(), time.UnixMilli(int64(noon))))
		d, err := c.Display(t.Context())
		require.NoError(t, err)
		require.Equal(t, m.code(profile(t, name)), string(d.Code))
		require.NoError(t, c.Lock(t.Context()))
	}
}

// TestClockLossAtTheEnd checks that a token that has expired or reached its press limit
// loses its seed with the clock like any other. It still holds the seed until then.
func TestClockLossAtTheEnd(t *testing.T) {
	expired := inState(t, serialproto.StateExpired)
	worn := newMachine(t)
	p := payload(profile(t, "button-6"))
	p.Profile.Behaviour.PressLimit, p.Profile.Behaviour.LimitEnds = 1, true
	worn.program(t, p, true)
	for range 3 {
		worn.press()
	}
	require.Equal(t, serialproto.StateDead, worn.state())
	for _, m := range []*machine{expired, worn} {
		require.True(t, m.hasTraces(secret))
		m.valid = false
		m.step()
		require.Equal(t, serialproto.StateDead, m.state())
		require.False(t, m.hasTraces(secret))
	}
}
