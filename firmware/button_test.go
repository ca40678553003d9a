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

const blank8 = "        "

// withButton returns a locked token of the named profile, changed by edit.
func withButton(t testing.TB, name string, edit func(*token.Profile)) (*machine, token.Profile) {
	t.Helper()
	m := newMachine(t)
	p := profile(t, name)
	m.digits = int(p.Digits)
	if edit != nil {
		edit(&p)
	}
	m.boot(t) // with the right glass
	m.program(t, payload(p), true)
	return m, p
}

func TestPressUntilStepEnd(t *testing.T) {
	m, p := withButton(t, "button-6", nil)
	m.advance(20 * time.Second)
	require.Equal(t, firmware.Frame{}, m.frame)
	require.Equal(t, firmware.Never, min(m.wake.State, m.wake.Paint), "a token at rest sleeps")
	m.press()
	code := m.code(p)
	require.Equal(t, code, m.text())
	require.EqualValues(t, 4, m.frame.Bars)
	require.EqualValues(t, 1, m.core.Presses())
	require.Equal(t, noon+60_000, m.wake.State)
	m.advance(40*time.Second - time.Millisecond)
	require.Equal(t, code, m.text())
	m.advance(time.Millisecond)
	require.Equal(t, firmware.Frame{}, m.frame, "off with the step")
	m.press()
	require.Equal(t, m.code(p), m.text())
	require.NotEqual(t, code, m.text())
}

// TestPressTimeOut: a plain time-out outlives the step, and the code changes on
// the way.
func TestPressTimeOut(t *testing.T) {
	m, p := withButton(t, "button-8", nil)
	m.advance(45 * time.Second)
	m.press()
	first := m.text()
	require.Equal(t, m.code(p), first)
	m.advance(15 * time.Second)
	require.NotEqual(t, first, m.text())
	require.Equal(t, m.code(p), m.text())
	m.advance(15*time.Second - time.Millisecond)
	require.Equal(t, m.code(p), m.text())
	m.advance(time.Millisecond)
	require.Equal(t, firmware.Frame{}, m.frame, "30 s after the press")
}

func TestSecondPressTurnsOff(t *testing.T) {
	m, p := withButton(t, "button-6", nil)
	m.press()
	m.press()
	require.Equal(t, firmware.Frame{}, m.frame)
	require.EqualValues(t, 1, m.core.Presses(), "only a code counts")
	m.press()
	require.Equal(t, m.code(p), m.text())
	require.EqualValues(t, 2, m.core.Presses())
	m.boot(t)
	require.Equal(t, firmware.Frame{}, m.frame, "a restart turns off")
	require.EqualValues(t, 2, m.core.Presses(), "the count survives")
}

// TestDoubleClick: two clicks in one step are on and off; a latch that held one
// click gives one press.
func TestDoubleClick(t *testing.T) {
	m, _ := withButton(t, "button-6", nil)
	m.press()
	require.NotEqual(t, firmware.Frame{}, m.frame)
	m.clicks, m.down = 1, true // clicked, and down again by the time it is read
	m.step()
	require.Equal(t, firmware.Frame{}, m.frame)
	m.down = false
	m.step()
	require.Equal(t, firmware.Frame{}, m.frame, "letting go is no press")
	require.EqualValues(t, 1, m.core.Presses())
}

func TestAlwaysOnIgnoresTheButton(t *testing.T) {
	m, p := withButton(t, "always-on-6", nil)
	m.press()
	require.Equal(t, m.code(p), m.text())
	m.down = true
	m.advance(10 * time.Second)
	require.Equal(t, m.code(p), m.text(), "no hold either")
	require.Zero(t, m.core.Presses())
}

