// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/virtual"
)

var errBroken = errors.New("flash is broken")

// faultyFlash is flash whose operations can be made to fail.
type faultyFlash struct {
	*virtual.Flash
	program func(page, off int) error
	erase   func(page int) error
	read    func(page int) error
	done    bool // a failing write is carried out nevertheless
}

func (f *faultyFlash) Read(page, off int, p []byte) error {
	if f.read != nil {
		if err := f.read(page); err != nil {
			return err
		}
	}
	return f.Flash.Read(page, off, p)
}

func (f *faultyFlash) Program(page, off int, p []byte) error {
	if f.program != nil {
		if err := f.program(page, off); err != nil {
			if f.done {
				_ = f.Flash.Program(page, off, p)
			}
			return err
		}
	}
	return f.Flash.Program(page, off, p)
}

func (f *faultyFlash) Erase(page int) error {
	if f.erase != nil {
		if err := f.erase(page); err != nil {
			return err
		}
	}
	return f.Flash.Erase(page)
}

// breakFlash makes every write and erase of the machine fail.
func (m *machine) breakFlash(done bool) *faultyFlash {
	f := &faultyFlash{
		Flash:   m.flash,
		program: func(int, int) error { return errBroken },
		erase:   func(int) error { return errBroken },
		done:    done,
	}
	m.hw.Flash = f
	return f
}

// TestNoWritableSlot checks a token with no slot that accepts a record. The host gets an
// error and the token keeps its state, also after a restart, even if the last write has
// reached the flash.
func TestNoWritableSlot(t *testing.T) {
	for _, done := range []bool{false, true} {
		for fill := range slotsInAll {
			t.Run(fmt.Sprint(fill, " ", done), func(t *testing.T) {
				sn := serial(t, testSerial)

				m := newMachine(t)
				m.program(t, payload(profile(t, "button-6")), false)
				m.pressOff(fill)
				before := m.record()
				m.breakFlash(done)
				c, _ := m.connect(t)
				require.ErrorIs(t, c.Lock(t.Context()), serialproto.ErrFlash)
				if done {
					// Writes cannot be relied on but still clear bits. The wipe
					// destroys the seed, and with it the record.
					require.NoError(t, c.Wipe(t.Context(), sn))
					require.Equal(t, serialproto.StateWiped, m.state())
					require.False(t, m.hasTraces(secret))
					require.Error(t, m.restart())
					require.Equal(t, serialproto.StateDead, m.state(), "the counter is lost, so the token is dead")
					return
				}
				require.ErrorIs(t, c.Wipe(t.Context(), sn), serialproto.ErrFlash)
				require.Equal(t, before, m.record())
				m.press()
				require.Equal(t, m.code(profile(t, "button-6")), m.text()[2:], "the token still shows codes")
				m.boot(t)
				require.Equal(t, before, m.record(), "after a restart")
				m.hw.Flash = m.flash
				require.NoError(t, c.Lock(t.Context()), "mended")
				m.boot(t)
				require.Equal(t, serialproto.StateLocked, m.state())

				m = newMachine(t)
				m.burnCounter(t, fill)
				before = m.record()
				m.breakFlash(done)
				c, _ = m.connect(t)
				o := order(t, m, profile(t, "button-6"))
				require.ErrorIs(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o), serialproto.ErrFlash)
				require.ErrorIs(t, m.core.Program(&m.hw, sn, payload(o.Profile), true), serialproto.ErrFlash)
				require.Equal(t, before.Meaning(), m.record().Meaning())
				m.boot(t)
				require.Equal(t, before.Meaning(), m.record().Meaning())
			})
		}
	}
}

// TestStateChangesDespiteFlashFault checks that the token's life ends even if the flash
// fails, and that the flash is tried only once.
func TestStateChangesDespiteFlashFault(t *testing.T) {
	dated := payload(profile(t, "always-on-6"))
	dated.Expiry, dated.Ends = expiry(t, 2027, 1, 15), noon.Seconds()+60
	for name, act := range map[string]func(m *machine){
		"expiry":     func(m *machine) { m.now += 60_000 },
		"clock loss": func(m *machine) { m.now, m.valid = 0, false },
	} {
		m := newMachine(t)
		m.program(t, dated, true)
		m.breakFlash(false)
		tries := 0
		m.hw.Flash.(*faultyFlash).erase = func(int) error { tries++; return errBroken }
		act(m)
		m.step()
		want := serialproto.StateExpired
		if name == "clock loss" {
			want = serialproto.StateDead
		}
		require.Equal(t, want, m.state(), name)
		require.NotContains(t, m.text(), m.code(dated.Profile), name)
		require.Greater(t, m.wake.State, m.now, name)
		once := tries
		m.step()
		m.step()
		require.Equal(t, once, tries, "%s: the write must not be retried", name)
	}
	m := newMachine(t)
	p := payload(profile(t, "button-6"))
	p.Profile.Behaviour.PressLimit, p.Profile.Behaviour.LimitEnds = 2, true
	m.program(t, p, true)
	m.pressOff(2)
	m.breakFlash(false)
	m.press()
	require.Equal(t, serialproto.StateDead, m.state())
	require.Equal(t, "EEEEEE", m.text()[:6])
}

