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
	m.boot(t) // with an LCD of the right size
	m.program(t, payload(p), true)
	return m, p
}

func TestPressUntilStepEnd(t *testing.T) {
	m, p := withButton(t, "button-6", nil)
	m.advance(20 * time.Second)
	require.Equal(t, firmware.Frame{}, m.frame)
	require.Equal(t, firmware.Never, min(m.wake.State, m.wake.Paint), "an idle token never wakes")
	m.press()
	code := m.code(p)
	require.Equal(t, code, m.text())
	require.EqualValues(t, 4, m.frame.Bars)
	require.EqualValues(t, 1, m.core.Presses())
	require.Equal(t, noon+60_000, m.wake.State)
	m.advance(40*time.Second - time.Millisecond)
	require.Equal(t, code, m.text())
	m.advance(time.Millisecond)
	require.Equal(t, firmware.Frame{}, m.frame, "the display goes off with the step")
	m.press()
	require.Equal(t, m.code(p), m.text())
	require.NotEqual(t, code, m.text())
}

// TestPressTimeOut checks that a display with a plain time-out stays on past the end of
// the step, and that the code changes meanwhile.
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
	require.Equal(t, firmware.Frame{}, m.frame, "the display is off 30 s after the press")
}

func TestSecondPressTurnsOff(t *testing.T) {
	m, p := withButton(t, "button-6", nil)
	m.press()
	m.press()
	require.Equal(t, firmware.Frame{}, m.frame)
	require.EqualValues(t, 1, m.core.Presses(), "only a press that shows a code counts")
	m.press()
	require.Equal(t, m.code(p), m.text())
	require.EqualValues(t, 2, m.core.Presses())
	m.boot(t)
	require.Equal(t, firmware.Frame{}, m.frame, "a restart turns the display off")
	require.EqualValues(t, 2, m.core.Presses(), "the count survives")
}

// TestDoubleClick checks that two clicks in one step turn the display on and off. A
// latch that holds one click gives one press.
func TestDoubleClick(t *testing.T) {
	m, _ := withButton(t, "button-6", nil)
	m.press()
	require.NotEqual(t, firmware.Frame{}, m.frame)
	m.clicks, m.down = 1, true // clicked, and down again when it is read
	m.step()
	require.Equal(t, firmware.Frame{}, m.frame)
	m.down = false
	m.step()
	require.Equal(t, firmware.Frame{}, m.frame, "releasing the button is not a press")
	require.EqualValues(t, 1, m.core.Presses())
}

func TestAlwaysOnIgnoresTheButton(t *testing.T) {
	m, p := withButton(t, "always-on-6", nil)
	m.press()
	require.Equal(t, m.code(p), m.text())
	m.down = true
	m.advance(10 * time.Second)
	require.Equal(t, m.code(p), m.text(), "and not a hold")
	require.Zero(t, m.core.Presses())
}

// TestHold checks that holding the button for six seconds lights every segment, as on
// the OneSpan GO 6 and 7, which open their menu then.
func TestHold(t *testing.T) {
	m, p := withButton(t, "button-6", nil)
	m.down = true
	m.step()
	require.Equal(t, m.code(p), m.text(), "a button that is down at boot is a press")
	m.advance(6*time.Second - time.Millisecond)
	require.Equal(t, m.code(p), m.text())
	m.advance(time.Millisecond)
	require.Equal(t, firmware.AllSegments(6), m.frame)
	m.advance(10 * time.Second)
	require.Equal(t, firmware.AllSegments(6), m.frame)
	m.down = false
	m.step()
	require.Equal(t, m.code(p), m.text(), "then the code is shown again")
	m.advance(time.Minute)
	require.Equal(t, firmware.Frame{}, m.frame)

	// The button is held past the end of the step: the display below is dark.
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

// TestStuckButton checks that a button that stays down lights the display for at most
// 32 s. A OneSpan GO 7 switches off after about that time.
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
		require.Equal(t, firmware.Never, min(m.wake.State, m.wake.Paint), "the token never wakes")
		m.advance(365 * 24 * time.Hour)
		require.Equal(t, firmware.Frame{}, m.frame)
		m.down = false
		m.step()
		require.Equal(t, firmware.Frame{}, m.frame, "releasing the button is not a press")
		m.press()
		require.Equal(t, m.code(p), m.text(), "the next press shows a code")
		require.EqualValues(t, 2, m.core.Presses())
		m.press()
		m.down = true
		m.step()
		m.advance(6 * time.Second)
		require.Equal(t, firmware.AllSegments(m.digits), m.frame, "a hold works again")
	}
}

