// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/virtual"
)

// machinesInAllStates returns machines at rest in every state of a token, reached in
// every way, and at several positions of the log.
func machinesInAllStates(t *testing.T) map[string]*machine {
	button := profile(t, "button-6")
	wire := func(t *testing.T) *machine {
		m := newMachine(t)
		c, _ := m.connect(t)
		require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), order(t, m, button)))
		return m
	}
	lock := func(m *machine) *machine {
		c, _ := m.connect(t)
		require.NoError(t, c.Lock(t.Context()))
		return m
	}
	wipe := func(m *machine) *machine {
		c, _ := m.connect(t)
		require.NoError(t, c.Wipe(t.Context(), m.core.Serial()))
		return m
	}
	programmed := func(locked bool) *machine {
		m := newMachine(t)
		m.program(t, payload(button), locked)
		return m
	}
	dated := payload(button)
	dated.Expiry, dated.Ends = expiry(t, 2027, 1, 15), noon.Seconds()+60
	expired := newMachine(t)
	expired.program(t, dated, true)
	expired.now = dated.Ends.Milli()
	expired.step()
	expired.now -= 3600_000 // stays expired even if the clock is moved back
	expired.step()
	lost := programmed(true)
	lost.valid = false
	lost.step()
	kept := newMachine(t)
	keeps := payload(button)
	keeps.Profile.Behaviour.ClockLossErases = false
	kept.program(t, keeps, true)
	kept.valid = false
	kept.step()

	all := map[string]*machine{
		"virgin":                     newMachine(t),
		"provisioned":                wire(t),
		"provisioned by the fixture": programmed(false),
		"locked":                     lock(wire(t)),
		"locked by the fixture":      programmed(true),
		"expired":                    expired,
		"dead, its seed erased":      lost,
		"dead, its seed kept":        kept,
		"wiped":                      wipe(wire(t)),
		"wiped after lock":           wipe(lock(wire(t))),
		"wiped, a message was tried": wipe(lock(wire(t))),
	}
	all["wiped, a message was tried"].burnCounter(t, 1)
	for _, n := range []int{1, 3, 4, 7, 8, 9} {
		m := newMachine(t)
		m.burnCounter(t, n)
		all[fmt.Sprint("blank, messages tried: ", n)] = m
		m = lock(wire(t))
		m.pressOff(n)
		all[fmt.Sprint("locked, presses: ", n)] = m
	}
	for name, m := range all {
		before := m.record()
		m.boot(t)
		require.Equal(t, before, m.record(), name)
	}
	return all
}

// flip inverts a bit of an image.
func flip(image []byte, bit int) { image[bit/8] ^= 1 << (bit % 8) }

// rejectsAllCommands checks that a token that has lost its state refuses all commands
// that need it.
func (m *machine) rejectsAllCommands(t *testing.T, where string) {
	t.Helper()
	image := m.flash.Image()
	c, _ := m.connect(t)
	require.Equal(t, serialproto.StateDead, m.state(), where)
	require.Zero(t, m.record().SeedLen, where)
	require.ErrorIs(t, c.SetClock(t.Context(), time.Unix(4_000_000_000, 0)), serialproto.ErrDead, where)
	_, _, err := c.Clock(t.Context())
	require.ErrorIs(t, err, serialproto.ErrDead, where)
	_, err = c.Display(t.Context())
	require.ErrorIs(t, err, serialproto.ErrDead, where)
	require.ErrorIs(t, c.Lock(t.Context()), serialproto.ErrDead, where)
	o := order(t, m, profile(t, "button-6"))
	require.ErrorIs(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o), serialproto.ErrFlash, where)
	require.Equal(t, blank8, m.text(), where)
	require.Equal(t, image, m.flash.Image(), where)
}

// sampleBits returns every bit of the slots in use and every stride-th bit of the
// others.
func sampleBits(image []byte, stride int) []int {
	var bits []int
	for slot := range slotsInAll {
		data := image[slot*firmware.SlotSize:][:firmware.SlotSize]
		step := stride
		if record := (*[firmware.SlotSize]byte)(data); isRecord(*record) {
			step = 1
		}
		for bit := 0; bit < 8*firmware.SlotSize; bit += step {
			bits = append(bits, slot*8*firmware.SlotSize+bit)
		}
	}
	return bits
}

func isRecord(slot [firmware.SlotSize]byte) bool {
	_, ok := firmware.Decode(&slot)
	return ok
}

// checkMeaning checks that a restart succeeded and that the token's state is unchanged,
// after two wrong bits. It compares directly first, because comparing by reflection
// takes longer than a boot.
func (m *machine) checkMeaning(t *testing.T, restart error, want firmware.Record, a, b int) {
	if got := m.record().Meaning(); restart != nil || got != want {
		t.Helper()
		require.NoError(t, restart, "bits %d and %d", a, b)
		require.Equal(t, want, got, "bits %d and %d", a, b)
	}
}

