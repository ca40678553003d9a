// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/token/virtual"
)

// TestWear: a page is erased once for each page full of records, and all pages
// in turn.
func TestWear(t *testing.T) {
	for _, pages := range []int{2, 3, 5} {
		m := newMachine(t)
		m.flash = virtual.NewFlash(pages, slotsPerPage*firmware.SlotSize, 0)
		m.hw.Flash = m.flash
		m.boot(t)
		m.program(t, payload(profile(t, "button-6")), true) // one record
		const presses = 1000
		m.pressOff(presses)
		require.EqualValues(t, presses, m.core.Presses())
		total, least, most := 0, uint32(1<<31), uint32(0)
		for page := range pages {
			n := m.flash.Erases(page)
			total += int(n)
			least, most = min(least, n), max(most, n)
		}
		require.LessOrEqual(t, most-least, uint32(1), "%d pages", pages)
		require.Equal(t, (presses+1+slotsPerPage-1)/slotsPerPage, total)
		require.Equal(t, presses+1+total, m.ops(), "one write a press")
		m.boot(t)
		require.EqualValues(t, presses, m.core.Presses())
	}
}

var errBroken = errors.New("flash is broken")

// faulty is flash whose operations a test makes fail.
type faulty struct {
	*virtual.Flash
	program func(page, off int) error
	erase   func(page int) error
	read    func(page int) error
	done    bool // a write that fails has been carried out all the same
}

func (f *faulty) Read(page, off int, p []byte) error {
	if f.read != nil {
		if err := f.read(page); err != nil {
			return err
		}
	}
	return f.Flash.Read(page, off, p)
}

func (f *faulty) Program(page, off int, p []byte) error {
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

func (f *faulty) Erase(page int) error {
	if f.erase != nil {
		if err := f.erase(page); err != nil {
			return err
		}
	}
	return f.Flash.Erase(page)
}

// breakFlash makes every write and erase of the machine fail.
func (m *machine) breakFlash(done bool) *faulty {
	f := &faulty{
		Flash:   m.flash,
		program: func(int, int) error { return errBroken },
		erase:   func(int) error { return errBroken },
		done:    done,
	}
	m.hw.Flash = f
	return f
}

// TestFlashDead: with no slot that takes a record the host is told so, and the
// token is what it was, also after a restart: even if the last slot was written
// after all.
func TestFlashDead(t *testing.T) {
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
				require.ErrorIs(t, c.Wipe(t.Context(), sn), serialproto.ErrFlash)
				require.Equal(t, before, m.record())
				m.press()
				require.Equal(t, m.code(profile(t, "button-6")), m.text()[2:], "it still is a token")
				m.boot(t)
				require.Equal(t, before, m.record(), "after a restart")
				m.hw.Flash = m.flash
				require.NoError(t, c.Lock(t.Context()), "mended")
				m.boot(t)
				require.Equal(t, serialproto.StateLocked, m.state())

				m = newMachine(t)
				m.burn(t, fill)
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

// TestTimeAndPowerDoNotWait: what ends a token's life does so whether or not
// the flash works, and asks it once.
func TestTimeAndPowerDoNotWait(t *testing.T) {
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
		m.hw.Flash.(*faulty).erase = func(int) error { tries++; return errBroken }
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
		require.Equal(t, once, tries, "%s: no flash is worn out by retrying", name)
	}
	m := newMachine(t)
	p := payload(profile(t, "button-6"))
	p.Profile.Behaviour.PressLimit = 2
	m.program(t, p, true)
	m.pressOff(2)
	m.breakFlash(false)
	m.press()
	require.Equal(t, serialproto.StateDead, m.state())
	require.Equal(t, "EEEEEE", m.text()[:6])
}

// TestFlashFaults lets operations fail at random, and leave random bytes. The
// host is told of a failure and finds the old state, or of success and finds
// the new one; a restart changes neither.
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
		m.hw.Flash = &faulty{
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
				// Written, but an old page would not erase: the wipe is to be
				// repeated.
				failures++
			default:
				require.ErrorIs(t, err, serialproto.ErrFlash, "round %d", round)
				require.Equal(t, before, m.record(), "round %d", round)
				failures++
			}
		}
		after := m.record().Meaning()
		m.hw.Flash = m.flash
		m.boot(t)
		require.Equal(t, after, m.record().Meaning(), "round %d", round)
		require.Equal(t, after.State != serialproto.StateWiped, m.traces(secret), "round %d: boot wipes what is left", round)
	}
	require.Greater(t, failures, 50)
	require.Greater(t, successes, 50)
}

// TestOneFailure: a single write that fails is made good with the next slot.
func TestOneFailure(t *testing.T) {
	for fill := range slotsInAll {
		m := newMachine(t)
		m.program(t, payload(profile(t, "button-6")), false)
		m.pressOff(fill)
		m.flash.FailNext(uint64(fill))
		c, _ := m.connect(t)
		err := c.Lock(t.Context())
		if fill%slotsPerPage == slotsPerPage-1 { // it was the only other page that would not erase
			require.ErrorIs(t, err, serialproto.ErrFlash)
			require.NoError(t, c.Lock(t.Context()))
		} else {
			require.NoError(t, err)
		}
		m.boot(t)
		require.Equal(t, serialproto.StateLocked, m.state())
	}
}

