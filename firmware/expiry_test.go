// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// expiring returns the payload of a token whose last day is 2027-01-20 in Tokyo.
func expiring(t testing.TB, name string, edit func(*token.Behaviour)) *serialproto.Payload {
	t.Helper()
	p := payload(profile(t, name))
	edit(&p.Profile.Behaviour)
	p.Expiry = expiry(t, 2027, 1, 20)
	p.Ends = p.Expiry.EndsAt(token.TokyoOffset)
	// Midnight at the end of the day in Tokyo, according to Go's calendar.
	tokyo := time.FixedZone("JST", 9*3600)
	require.EqualValues(t, time.Date(2027, 1, 21, 0, 0, 0, 0, tokyo).Unix(), p.Ends)
	return p
}

func TestExpiryBlank(t *testing.T) {
	const day = 24 * time.Hour
	for _, delay := range []uint8{0, 3, 5} {
		m := newMachine(t)
		p := expiring(t, "always-on-6", func(b *token.Behaviour) { b.BlankDelayDays = delay })
		m.program(t, p, true)
		require.Equal(t, p.Ends.Milli(), m.wake.State)
		m.now = p.Ends.Milli() - 1
		m.step()
		require.Equal(t, serialproto.StateLocked, m.state())
		require.Equal(t, m.code(p.Profile), m.text()[2:])
		m.advance(time.Millisecond)
		require.Equal(t, serialproto.StateExpired, m.state(), "at midnight in Tokyo")
		if delay == 0 {
			require.Equal(t, firmware.Frame{}, m.frame)
			continue
		}
		require.Equal(t, m.code(p.Profile), m.text()[2:], "the display goes blank some days later")
		m.now += token.UnixMilli((time.Duration(delay)*day - time.Millisecond).Milliseconds())
		m.step()
		require.Equal(t, m.code(p.Profile), m.text()[2:])
		m.advance(time.Millisecond)
		require.Equal(t, firmware.Frame{}, m.frame)
		require.Equal(t, firmware.Never, min(m.wake.State, m.wake.Paint))
	}
}

// TestExpiryClockMovedBack checks that an expired token whose clock is moved back stays
// expired and shows no codes.
func TestExpiryClockMovedBack(t *testing.T) {
	for _, delay := range []uint8{0, 3} {
		m := newMachine(t)
		p := expiring(t, "always-on-6", func(b *token.Behaviour) { b.BlankDelayDays = delay })
		m.program(t, p, true)
		m.now = p.Ends.Milli()
		m.step()
		require.Equal(t, serialproto.StateExpired, m.state())
		m.now -= 24 * 3600 * 1000
		m.step()
		require.Equal(t, serialproto.StateExpired, m.state())
		require.Equal(t, firmware.Frame{}, m.frame)
		if delay > 0 {
			require.Equal(t, p.Ends.Milli(), m.wake.State, "the blank delay starts again")
			m.now = p.Ends.Milli()
			m.step()
			require.Equal(t, m.code(p.Profile), m.text()[2:])
		}
	}
}

// TestExpiryBlankForEver checks that a display that has gone blank after the expiry
// date shows no more codes, even if the clock is moved back and the token restarts.
func TestExpiryBlankForEver(t *testing.T) {
	for _, name := range []string{"always-on-6", "button-6"} {
		for _, delay := range []uint8{0, 3} {
			m := newMachine(t)
			p := expiring(t, name, func(b *token.Behaviour) { b.BlankDelayDays = delay })
			m.program(t, p, true)
			blank := p.Ends.Milli() + token.UnixMilli(delay)*24*3600*1000
			m.now = p.Ends.Milli()
			m.step()
			m.now = blank
			m.step()
			for _, restart := range []bool{false, true} {
				if restart {
					m.boot(t)
				}
				for _, back := range []token.UnixMilli{1, 1000, 3600_000, 25 * 3600_000, 300 * 24 * 3600_000} {
					m.now = blank - back
					m.step()
					m.press()
					require.Equal(t, serialproto.StateExpired, m.state())
					require.Equal(t, firmware.Frame{}, m.frame, "%s, delay %d, back by %d ms", name, delay, back)
				}
			}
		}
	}
}

func TestExpiryShow(t *testing.T) {
	m := newMachine(t)
	p := expiring(t, "always-on-6", func(b *token.Behaviour) { b.Expiry = token.ExpiryShow })
	m.program(t, p, true)
	m.now = p.Ends.Milli() + 400*24*3600*1000
	m.step()
	require.Equal(t, serialproto.StateExpired, m.state())
	require.Equal(t, m.code(p.Profile), m.text()[2:])
}

func TestExpiryMessage(t *testing.T) {
	message := func(b *token.Behaviour) { b.Expiry = token.ExpiryMessage }
	m := newMachine(t)
	p := expiring(t, "always-on-6", message)
	m.program(t, p, true)
	m.now = p.Ends.Milli()
	m.step()
	require.Equal(t, serialproto.StateExpired, m.state())
	require.Equal(t, "EEEEEE  ", m.text())
	require.Zero(t, m.frame.Bars)

	m = newMachine(t)
	m.program(t, expiring(t, "button-6", message), true)
	m.now = p.Ends.Milli()
	m.step()
	require.Equal(t, blank8, m.text())
	m.press()
	require.Equal(t, "EEEEEE  ", m.text())
	require.Zero(t, m.core.Presses())
	m.advance(3 * time.Second)
	require.Equal(t, blank8, m.text())

	// Unlike a code of this profile, the message does not end with the step.
	m.advance(56 * time.Second)
	m.press()
	require.Equal(t, m.now+3000, m.wake.State)
	m.advance(3*time.Second - time.Millisecond)
	require.Equal(t, "EEEEEE  ", m.text())
}