// TestHoldWhileTheClockMoves checks that moving the token's clock does not change how
// long the button counts as down.
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

// TestPressLimit checks that each press beyond the limit asks for a replacement of the
// token: "EEEEEE", then the code. The token works on until its battery is empty. The
// token card of the Japan Net Bank does so after 18,000 displays
// (japannetbank.co.jp/token/onetime/about.html).
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
		require.Zero(t, m.frame.Icons&firmware.IconBattery, "LowPercent 0 never warns")
		m.press()
		require.Equal(t, firmware.Frame{}, m.frame)
		m.boot(t)
	}
	// An empty battery is announced with another text.
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

// TestPressLimitEnds checks a profile in which the limit ends the token's life.
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
	require.Equal(t, "EEEEEE", m.text(), "the message is shown forever")
	require.Equal(t, ops, m.ops(), "a dead token writes nothing")
	m.press()
	require.Equal(t, firmware.Frame{}, m.frame)
}

// TestLowBattery checks the warning of the Symantec VIP fob: below 10 %, every press
// shows the warning and then the code.
func TestLowBattery(t *testing.T) {
	for name, warning := range map[string]string{"button-6": "bAtt05", "button-8": "bAtt  05"} {
		m, p := withButton(t, name, nil)
		m.press()
		require.Equal(t, m.code(p), m.text(), "with a good battery")
		require.Zero(t, m.frame.Icons&firmware.IconBattery)
		m.press()

		// The middle of the knee between 2.7 V and 2.0 V, which is the last 10 %.
		m.supply = 2350
		m.press()
		require.Equal(t, warning, m.text())
		require.Equal(t, firmware.IconBattery, m.frame.Icons)
		m.advance(2*time.Second - time.Millisecond)
		require.Equal(t, warning, m.text())
		m.advance(time.Millisecond)
		require.Equal(t, m.code(p), m.text())
		require.NotZero(t, m.frame.Icons&firmware.IconBattery, "the battery sign stays")
		m.press()
		m.press()
		require.Equal(t, warning, m.text(), "each press warns")
	}

	// By the number of presses, while the voltage shows no change.
	m, p := withButton(t, "button-6", func(p *token.Profile) { p.Behaviour.PressLimit = 20 })
	for range 19 {
		m.press()
		m.press()
	}
	m.press() // counts as the 20th: none is left
	require.Equal(t, "bAtt00", m.text())
	m.advance(2 * time.Second)
	require.Equal(t, m.code(p), m.text())

	// LowPercent 0 means no warning.
	m, p = withButton(t, "button-6", func(p *token.Profile) { p.Behaviour.LowPercent = 0 })
	m.supply = 2000
	m.press()
	require.Equal(t, m.code(p), m.text())
}

// TestWarningAtStepEnd checks that the warning ends with the display.
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

// moves are changes of the clock by a rig or by a loss of the crystal.
var moves = []time.Duration{
	time.Millisecond, time.Second, 5 * time.Second, 29 * time.Second, 31 * time.Second, time.Minute, time.Hour, 365 * 24 * time.Hour,
	-time.Millisecond, -time.Second, -5 * time.Second, -29 * time.Second, -31 * time.Second, -time.Minute, -time.Hour, -365 * 24 * time.Hour,
}

// TestClockMoved checks that a moved clock changes neither how long a press lights the
// display nor which kind of text it shows.
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
	// A code that stays until the end of its step disappears when the clock leaves the
	// step.
	for _, move := range []time.Duration{time.Minute, -time.Minute} {
		m, _ := withButton(t, "button-6", nil)
		m.press()
		m.now += token.UnixMilli(move.Milliseconds())
		m.step()
		require.Equal(t, firmware.Frame{}, m.frame)
	}
}

// warnTime is the duration of a warning before the code.
const warnTime = 2 * time.Second

// TestMessageTime checks that the message at the end of life is not limited by
// ShowSeconds.
func TestMessageTime(t *testing.T) {
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

// TestClockMovedSelfTest checks that a moved clock does not change the two seconds of
// the self-test's LCD test.
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