// TestFlashFaults makes operations fail at random and leave random bytes. If the host
// gets an error, the token is in the old state, otherwise in the new one. A restart
// does not change it.
func TestFlashFaults(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	failures, successes := 0, 0
	for round := range 300 {
		m := newMachine(t)
		p := profile(t, "button-6")
		m.program(t, payload(p), false)
		m.pressOff(r.IntN(slotsInAll))
		share := r.Float64()
		bad := func() error {
			if r.Float64() < share {
				return errBroken
			}
			return nil
		}
		m.hw.Flash = &faultyFlash{
			Flash:   m.flash,
			program: func(int, int) error { return bad() },
			erase:   func(int) error { return bad() },
			done:    r.IntN(2) == 0,
		}
		if r.IntN(4) == 0 {
			m.flash.FailNext(r.Uint64())
		}
		c, _ := m.connect(t)
		for _, do := range []func() error{
			func() error { return c.Lock(t.Context()) },
			func() error { return c.Wipe(t.Context(), m.core.Serial()) },
		} {
			before := m.record()
			switch err := do(); {
			case err == nil:
				successes++
			case errors.Is(err, serialproto.ErrFlash) && m.record().State == serialproto.StateWiped:
				// The record was written, but an old page could not be erased: the wipe
				// must be repeated.
				failures++
			case errors.Is(err, serialproto.ErrFlash) && m.record().State == serialproto.StateLocked:
				failures++ // likewise, and the state before is still in use
			default:
				require.ErrorIs(t, err, serialproto.ErrFlash, "round %d", round)
				require.Equal(t, before, m.record(), "round %d", round)
				failures++
			}
		}
		after := m.record().Meaning()
		m.hw.Flash = m.flash
		if err := m.restart(); err != nil { // no slot accepted the record, but the seed is gone
			require.Equal(t, serialproto.StateDead, m.state(), "round %d", round)
			require.Zero(t, m.record().SeedLen)
		} else {
			require.Equal(t, after, m.record().Meaning(), "round %d", round)
		}
		if seeded := m.record().SeedLen > 0; seeded || m.state() == serialproto.StateWiped {
			require.Equal(t, seeded, m.hasTraces(secret), "round %d: boot must erase what is left", round)
		}
	}
	require.Greater(t, failures, 50)
	require.Greater(t, successes, 50)
}

// TestOneWriteFailure checks that after a single failed write the next slot is used.
func TestOneWriteFailure(t *testing.T) {
	for fill := range slotsInAll {
		m := newMachine(t)
		m.program(t, payload(profile(t, "button-6")), false)
		m.pressOff(fill)
		m.flash.FailNext(uint64(fill))
		c, _ := m.connect(t)
		err := c.Lock(t.Context())
		if fill%slotsPerPage == slotsPerPage-1 { // the only other page could not be erased
			require.ErrorIs(t, err, serialproto.ErrFlash)
			require.NoError(t, c.Lock(t.Context()))
		} else {
			require.NoError(t, err)
		}
		m.boot(t)
		require.Equal(t, serialproto.StateLocked, m.state())
	}
}

// stuckFlash is flash with a slot in which a byte silently cannot be programmed.
type stuckFlash struct {
	*virtual.Flash
	page, off int
}

func (s *stuckFlash) Program(page, off int, p []byte) error {
	if page == s.page && off == s.off {
		p = bytes.Clone(p)
		p[50] = 0xFF
	}
	return s.Flash.Program(page, off, p)
}

// TestStuckByte checks that a record counts only if it reads back, even if the flash
// reported no error.
func TestStuckByte(t *testing.T) {
	for slot := range slotsInAll {
		m := newMachine(t)
		m.hw.Flash = &stuckFlash{m.flash, slot / slotsPerPage, slot % slotsPerPage * firmware.SlotSize}
		m.program(t, payload(profile(t, "button-6")), true)
		for n := range uint32(3 * slotsInAll) {
			require.Equal(t, n, m.core.Presses())
			m.boot(t)
			require.Equal(t, serialproto.StateLocked, m.state())
			require.Equal(t, n, m.core.Presses(), "slot %d", slot)
			m.pressOff(1)
		}
	}
}

// TestTornSlotIsPassedOver checks that the next write after a power cut goes to an
// erased slot. Some kinds of memory cannot be programmed twice.
func TestTornSlotIsPassedOver(t *testing.T) {
	for seed := range uint64(20) {
		m := newMachine(t)
		m.program(t, payload(profile(t, "button-6")), false)
		m.flash.CutAt(1, seed)
		m.press()
		m.settle(t)
		ops := m.ops()
		c, _ := m.connect(t)
		require.NoError(t, c.Lock(t.Context())) // not the record that was being written
		require.Equal(t, ops+writeOps, m.ops())
	}
}

// TestWornOut checks that a token with worn-out flash still shows its code.
func TestWornOut(t *testing.T) {
	m := newMachine(t)
	m.flash = virtual.NewFlash(2, slotsPerPage*firmware.SlotSize, 10)
	m.hw.Flash = m.flash
	m.boot(t)
	p := profile(t, "button-6")
	m.program(t, payload(p), true)
	m.pressOff(200)
	presses := m.core.Presses()
	require.Less(t, presses, uint32(100), "the count must stop")
	m.press()
	require.Equal(t, m.code(p), m.text()[2:])
	m.boot(t)
	require.Equal(t, presses, m.core.Presses())
}