// TestHold: six seconds light every segment, as on the OneSpan GO 6 and 7 that
// open their menu then.
func TestHold(t *testing.T) {
	m, p := withButton(t, "button-6", nil)
	m.down = true
	m.step()
	require.Equal(t, m.code(p), m.text(), "down is a press")
	m.advance(6*time.Second - time.Millisecond)
	require.Equal(t, m.code(p), m.text())
	m.advance(time.Millisecond)
	require.Equal(t, firmware.AllSegments(6), m.frame)
	m.advance(10 * time.Second)
	require.Equal(t, firmware.AllSegments(6), m.frame)
	m.down = false
	m.step()
	require.Equal(t, m.code(p), m.text(), "and back to what stood there")
	m.advance(time.Minute)
	require.Equal(t, firmware.Frame{}, m.frame)

	// Held past the end of the step: nothing is left below.
	m.advance(35 * time.Second)
	m.down = true
	m.step()
	m.advance(20 * time.Second)
	require.Equal(t, firmware.AllSegments(6), m.frame)
	m.down = false
	m.step()
	require.Equal(t, firmware.Frame{}, m.frame)
	require.EqualValues(t, 2, m.core.Presses())
}

// TestStuckButton: a OneSpan GO 7 switches off after about 32 s, so a button that
// stays down must not light the display for longer.
func TestStuckButton(t *testing.T) {
	for _, name := range []string{"button-6", "button-8"} {
		m, p := withButton(t, name, nil)
		m.down = true
		m.step()
		m.advance(32*time.Second - time.Millisecond)
		require.Equal(t, firmware.AllSegments(m.digits), m.frame)
		require.Equal(t, noon+32_000, m.wake.State, "a board must wake to switch off")
		m.advance(time.Millisecond)
		require.Equal(t, firmware.Frame{}, m.frame)
		require.Equal(t, firmware.Never, min(m.wake.State, m.wake.Paint), "it sleeps")
		m.advance(365 * 24 * time.Hour)
		require.Equal(t, firmware.Frame{}, m.frame)
		m.down = false
		m.step()
		require.Equal(t, firmware.Frame{}, m.frame, "coming up is not a press")
		m.press()
		require.Equal(t, m.code(p), m.text(), "and then it works again")
		require.EqualValues(t, 2, m.core.Presses())
		m.press()
		m.down = true
		m.step()
		m.advance(6 * time.Second)
		require.Equal(t, firmware.AllSegments(m.digits), m.frame, "a hold too")
	}
}

// TestHoldWhileTheClockMoves: how long the button is down does not depend on the
// token's clock, whichever way it is moved.
func TestHoldWhileTheClockMoves(t *testing.T) {
	for _, move := range []time.Duration{-365 * 24 * time.Hour, -5 * time.Second, 5 * time.Second, time.Hour} {
		m, _ := withButton(t, "button-6", nil)
		m.down = true
		m.step()
		m.advance(3 * time.Second)
		m.now += token.UnixMilli(move.Milliseconds())
		m.step()
		m.advance(3*time.Second - time.Millisecond)
		require.NotEqual(t, firmware.AllSegments(6), m.frame, "moved by %v", move)
		m.advance(time.Millisecond)
		require.Equal(t, firmware.AllSegments(6), m.frame, "moved by %v", move)
		m.now += token.UnixMilli(move.Milliseconds())
		m.step()
		m.advance(26*time.Second - time.Millisecond)
		require.Equal(t, firmware.AllSegments(6), m.frame, "moved by %v", move)
		m.advance(time.Millisecond)
		require.Equal(t, firmware.Frame{}, m.frame, "moved by %v", move)
	}
}