// TestBitFlips checks that a single wrong bit anywhere in the flash does not change the
// token's state. With two wrong bits, the token is either unchanged or dead until the
// factory erases it.
func TestBitFlips(t *testing.T) {
	pairs, stride := 2000, 11 // every bit of a record, and in some states every bit of the flash
	if testing.Short() {
		pairs, stride = 300, 31
	}
	for name, m := range machinesInAllStates(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, rest := m.record().Meaning(), m.flash.Image()
			image := bytes.Clone(rest)
			stride := stride
			if name == "locked" || name == "wiped" || name == "expired" {
				stride = 1
			}
			for _, bit := range sampleBits(rest, stride) {
				copy(image, rest)
				flip(image, bit)
				require.NoError(t, m.flash.LoadImage(image))
				m.checkMeaning(t, m.restart(), want, bit, bit)
			}
			// Two bits, at least one of which is in a record; other pairs matter less.
			near := sampleBits(rest, 8*firmware.SlotSize)
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 0))
			dead := 0
			for range pairs {
				a, b := near[r.IntN(len(near))], r.IntN(8*len(rest))
				if r.IntN(2) == 0 {
					b = near[r.IntN(len(near))]
				}
				if a == b {
					continue
				}
				copy(image, rest)
				flip(image, a)
				flip(image, b)
				require.NoError(t, m.flash.LoadImage(image))
				if m.restart() != nil {
					if dead++; dead%100 == 1 {
						m.rejectsAllCommands(t, fmt.Sprint("bits ", a, " and ", b))
					}
					require.Equal(t, serialproto.StateDead, m.state())
					continue
				}
				m.checkMeaning(t, nil, want, a, b)
			}
			if want.State != serialproto.StateBlank {
				require.Positive(t, dead, "some pairs of wrong bits cannot be corrected")
			}
		})
	}
}

// misreadingFlash is flash in which reading a bit goes wrong, once or always.
type misreadingFlash struct {
	*virtual.Flash
	bit   int // position in the memory
	skip  int // number of correct reads of the bit before the wrong ones
	times int // number of wrong reads
	reads int // reads of the bit so far
}

func (f *misreadingFlash) Read(page, off int, p []byte) error {
	err := f.Flash.Read(page, off, p)
	_, size := f.Geometry()
	at := f.bit/8 - page*size - off
	if err != nil || at < 0 || at >= len(p) {
		return err
	}
	f.reads++
	if f.reads > f.skip && f.reads <= f.skip+f.times {
		p[at] ^= 1 << (f.bit % 8)
	}
	return nil
}

// TestBootMisreads checks that misreading a bit at boot, once or always, does not change
// the token's state, neither then nor later, when the bit is read correctly.
func TestBootMisreads(t *testing.T) {
	stride := 7
	if testing.Short() {
		stride = 61
	}
	for name, m := range machinesInAllStates(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, rest := m.record().Meaning(), m.flash.State()
			bits := sampleBits(m.flash.Image(), stride)
			for i := 0; i < len(bits); i += 1 + stride/2 {
				for _, times := range []int{1, 1 << 30} {
					flash, err := virtual.NewFlashFrom(rest)
					require.NoError(t, err)
					m.flash, m.hw.Flash = flash, &misreadingFlash{Flash: flash, bit: bits[i], times: times}
					m.checkMeaning(t, m.restart(), want, bits[i], bits[i])
					m.hw.Flash = flash
					m.checkMeaning(t, m.restart(), want, bits[i], bits[i])
				}
			}
		})
	}
}

// TestLockMisreads checks that LOCK returns the right result if a bit is misread at any
// moment of it.
func TestLockMisreads(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for fill := range slotsInAll + 1 {
		before := newMachine(t)
		before.program(t, payload(profile(t, "button-6")), false)
		before.pressOff(fill)
		rest := before.snapshot()
		for skip := range 6 {
			for range 60 {
				m := rest.machine(t)
				f := &misreadingFlash{Flash: m.flash, bit: r.IntN(8 * len(m.flash.Image())), skip: skip, times: 1 + r.IntN(2)*1000}
				m.hw.Flash = f
				c, _ := m.connect(t)
				err := c.Lock(t.Context())
				if err != nil {
					require.ErrorIs(t, err, serialproto.ErrFlash)
				}
				m.hw.Flash = m.flash
				m.boot(t)
				if err == nil {
					require.Equal(t, serialproto.StateLocked, m.state(), "bit %d, skip %d", f.bit, skip)
				} else {
					require.Contains(t, []serialproto.State{serialproto.StateLocked, serialproto.StateProvisioned}, m.state())
				}
			}
		}
	}
}