// TestWornOut: a token whose flash has no cycle left still shows its code.
func TestWornOut(t *testing.T) {
	m := newMachine(t)
	m.flash = virtual.NewFlash(2, slotsPerPage*firmware.SlotSize, 10)
	m.hw.Flash = m.flash
	m.boot(t)
	p := profile(t, "button-6")
	m.program(t, payload(p), true)
	m.pressOff(200)
	presses := m.core.Presses()
	require.Less(t, presses, uint32(100), "the count stops")
	m.press()
	require.Equal(t, m.code(p), m.text()[2:])
	m.boot(t)
	require.Equal(t, presses, m.core.Presses())
}

// TestGarbage boots from flash that something else has written.
func TestGarbage(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	images := map[string]func(b []byte){
		"zeros":           func(b []byte) { clear(b) },
		"random":          func(b []byte) { fillRandom(r, b) },
		"text":            func(b []byte) { copy(b, bytes.Repeat([]byte("another firmware "), 200)) },
		"one byte":        func(b []byte) { b[1000] = 0 },
		"the magic alone": func(b []byte) { copy(b, "fob1") },
	}
	for name, change := range images {
		m := newMachine(t)
		image := m.flash.Image()
		change(image)
		require.NoError(t, m.flash.LoadImage(image))
		m.boot(t)
		require.Equal(t, serialproto.StateBlank, m.state(), name)
		m.program(t, payload(profile(t, "button-6")), true)
		m.pressOff(20)
		m.boot(t)
		require.Equal(t, serialproto.StateLocked, m.state(), name)
		require.EqualValues(t, 20, m.core.Presses(), name)
	}

	// Garbage beside a token's records does not hide them.
	for round := range 200 {
		m := newMachine(t)
		m.program(t, payload(profile(t, "button-6")), true)
		m.pressOff(r.IntN(12))
		want := m.record()
		image := m.flash.Image()
		for slot := range slotsInAll {
			at := (*[firmware.SlotSize]byte)(image[slot*firmware.SlotSize:])
			if rec, ok := firmware.Decode(at); (!ok || rec.Sequence != want.Sequence) && r.IntN(2) == 0 {
				fillRandom(r, at[:])
			}
		}
		require.NoError(t, m.flash.LoadImage(image))
		m.boot(t)
		require.Equal(t, want, m.record(), "round %d", round)
		m.pressOff(10)
		m.boot(t)
		require.Equal(t, want.Presses+10, m.core.Presses(), "round %d", round)
	}
}

func fillRandom(r *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

// TestUnreadableFlash: a token that cannot read its memory shows nothing, says
// nothing of a seed, and writes nothing.
func TestUnreadableFlash(t *testing.T) {
	for page := range 2 {
		m := newMachine(t)
		m.program(t, payload(profile(t, "always-on-6")), true)
		image := m.flash.Image()
		f := &faulty{Flash: m.flash, read: func(p int) error {
			if p == page {
				return errBroken
			}
			return nil
		}}
		m.hw.Flash = f
		require.ErrorIs(t, m.core.Boot(&m.hw), errBroken)
		m.step()
		require.Equal(t, blank8, m.text())
		f.read = nil
		c, _ := m.connect(t)
		o := order(t, m, profile(t, "always-on-6"))
		require.ErrorIs(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o), serialproto.ErrFlash)
		require.Equal(t, image, m.flash.Image())
		m.boot(t)
		require.Equal(t, serialproto.StateLocked, m.state())
	}
}

// odd is flash of a geometry that does not exist.
type odd struct {
	*virtual.Flash
	pages, size int
}

func (o odd) Geometry() (int, int) { return o.pages, o.size }

func TestGeometry(t *testing.T) {
	m := newMachine(t)
	for _, g := range [][2]int{{0, 0}, {1, 1024}, {2, 0}, {2, 255}, {2, 300}, {-1, 256}, {2, -256}} {
		m.hw.Flash = odd{m.flash, g[0], g[1]}
		require.ErrorIs(t, m.core.Boot(&m.hw), firmware.ErrGeometry, "%v", g)
	}
	m.hw.Flash = virtual.NewFlash(2, firmware.SlotSize, 0) // the least there can be
	m.boot(t)
	m.program(t, payload(profile(t, "button-6")), true)
	m.pressOff(10)
	m.boot(t)
	require.EqualValues(t, 10, m.core.Presses())
	m.advance(time.Minute)
	m.press()
	require.Equal(t, m.code(profile(t, "button-6")), m.text()[2:])
}

// TestSelfTestSeesFlash: the record in flash is compared with the one in use.
func TestSelfTestSeesFlash(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "always-on-6")), true)
	c, _ := m.connect(t)
	test, err := c.SelfTest(t.Context())
	require.NoError(t, err)
	require.Equal(t, host.SelfTest{Flash: true, Crypto: true, Clock: true, Supply: 3000}, test)

	image := m.flash.Image()
	image[100] ^= 1 // inside the only record
	require.NoError(t, m.flash.LoadImage(image))
	test, err = c.SelfTest(t.Context())
	require.NoError(t, err)
	require.False(t, test.Flash)
	require.False(t, test.Passed())
	require.Equal(t, token.UnixMilli(noon), m.now)
}
