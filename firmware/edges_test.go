// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// TestPressWithoutClock checks that a press on a token without a valid clock shows no
// code and is not counted.
func TestPressWithoutClock(t *testing.T) {
	m := newMachine(t)
	m.digits = 6
	m.program(t, payload(profile(t, "button-6")), false)
	m.valid = false
	m.press()
	require.Zero(t, m.core.Presses())
	require.False(t, m.core.View().On)
	m.valid = true
	m.step()
	require.Equal(t, firmware.Frame{}, m.frame)
}

// TestNoPressLimit checks that a token without a press limit never asks for its
// replacement.
func TestNoPressLimit(t *testing.T) {
	m, p := withButton(t, "button-6", func(p *token.Profile) { p.Behaviour.PressLimit, p.Behaviour.LowPercent = 0, 0 })
	for range 3 {
		m.press()
		require.Equal(t, m.code(p), m.text())
		m.press()
	}
}

// TestBatteryKnee checks the estimate of the charge of a lithium battery. The voltage
// does not indicate the charge above the knee of the discharge curve, here 2.7 V. The
// last 10 % are between 2.7 V and 2.0 V.
func TestBatteryKnee(t *testing.T) {
	for supply, warning := range map[firmware.Millivolts]string{
		3000: "", 2700: "", 2699: "bAtt09", 2630: "bAtt09", 2629: "bAtt08", 2070: "bAtt01", 2000: "bAtt00", 1990: "bAtt00",
	} {
		m, p := withButton(t, "button-6", func(p *token.Profile) { p.Behaviour.PressLimit, p.Behaviour.LowPercent = 0, 50 })
		m.supply = supply
		m.press()
		if warning == "" {
			warning = m.code(p)
		}
		require.Equal(t, warning, m.text(), "%d mV", supply)
	}
}

// TestBatteryRecovers checks that the warning shows at most 99 % if the battery
// recovers meanwhile. There is room for two digits only.
func TestBatteryRecovers(t *testing.T) {
	m, _ := withButton(t, "button-6", func(p *token.Profile) { p.Behaviour.PressLimit = 0 })
	m.supply = 2100
	m.press()
	require.Equal(t, "bAtt01", m.text())
	m.supply = 3000
	m.step()
	require.Equal(t, "bAtt99", m.text())
}

// TestNoBatterySignWithoutButton checks that a token without a button shows no battery
// icon.
func TestNoBatterySignWithoutButton(t *testing.T) {
	m, p := withButton(t, "always-on-6", func(p *token.Profile) { p.Behaviour.LowPercent = 50 })
	m.supply = 2100
	m.step()
	require.Equal(t, m.code(p), m.text())
	require.Zero(t, m.frame.Icons&firmware.IconBattery)
}

// TestViewAfterUptimeReset checks that a view from a snapshot lights the display for no
// longer than a press or a self-test does.
func TestViewAfterUptimeReset(t *testing.T) {
	for _, up := range []int64{1, 30_000, 30_001, 1 << 40} {
		m, _ := withButton(t, "button-8", nil) // a press lights it for 30 s
		m.core.SetView(firmware.View{On: true, OffAt: m.counted + up})
		m.step()
		require.Equal(t, up <= 30_000, m.core.View().On, "off in %d ms", up)
		require.Equal(t, up <= 30_000, m.frame != firmware.Frame{}, "off in %d ms", up)
	}
	for _, up := range []int64{1, 2000, 2001, 1 << 40} {
		m, _ := withButton(t, "button-8", nil)
		m.core.SetView(firmware.View{TestEnd: m.counted + up})
		m.step()
		require.Equal(t, up <= 2000, m.frame == firmware.AllSegments(8), "the test ends in %d ms", up)
	}
}

// TestSelfTestOnADarkDisplay checks that Step returns the time at which the LCD test
// ends. On a token with a button, nothing else would turn the segments off.
func TestSelfTestOnADarkDisplay(t *testing.T) {
	m, _ := withButton(t, "button-6", nil)
	c, _ := m.connect(t)
	_, err := c.SelfTest(t.Context())
	require.NoError(t, err)
	require.Equal(t, firmware.AllSegments(6), m.frame)
	require.Equal(t, noon+2000, m.wake.State)
	m.advance(2 * time.Second)
	require.Equal(t, firmware.Frame{}, m.frame)
}

// TestLockAgainVoidsOlderRecord checks that LOCK of a locked token fails while an older
// record is still in flash, and makes that record unreadable once the flash works again.
func TestLockAgainVoidsOlderRecord(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "button-6")), false)
	older := 0 // the slot of the older record is the first of page 0
	f := &faultyFlash{Flash: m.flash, program: func(page, off int) error {
		if page == 0 && off == older {
			return errBroken
		}
		return nil
	}}
	m.hw.Flash = f
	c, _ := m.connect(t)
	readable := func() bool {
		image := m.flash.Image()
		return isRecord([firmware.SlotSize]byte(image[:firmware.SlotSize]))
	}
	for range 3 {
		require.ErrorIs(t, c.Lock(t.Context()), serialproto.ErrFlash)
		require.Equal(t, serialproto.StateLocked, m.state())
		require.True(t, readable())
		require.False(t, firmware.FlashPasses(&m.core, &m.hw), "the self-test must find the older record")
	}
	f.program = nil
	require.NoError(t, c.Lock(t.Context()))
	require.False(t, readable())
	require.True(t, firmware.FlashPasses(&m.core, &m.hw))
}