// TestPressLimit: each press after the last one that the battery is good for asks
// for an exchange, as the card of the Japan Net Bank does after 18,000 displays
// (japannetbank.co.jp/token/onetime/about.html): "EEEEEE", then the code. The token
// goes on until its battery ends.
func TestPressLimit(t *testing.T) {
	m, p := withButton(t, "button-6", func(p *token.Profile) { p.Behaviour.PressLimit, p.Behaviour.LowPercent = 3, 0 })
	for range 3 {
		m.press()
		require.Equal(t, m.code(p), m.text())
		m.press()
	}
	for n := range uint32(20) {
		m.press()
		require.Equal(t, "EEEEEE", m.text())
		require.Equal(t, serialproto.StateLocked, m.state())
		require.Equal(t, 4+n, m.core.Presses())
		m.advance(2*time.Second - time.Millisecond)
		require.Equal(t, "EEEEEE", m.text())
		m.advance(time.Millisecond)
		require.Equal(t, m.code(p), m.text())
		require.Zero(t, m.frame.Icons&firmware.IconBattery, "at 0 percent it never warns of the battery")
		m.press()
		require.Equal(t, firmware.Frame{}, m.frame)
		m.boot(t)
	}
	// The battery's own end is announced in another way.
	m, p = withButton(t, "button-6", func(p *token.Profile) { p.Behaviour.PressLimit = 3 })
	m.pressOff(2)
	m.press()
	require.Equal(t, "bAtt00", m.text())
	m.press()
	m.press()
	require.Equal(t, "EEEEEE", m.text())
	m.advance(2 * time.Second)
	require.Equal(t, m.code(p), m.text())
}

// TestPressLimitEnds: a profile may say that the limit is the end.
func TestPressLimitEnds(t *testing.T) {
	m, p := withButton(t, "button-6", func(p *token.Profile) {
		p.Behaviour.PressLimit, p.Behaviour.LimitEnds, p.Behaviour.LowPercent = 3, true, 0
	})
	for range 3 {
		m.press()
		require.Equal(t, m.code(p), m.text())
		m.press()
	}
	require.Equal(t, serialproto.StateLocked, m.state())
	m.press()
	require.Equal(t, serialproto.StateDead, m.state())
	require.Equal(t, "EEEEEE", m.text())
	require.EqualValues(t, 3, m.core.Presses())
	m.advance(3 * time.Second)
	require.Equal(t, firmware.Frame{}, m.frame)
	m.boot(t)
	ops := m.ops()
	m.press()
	require.Equal(t, "EEEEEE", m.text(), "for ever")
	require.Equal(t, ops, m.ops(), "a dead token writes nothing")
	m.press()
	require.Equal(t, firmware.Frame{}, m.frame)
}

// TestLowBattery: the warning of the Symantec VIP fob, below 10 % and at every
// press, then the code.
func TestLowBattery(t *testing.T) {
	for name, warning := range map[string]string{"button-6": "bAtt05", "button-8": "bAtt  05"} {
		m, p := withButton(t, name, nil)
		m.press()
		require.Equal(t, m.code(p), m.text(), "a good cell")
		require.Zero(t, m.frame.Icons&firmware.IconBattery)
		m.press()

		// Half way down the knee that ends the last 10 %: 2.7 V to 2.0 V.
		m.supply = 2350
		m.press()
		require.Equal(t, warning, m.text())
		require.Equal(t, firmware.IconBattery, m.frame.Icons)
		m.advance(2*time.Second - time.Millisecond)
		require.Equal(t, warning, m.text())
		m.advance(time.Millisecond)
		require.Equal(t, m.code(p), m.text())
		require.NotZero(t, m.frame.Icons&firmware.IconBattery, "the sign stays")
		m.press()
		m.press()
		require.Equal(t, warning, m.text(), "every time")
	}

	// By the presses, with a cell that tells nothing.
	m, p := withButton(t, "button-6", func(p *token.Profile) { p.Behaviour.PressLimit = 20 })
	for range 19 {
		m.press()
		m.press()
	}
	m.press() // counts as the 20th: none is left
	require.Equal(t, "bAtt00", m.text())
	m.advance(2 * time.Second)
	require.Equal(t, m.code(p), m.text())

	// Never is never.
	m, p = withButton(t, "button-6", func(p *token.Profile) { p.Behaviour.LowPercent = 0 })
	m.supply = 2000
	m.press()
	require.Equal(t, m.code(p), m.text())
}

