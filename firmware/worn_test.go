// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// wearOutPages makes every page of the machine, except the one with the newest record,
// impossible to erase. If all is set, that page is included.
func (m *machine) wearOutPages(t *testing.T, all bool) {
	t.Helper()
	const endurance = 10
	s := m.flash.State()
	s.Endurance = endurance
	for i := range s.Pages {
		if all || len(s.Pages[i].Data) == 0 {
			s.Pages[i].Erases = endurance + 1
		}
	}
	flash, err := virtual.NewFlashFrom(s)
	require.NoError(t, err)
	m.flash, m.hw.Flash = flash, flash
	m.boot(t)
}

// TestWornFlashLosesSeed checks that a seed is destroyed even if the flash is worn out,
// because bits can always be cleared.
func TestWornFlashLosesSeed(t *testing.T) {
	for fill := range slotsPerPage {
		for _, all := range []bool{false, true} {
			for _, clockLoss := range []bool{false, true} {
				m := newMachine(t)
				m.program(t, payload(profile(t, "button-6")), true)
				m.pressOff(fill)
				m.wearOutPages(t, all)
				require.True(t, m.hasTraces(secret))
				if clockLoss {
					m.now, m.valid = 0, false
					m.step()
					require.Equal(t, serialproto.StateDead, m.state())
				} else {
					c, _ := m.connect(t)
					require.NoError(t, c.Wipe(t.Context(), serial(t, testSerial)))
					require.Equal(t, serialproto.StateWiped, m.state())
				}
				require.False(t, m.hasTraces(secret), "fill %d, all %v, clock loss %v", fill, all, clockLoss)
				_ = m.restart()
				require.NotContains(t, []serialproto.State{
					serialproto.StateProvisioned, serialproto.StateLocked, serialproto.StateExpired,
				}, m.state())
				require.Zero(t, m.record().SeedLen)
			}
		}
	}
}

// TestUnreadableFlashAtBootIsDead checks that a token that could not read its flash at
// boot is dead. Otherwise a glitch would allow setting the clock of a locked token.
func TestUnreadableFlashAtBootIsDead(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "button-6")), true)
	before := m.now
	glitch := &faultyFlash{Flash: m.flash, read: func(int) error { return errBroken }}
	m.hw.Flash = glitch
	require.ErrorIs(t, m.core.Boot(&m.hw), errBroken)
	c, _ := m.connect(t)
	i, err := c.Info(t.Context())
	require.NoError(t, err)
	require.Equal(t, serialproto.StateDead, i.State)
	require.ErrorIs(t, c.SetClock(t.Context(), time.Unix(4_000_000_000, 0)), serialproto.ErrDead)
	_, _, err = c.Clock(t.Context())
	require.ErrorIs(t, err, serialproto.ErrDead)
	require.ErrorIs(t, c.Lock(t.Context()), serialproto.ErrDead)
	require.Error(t, c.Wipe(t.Context(), token.Serial{}))
	m.hw.Flash = m.flash
	m.boot(t)
	require.Equal(t, serialproto.StateLocked, m.state())
	require.Equal(t, before, m.now)
}

// TestSequenceAndCounterDoNotWrap checks that sequence and counter never wrap around.
func TestSequenceAndCounterDoNotWrap(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "button-6")), true)
	r := m.record()
	r.Sequence, r.Counter = math.MaxUint32, math.MaxUint32
	var slot [firmware.SlotSize]byte
	r.Encode(&slot)
	flash := virtual.NewFlash(2, slotsPerPage*firmware.SlotSize, 0)
	require.NoError(t, flash.Program(0, 0, slot[:]))
	m.flash, m.hw.Flash = flash, flash
	m.boot(t)
	m.pressOff(3)
	m.boot(t)
	require.Equal(t, serialproto.StateLocked, m.state())
	c, _ := m.connect(t)
	require.NoError(t, c.Wipe(t.Context(), serial(t, testSerial)))
	require.False(t, m.hasTraces(secret))
}

// TestTimeBeforeT0 checks that a token that would have no code to show is not
// provisioned.
func TestTimeBeforeT0(t *testing.T) {
	m := newMachine(t)
	p := payload(profile(t, "always-on-6"))
	p.Profile.T0 = p.Clock.Seconds() + 1
	require.ErrorIs(t, m.core.Program(&m.hw, serial(t, testSerial), p, false), serialproto.ErrProfile)
	require.Equal(t, serialproto.StateBlank, m.state())
}

// TestTwoRequestsAtOnce checks that two requests that arrive together have the same
// effect as one after the other.
func TestTwoRequestsAtOnce(t *testing.T) {
	m := newMachine(t)
	m.hw.Rig = (*mRig)(m)
	m.program(t, payload(profile(t, "button-6")), true)
	m.connect(t)
	press := func(n int) []byte {
		return frame(serialproto.OpWrite, serialproto.GroupRig, serialproto.CmdRigPress, map[string]int{"n": n})
	}
	m.in = append(press(1), press(2)...)
	m.step()
	require.EqualValues(t, 1, m.core.Presses(), "the second press turns off")
	require.Equal(t, blank8, m.text())
	m.in = append(press(3), press(3)...)
	m.step()
	require.EqualValues(t, 2, m.core.Presses(), "a repeated request must not be executed twice")
	require.NotEqual(t, blank8, m.text())
}

// TestRepeatedAcrossRestart checks that a rig command that restarts the device is not
// executed again when it is repeated because the response was lost.
func TestRepeatedAcrossRestart(t *testing.T) {
	m := newMachine(t)
	m.hw.Rig = (*mRig)(m)
	m.program(t, payload(profile(t, "button-6")), true)
	m.connect(t)
	press := frame(serialproto.OpWrite, serialproto.GroupRig, serialproto.CmdRigPress, map[string]int{"n": 7})
	m.in = append([]byte(nil), press...)
	m.step()
	require.EqualValues(t, 1, m.core.Presses())
	m.boot(t)
	m.in = append([]byte(nil), press...)
	m.step()
	require.EqualValues(t, 1, m.core.Presses())
	// The same nonce in a different command is a different request.
	m.in = frame(serialproto.OpWrite, serialproto.GroupRig, serialproto.CmdRigSkew, map[string]int{"n": 7, "ms": 5000})
	before := m.now
	m.step()
	require.Equal(t, before+5000, m.now)
}