// TestSelfTestComparesRecord: a record that is whole and not the one in use fails.
func TestSelfTestComparesRecord(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "button-6")), true)
	before := m.flash.Image()
	m.press()
	require.True(t, firmware.FlashPasses(&m.core, &m.hw))
	require.NoError(t, m.flash.LoadImage(before))
	require.False(t, firmware.FlashPasses(&m.core, &m.hw))
}

// TestBootErasesTraces checks that boot erases a seed that a power cut left beside the
// record of a wiped token, even if its page can be erased but not be overwritten with
// zeros.
func TestBootErasesTraces(t *testing.T) {
	for _, pages := range []int{2, 3} {
		m := newMachine(t)
		m.flash = virtual.NewFlash(pages, slotsPerPage*firmware.SlotSize, 0)
		m.hw.Flash = m.flash
		m.boot(t)
		m.program(t, payload(profile(t, "button-6")), true)
		before := m.flash.Image()
		c, _ := m.connect(t)
		require.NoError(t, c.Wipe(t.Context(), serial(t, testSerial)))
		image := m.flash.Image()
		require.NotContains(t, string(image), string(secret))
		page := slotsPerPage * firmware.SlotSize
		copy(image[:page], before[:page]) // the wipe wrote to another page
		require.NoError(t, m.flash.LoadImage(image))
		require.True(t, m.hasTraces(secret))
		erased := false
		m.hw.Flash = &faultyFlash{Flash: m.flash, program: func(page, off int) error {
			if page == 0 && !erased {
				return errBroken
			}
			return nil
		}, erase: func(page int) error {
			erased = erased || page == 0
			return nil
		}}
		m.boot(t)
		require.Equal(t, serialproto.StateWiped, m.state())
		require.False(t, m.hasTraces(secret))
	}
}

// TestWipeOnAWornFlash checks that the record of a wiped token goes to the same page as
// the old one if no other page can be erased, and that the old one becomes unreadable.
func TestWipeOnAWornFlash(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "button-6")), true)
	m.hw.Flash = &faultyFlash{Flash: m.flash, erase: func(int) error { return errBroken }}
	c, _ := m.connect(t)
	require.NoError(t, c.Wipe(t.Context(), serial(t, testSerial)))
	require.False(t, m.hasTraces(secret))
	m.boot(t)
	require.Equal(t, serialproto.StateWiped, m.state())
	require.Equal(t, testSerial, m.core.Serial().String())
}

// load makes r the only record in flash, and boots.
func (m *machine) load(t *testing.T, r firmware.Record) {
	t.Helper()
	var slot [firmware.SlotSize]byte
	r.Encode(&slot)
	clear(slot[184:192]) // its mark
	image := m.flash.Image()
	for i := range image {
		image[i] = 0xFF
	}
	copy(image, slot[:])
	require.NoError(t, m.flash.LoadImage(image))
	m.boot(t)
	require.Equal(t, r, m.record())
}

// TestMaxSequenceAndCounter checks that the last sequence number can be used, but not a
// further one, and that the last counter is never used.
func TestMaxSequenceAndCounter(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "button-6")), false)
	r := m.record()
	r.Sequence = 1<<32 - 2
	m.load(t, r)
	m.press() // uses the last sequence number
	require.EqualValues(t, 1, m.core.Presses())
	m.press()
	c, _ := m.connect(t)
	require.ErrorIs(t, c.Lock(t.Context()), serialproto.ErrFlash)
	m.boot(t)
	require.Equal(t, serialproto.StateProvisioned, m.state())
	require.EqualValues(t, 1, m.core.Presses())

	m = newMachine(t)
	m.burnCounter(t, 1)
	r = m.record()
	r.Counter = 1<<32 - 1
	m.load(t, r)
	c, _ = m.connect(t)
	o := order(t, m, profile(t, "button-6"))
	require.ErrorIs(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o), serialproto.ErrCounter)
	require.Equal(t, r, m.record())
}

// opening is an identity that calls now when a message is about to be opened.
type opening struct {
	*mIdentity
	now func()
}

func (o opening) StationKey() *[32]byte {
	o.now()
	return o.mIdentity.StationKey()
}