// TestWarningAtStepEnd: the warning does not outlive the display.
func TestWarningAtStepEnd(t *testing.T) {
	m, _ := withButton(t, "button-6", nil)
	m.supply = 2100
	m.advance(59 * time.Second)
	m.press()
	require.Equal(t, "bAtt01", m.text())
	require.Equal(t, noon+60_000, m.wake.Paint)
	m.advance(time.Second)
	require.Equal(t, firmware.Frame{}, m.frame)
}

// moves are ways in which a rig, or the loss of the crystal, moves a clock.
var moves = []time.Duration{
	time.Millisecond, time.Second, 5 * time.Second, 29 * time.Second, 31 * time.Second, time.Minute, time.Hour, 365 * 24 * time.Hour,
	-time.Millisecond, -time.Second, -5 * time.Second, -29 * time.Second, -31 * time.Second, -time.Minute, -time.Hour, -365 * 24 * time.Hour,
}

// TestClockMoved: whatever happens to the clock, a press lights the display for as
// long as the profile says, and what stands on it is what would have stood there.
func TestClockMoved(t *testing.T) {
	for _, move := range moves {
		for _, after := range []time.Duration{0, time.Second, 10 * time.Second} {
			for _, low := range []bool{false, true} {
				m, p := withButton(t, "button-8", nil)
				if low {
					m.supply = 2350
				}
				m.press()
				m.advance(after)
				m.now += token.UnixMilli(move.Milliseconds())
				m.step()
				if low && after < warnTime {
					require.Equal(t, "bAtt  05", m.text(), "moved by %v after %v", move, after)
				} else {
					require.Equal(t, m.code(p), m.text(), "moved by %v after %v", move, after)
				}
				m.advance(warnTime)
				require.Equal(t, m.code(p), m.text(), "moved by %v after %v", move, after)
				m.advance(30*time.Second - warnTime - after - time.Millisecond)
				require.Equal(t, m.code(p), m.text(), "moved by %v after %v", move, after)
				m.advance(time.Millisecond)
				require.Equal(t, firmware.Frame{}, m.frame, "moved by %v after %v", move, after)
				require.False(t, m.core.View().On)
			}
		}
	}
	// A code that stays until its step ends goes when the clock leaves the step.
	for _, move := range []time.Duration{time.Minute, -time.Minute} {
		m, _ := withButton(t, "button-6", nil)
		m.press()
		m.now += token.UnixMilli(move.Milliseconds())
		m.step()
		require.Equal(t, firmware.Frame{}, m.frame)
	}
}

// warnTime is how long a warning stands before the code.
const warnTime = 2 * time.Second

// TestMessageTime: the message at the end of life stands for its three seconds.
func TestMessageTime(t *testing.T) {
	// The message at the end of life stands longer than one second.
	m, _ := withButton(t, "button-6", func(p *token.Profile) {
		p.Behaviour.PressLimit, p.Behaviour.LimitEnds, p.Behaviour.ShowSeconds, p.Behaviour.LowPercent = 1, true, 1, 0
	})
	m.press()
	m.press()
	m.press()
	require.Equal(t, "EEEEEE", m.text())
	m.step()
	require.Equal(t, "EEEEEE", m.text())
}

// TestClockMovedSelfTest: all segments stand for their two seconds as well.
func TestClockMovedSelfTest(t *testing.T) {
	for _, move := range moves {
		m, p := withButton(t, "always-on-6", nil)
		c, _ := m.connect(t)
		test, err := c.SelfTest(t.Context())
		require.NoError(t, err)
		require.True(t, test.Passed())
		m.now += token.UnixMilli(move.Milliseconds())
		m.step()
		require.Equal(t, firmware.AllSegments(6), m.frame, "moved by %v", move)
		m.advance(warnTime - time.Millisecond)
		require.Equal(t, firmware.AllSegments(6), m.frame, "moved by %v", move)
		m.advance(time.Millisecond)
		require.Equal(t, m.code(p), m.text(), "moved by %v", move)
	}
}
