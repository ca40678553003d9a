// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// TestWear checks that a page is erased once for each page full of records, and that
// all pages are used in turn.
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
		require.Equal(t, writeOps*(presses+1)-1+total, m.ops(), "one slot per press; the first record has no predecessor")
		m.boot(t)
		require.EqualValues(t, presses, m.core.Presses())
	}
}

// TestForeignFlashContent boots from flash that another program has written.
func TestForeignFlashContent(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	images := map[string]func(b []byte){
		"zeros":                 func(b []byte) { clear(b) },
		"random":                func(b []byte) { fillRandom(r, b) },
		"text":                  func(b []byte) { copy(b, bytes.Repeat([]byte("another firmware "), 200)) },
		"one byte":              func(b []byte) { b[1000] = 0 },
		"only the magic number": func(b []byte) { copy(b, "fob1") },
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

// TestUnreadableFlash checks that a token that cannot read its memory shows nothing,
// reveals nothing about a seed, and writes nothing.
func TestUnreadableFlash(t *testing.T) {
	for page := range 2 {
		m := newMachine(t)
		m.program(t, payload(profile(t, "always-on-6")), true)
		image := m.flash.Image()
		f := &faultyFlash{Flash: m.flash, read: func(p int) error {
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

// oddGeometry is flash with an impossible geometry.
type oddGeometry struct {
	*virtual.Flash
	pages, size int
}

func (o oddGeometry) Geometry() (int, int) { return o.pages, o.size }

func TestGeometry(t *testing.T) {
	m := newMachine(t)
	for _, g := range [][2]int{{0, 0}, {1, 1024}, {2, 0}, {2, 255}, {2, 300}, {-1, 256}, {2, -256}} {
		m.hw.Flash = oddGeometry{m.flash, g[0], g[1]}
		require.ErrorIs(t, m.core.Boot(&m.hw), firmware.ErrGeometry, "%v", g)
	}
	m.hw.Flash = virtual.NewFlash(2, firmware.SlotSize, 0) // the smallest possible flash
	m.boot(t)
	m.program(t, payload(profile(t, "button-6")), true)
	m.pressOff(10)
	m.boot(t)
	require.EqualValues(t, 10, m.core.Presses())
	m.advance(time.Minute)
	m.press()
	require.Equal(t, m.code(profile(t, "button-6")), m.text()[2:])
}

// TestSelfTestReadsFlash checks that the self-test compares the record in flash with the
// one in use.
func TestSelfTestReadsFlash(t *testing.T) {
	m := newMachine(t)
	m.program(t, payload(profile(t, "always-on-6")), true)
	c, _ := m.connect(t)
	test, err := c.SelfTest(t.Context())
	require.NoError(t, err)
	require.True(t, test.Flash)
	require.True(t, test.Passed())

	image := m.flash.Image()
	image[100] ^= 1 // inside the only record
	require.NoError(t, m.flash.LoadImage(image))
	test, err = c.SelfTest(t.Context())
	require.NoError(t, err)
	require.False(t, test.Flash)
	require.True(t, test.Crypto)
	require.False(t, test.Passed())
	require.Equal(t, token.UnixMilli(noon), m.now)
}