// TestExpiryWhileOff checks that a token that expired without power shows no code, not
// even right after boot.
func TestExpiryWhileOff(t *testing.T) {
	m := newMachine(t)
	p := expiring(t, "always-on-6", func(b *token.Behaviour) { b.BlankDelayDays = 0 })
	m.program(t, p, true)
	m.now = p.Ends.Milli()
	require.NoError(t, m.core.Boot(&m.hw)) // without a step
	require.Equal(t, serialproto.StateExpired, m.state())
	require.Equal(t, firmware.Frame{}, m.frame)
}

// TestExpiryWhileShowing checks that a code on the display disappears at midnight.
func TestExpiryWhileShowing(t *testing.T) {
	m := newMachine(t)
	p := expiring(t, "button-8", func(*token.Behaviour) {})
	m.program(t, p, true)
	m.now = p.Ends.Milli() - 10_000
	m.press()
	require.Equal(t, m.code(p.Profile), m.text())
	m.advance(10*time.Second - time.Millisecond)
	require.Equal(t, m.code(p.Profile), m.text())
	m.advance(time.Millisecond)
	require.Equal(t, blank8, m.text())
	require.False(t, m.core.View().On)
	require.Equal(t, firmware.Never, min(m.wake.State, m.wake.Paint), "the token never wakes")
	m.press()
	require.Equal(t, blank8, m.text())
}

// TestHoldDuringMessage holds the button while the message replaces the code. All
// segments still light after six seconds, and Step returns that time.
func TestHoldDuringMessage(t *testing.T) {
	m := newMachine(t)
	p := expiring(t, "button-6", func(b *token.Behaviour) { b.Expiry = token.ExpiryMessage })
	p.Ends = noon.Seconds() + 2
	m.program(t, p, true)
	m.down = true
	m.step()
	m.advance(2 * time.Second)
	require.Equal(t, "EEEEEE  ", m.text())
	require.Equal(t, noon+6000, m.wake.Paint)
	m.advance(4 * time.Second)
	require.Equal(t, firmware.AllSegments(8), m.frame)
}

// TestExpiryOfAProvisionedToken checks that the expiry date takes effect only once the
// token is locked.
func TestExpiryOfAProvisionedToken(t *testing.T) {
	m := newMachine(t)
	p := expiring(t, "always-on-6", func(*token.Behaviour) {})
	m.program(t, p, false)
	m.now = p.Ends.Milli() + 1
	m.step()
	require.Equal(t, serialproto.StateProvisioned, m.state())
	require.Equal(t, m.code(p.Profile), m.text()[2:])
	c, _ := m.connect(t)
	require.NoError(t, c.Lock(t.Context()))
	require.Equal(t, serialproto.StateExpired, m.state())
	require.NoError(t, c.Lock(t.Context()), "locking again changes nothing")
	require.Equal(t, serialproto.StateExpired, m.state())
}

// TestNeverExpires checks that a token without a date, or with the latest possible one,
// does not expire.
func TestNeverExpires(t *testing.T) {
	for _, e := range []token.Expiry{{}, expiry(t, 9999, 12, 31)} {
		m := newMachine(t)
		p := payload(profile(t, "always-on-6"))
		p.Expiry, p.Ends = e, e.EndsAt(token.TokyoOffset) // token.Never for no date
		m.program(t, p, true)
		m.now = 250_000_000_000_000 // the year 9892
		m.step()
		require.Equal(t, serialproto.StateLocked, m.state(), "%v", e)
	}
}

// TestBackdate checks that a backdated token expires as one manufactured earlier.
func TestBackdate(t *testing.T) {
	m := newMachine(t)
	p := expiring(t, "always-on-6", func(*token.Behaviour) {})
	m.program(t, p, true)
	require.NoError(t, m.core.Backdate(&m.hw, expiry(t, 2027, 1, 16)))
	require.Equal(t, expiry(t, 2027, 1, 16), m.core.Expiry())
	m.step()
	require.Equal(t, p.Ends.Milli()-4*86400_000, m.wake.State)
	require.NoError(t, m.core.Backdate(&m.hw, expiry(t, 2027, 1, 18)), "a later date changes nothing")
	require.Equal(t, expiry(t, 2027, 1, 16), m.core.Expiry())
	require.NoError(t, m.core.Backdate(&m.hw, expiry(t, 2027, 1, 12)))
	m.step()
	require.Equal(t, serialproto.StateExpired, m.state())

	m = newMachine(t)
	m.program(t, payload(profile(t, "always-on-6")), true)
	require.NoError(t, m.core.Backdate(&m.hw, expiry(t, 2027, 1, 12)))
	m.step()
	require.Equal(t, serialproto.StateLocked, m.state(), "a token without a date is not changed")
}