// TestMessageNotOpenedBeforeCounterIsWritten checks that a message is not opened if the
// flash does not accept the new counter. Otherwise the message could be tried again.
func TestMessageNotOpenedBeforeCounterIsWritten(t *testing.T) {
	m := newMachine(t)
	f := m.breakFlash(false)
	m.hw.Identity = opening{(*mIdentity)(m), func() { f.program, f.erase = nil, nil }}
	c, _ := m.connect(t)
	o := order(t, m, profile(t, "button-6"))
	require.ErrorIs(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o), serialproto.ErrFlash)
	require.Equal(t, serialproto.StateBlank, m.state())
	require.NotNil(t, f.program, "the message was opened")
}

// TestProofRepeatedOnlyForSameMessage checks that the proof is repeated only for the
// message that provisioned the token, and not for another message with the same counter.
func TestProofRepeatedOnlyForSameMessage(t *testing.T) {
	m := newMachine(t)
	c, w := m.connect(t)
	o := order(t, m, profile(t, "always-on-6"))
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o))
	sent := hosttest.Messages(commitFrame(t, w.sent))[0]
	for _, at := range []int{len(sent) - 1, len(sent) - 60} { // its tag, its payload
		other := bytes.Clone(sent)
		other[at] ^= 1
		var f serialproto.Framer
		f.Seal(len(append(f.Message(), other...)))
		require.ErrorIs(t, answer(t, w, f.AppendLines(nil)), serialproto.ErrAlreadyProvisioned, "byte %d", at)
	}
	require.NoError(t, answer(t, w, commitFrame(t, w.sent)))
}

// TestProvisionEndsSelfTest checks that provisioning ends the LCD test of an earlier
// self-test.
func TestProvisionEndsSelfTest(t *testing.T) {
	m := newMachine(t)
	c, _ := m.connect(t)
	_, err := c.SelfTest(t.Context())
	require.NoError(t, err)
	require.Equal(t, firmware.AllSegments(m.digits), m.frame)
	p := profile(t, "always-on-6")
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), order(t, m, p)))
	require.Equal(t, m.code(p), m.text()[2:])
}

// TestWipeResetsPresses checks that a wipe resets the presses and the display, and that
// presses count from 0 after provisioning (PROTOCOL.md, section 8.4), even if the
// record of an earlier firmware has some.
func TestWipeResetsPresses(t *testing.T) {
	m := newMachine(t)
	p := profile(t, "button-6")
	m.program(t, payload(p), true)
	m.pressOff(2)
	c, _ := m.connect(t)
	_, err := c.SelfTest(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.Wipe(t.Context(), serial(t, testSerial)))
	require.Zero(t, m.core.Presses())
	require.Equal(t, firmware.Frame{}, m.frame)
	dead := inState(t, serialproto.StateDead)
	require.NotZero(t, dead.record().Death)
	c, _ = dead.connect(t)
	require.NoError(t, c.Wipe(t.Context(), serial(t, testSerial)))
	require.Zero(t, dead.record().Death, "the earlier cause of death is erased")
	c, _ = m.connect(t)

	r := m.record()
	r.Presses, r.Death = 5, 1
	m.load(t, r)
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), order(t, m, p)))
	require.Zero(t, m.core.Presses())
	require.Zero(t, m.record().Death)
}

// TestWipeRetriesAfterFlashFault checks that a wipe fails if the flash keeps the seed,
// and that repeating the request tries again.
func TestWipeRetriesAfterFlashFault(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "button-6")), true)
	f := &faultyFlash{Flash: m.flash}
	f.program = func(page, _ int) error {
		if page == 0 {
			return errBroken
		}
		return nil
	}
	f.erase = func(page int) error { return f.program(page, 0) }
	m.hw.Flash = f
	c, _ := m.connect(t)
	for range 2 {
		require.ErrorIs(t, c.Wipe(t.Context(), serial(t, testSerial)), serialproto.ErrFlash)
		require.Equal(t, serialproto.StateWiped, m.state())
		require.True(t, m.hasTraces(secret))
	}
	f.program, f.erase = nil, nil
	require.NoError(t, c.Wipe(t.Context(), serial(t, testSerial)))
	require.False(t, m.hasTraces(secret))
}

// TestVoidSlotWithWrongBits: a slot of zeros with a few wrong bits is left as it is. With
// more than eight wrong bits it may be the rest of a record, and boot clears it.
func TestVoidSlotWithWrongBits(t *testing.T) {
	for _, wrong := range []int{0, 8, 9, 64} {
		m := newMachine(t)
		m.program(t, payload(profile(t, "button-6")), true)
		image := m.flash.Image()
		slot := image[2*firmware.SlotSize:][:firmware.SlotSize]
		clear(slot)
		for bit := range wrong {
			flip(slot, 31*bit)
		}
		require.NoError(t, m.flash.LoadImage(image))
		ops := m.ops()
		m.boot(t)
		require.Equal(t, wrong > 8, m.ops() > ops, "%d bits", wrong)
		if wrong > 8 {
			clear(slot)
		}
		require.Equal(t, image, m.flash.Image(), "%d bits", wrong)
		require.Equal(t, serialproto.StateLocked, m.state())
	}
}