// TestLockPowerCutFlips cuts the power inside every flash operation of LOCK, and flips
// a bit while the token is off. The token boots in the state that it would have had
// without the flip, or in the one after LOCK.
func TestLockPowerCutFlips(t *testing.T) {
	flips := 60
	if testing.Short() {
		flips = 10
	}
	r := rand.New(rand.NewPCG(7, 8))
	for fill := range slotsInAll + 1 {
		before := newMachine(t)
		before.program(t, payload(profile(t, "button-6")), false)
		before.pressOff(fill)
		rest := before.snapshot()
		for n := uint32(1); ; n++ {
			cut := false
			for torn := range uint64(6) {
				m := rest.machine(t)
				m.flash.CutAt(n, torn)
				m.in = append(m.in, frame(serialproto.OpWrite, 64, 5, obj{})...)
				m.step()
				if m.flash.Powered() {
					break
				}
				cut = true
				off := m.flash.State()
				image := m.flash.Image()
				m.boot(t)
				without := m.record().Meaning()
				for range flips {
					off.Off = false
					flash, err := virtual.NewFlashFrom(off)
					require.NoError(t, err)
					changed := bytes.Clone(image)
					bit := r.IntN(8 * len(image))
					flip(changed, bit)
					require.NoError(t, flash.LoadImage(changed))
					m.flash, m.hw.Flash = flash, flash
					m.boot(t)
					got := m.record().Meaning()
					where := fmt.Sprintf("fill %d, operation %d, torn %d, bit %d", fill, n, torn, bit)
					if got != without {
						require.Equal(t, serialproto.StateLocked, got.State, where)
						require.Equal(t, without.Presses, got.Presses, where)
						require.Equal(t, without.Seed, got.Seed, where)
					}
				}
			}
			if !cut {
				break
			}
		}
	}
}

// TestFlipsBeforeAChange checks that a bit that flips before a change of state does not
// bring the earlier state back.
func TestFlipsBeforeAChange(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			for _, fill := range []int{0, 2, 3, 7} {
				prepared := s.prepare(t, fill)
				rest := prepared.snapshot()
				clean := rest.machine(t)
				s.act(t, clean)
				want := clean.record().Meaning()
				for range 40 {
					m := rest.machine(t)
					image := m.flash.Image()
					near := sampleBits(image, 8*firmware.SlotSize)
					flip(image, near[r.IntN(len(near))])
					require.NoError(t, m.flash.LoadImage(image))
					m.boot(t)
					s.act(t, m)
					require.Equal(t, want, m.record().Meaning())
					m.boot(t)
					require.Equal(t, want, m.record().Meaning())
				}
			}
		})
	}
}

// TestOnlyOneValidRecord checks that no slot with an earlier state can become valid
// again, and that boot also ensures this on a flash written by an earlier firmware.
func TestOnlyOneValidRecord(t *testing.T) {
	records := func(m *machine) (n int) {
		image := m.flash.Image()
		for slot := range slotsInAll {
			if isRecord([firmware.SlotSize]byte(image[slot*firmware.SlotSize:])) {
				n++
			}
		}
		return n
	}
	for name, m := range machinesInAllStates(t) {
		want := 1
		if name == "virgin" {
			want = 0
		}
		require.Equal(t, want, records(m), name)
	}

	// The log of a token that was provisioned, locked and pressed twice, as written by
	// an earlier firmware: valid records one after another, without marks.
	m := newMachine(t)
	m.program(t, payload(profile(t, "button-6")), false)
	old := m.record()
	flash := virtual.NewFlash(2, slotsPerPage*firmware.SlotSize, 0)
	for i := range 4 {
		r := old
		r.Sequence = uint32(i + 1)
		if i > 0 {
			r.State, r.Presses = serialproto.StateLocked, uint32(i-1)
		}
		var slot [firmware.SlotSize]byte
		r.Encode(&slot)
		require.NoError(t, flash.Program(0, i*firmware.SlotSize, slot[:]))
	}
	m.flash, m.hw.Flash = flash, flash
	require.Equal(t, 4, records(m))
	m.boot(t)
	require.Equal(t, 1, records(m))
	require.Equal(t, serialproto.StateLocked, m.state())
	require.EqualValues(t, 2, m.record().Presses)
	image := flash.Image()
	flip(image, 8*(3*firmware.SlotSize+60))
	flip(image, 8*(3*firmware.SlotSize+61))
	require.NoError(t, flash.LoadImage(image))
	require.Error(t, m.restart())
	m.rejectsAllCommands(t, "two bits of the newest record")
}
