// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// ram is flash in an array. The virtual token's flash allocates memory.
type ram [2][slotsPerPage * 256]byte

func (r *ram) Geometry() (int, int) { return len(r), len(r[0]) }

func (r *ram) Read(page, off int, p []byte) error {
	copy(p, r[page][off:])
	return nil
}

func (r *ram) Program(page, off int, p []byte) error {
	for i, b := range p {
		r[page][off+i] &= b
	}
	return nil
}

func (r *ram) Erase(page int) error {
	for i := range r[page] {
		r[page][i] = 0xFF
	}
	return nil
}

// useRAMFlash replaces the machine's flash, with its contents, by one that does not
// allocate.
func (m *machine) useRAMFlash(t testing.TB) *machine {
	r := new(ram)
	image := m.flash.Image()
	for page := range r {
		copy(r[page][:], image[page*len(r[0]):])
	}
	m.hw.Flash = r
	m.boot(t)
	return m
}

// noAllocations runs act repeatedly and requires that it allocates nothing.
func noAllocations(t *testing.T, what string, act func()) {
	t.Helper()
	require.Zero(t, testing.AllocsPerRun(50, act), what)
}

func TestStepDoesNotAllocate(t *testing.T) {
	for _, p := range token.Profiles() {
		for alg := token.SHA1; alg <= token.SHA512; alg++ {
			p.Algorithm = alg
			m := newMachine(t)
			m.program(t, payload(p), true)
			m.useRAMFlash(t)
			name := fmt.Sprint(p.Name, " ", alg)
			noAllocations(t, name+" idle", m.step)
			noAllocations(t, name+" half a second", func() {
				m.now += 500
				m.step()
			})
			noAllocations(t, name+" roll-over", func() {
				m.now += 60_000
				m.step()
			})
			noAllocations(t, name+" press", m.press)
			m.supply = 2200
			noAllocations(t, name+" press with a low battery", m.press)
			m.down = true
			noAllocations(t, name+" hold", func() {
				m.now += 1000
				m.step()
			})
		}
	}
	for s := range serialproto.State(states) {
		m := inState(t, s).useRAMFlash(t)
		noAllocations(t, s.String()+" idle", func() {
			m.now += 500
			m.step()
		})
		noAllocations(t, s.String()+" boot", func() { _ = m.core.Boot(&m.hw) })
	}
}

// TestChangesDoNotAllocate checks the events that happen once in a token's life.
func TestChangesDoNotAllocate(t *testing.T) {
	p := payload(profile(t, "button-6"))
	p.Expiry, p.Ends = expiry(t, 2027, 1, 15), noon.Seconds()+60
	p.Profile.Behaviour.PressLimit, p.Profile.Behaviour.LimitEnds = 1, true
	m := newMachine(t)
	m.program(t, p, true)
	image := *m.useRAMFlash(t).hw.Flash.(*ram)
	start := func() {
		*m.hw.Flash.(*ram) = image
		m.now, m.valid = noon, true
		_ = m.core.Boot(&m.hw)
	}
	noAllocations(t, "expiry", func() {
		start()
		m.now += 60_000
		m.step()
	})
	noAllocations(t, "clock loss", func() {
		start()
		m.valid = false
		m.step()
	})
	noAllocations(t, "press limit", func() {
		start()
		for range 3 {
			m.press()
		}
	})
	require.Equal(t, serialproto.StateDead, m.state())
}

// TestCommandsDoNotAllocate checks every command, accepted or refused. Provisioning and
// the self-test, which use the same cryptography, are excluded.
func TestCommandsDoNotAllocate(t *testing.T) {
	type command struct {
		name    string
		op      serialproto.Op
		group   serialproto.Group
		command uint8
		body    any
	}
	const read, write = serialproto.OpRead, serialproto.OpWrite
	commands := []command{
		{"echo", write, 0, 0, obj{"d": "hello"}}, {"datetime", read, 0, 4, obj{}},
		{"set datetime", write, 0, 4, obj{"datetime": "2027-01-15T08:00:00"}},
		{"set datetime to an invalid date", write, 0, 4, obj{"datetime": "2027-02-30T08:00:00"}},
		{"reset", write, 0, 5, obj{}}, {"params", read, 0, 6, obj{}}, {"os info", read, 0, 7, obj{"format": "a"}},
		{"groups", read, 10, 1, obj{}}, {"group details", read, 10, 3, obj{}},
		{"info", read, 64, 0, obj{}}, {"clock", read, 64, 1, obj{}}, {"set clock", write, 64, 1, obj{"ms": int64(noon)}},
		{"set clock out of range", write, 64, 1, obj{"ms": -1}}, {"display", read, 64, 2, obj{}},
		{"lock", write, 64, 5, obj{}}, {"uptime", read, 64, 6, obj{}},
		{"wipe with another serial", write, 64, 8, obj{"sn": "1000043"}}, {"wipe with an invalid serial", write, 64, 8, obj{"sn": "!"}},
		{"wipe", write, 64, 8, obj{"sn": testSerial}}, {"unknown", read, 64, 99, obj{}}, {"no group", read, 99, 0, obj{}},
		{"rig display", read, 65, 2, obj{}}, {"rig skew", write, 65, 5, obj{"ms": 0}}, {"rig with no hardware action", write, 65, 5, obj{}},
		{"rig out of range", write, 65, 4, obj{"mc": 1_000_000}}, {"no body", read, 64, 1, []byte{}},
	}
	for s := range serialproto.State(states) {
		for _, c := range commands {
			m := inState(t, s)
			m.hw.Rig = (*mRig)(m)
			m.useRAMFlash(t)
			image := *m.hw.Flash.(*ram)
			request := frame(c.op, c.group, c.command, c.body)
			answered := 0
			noAllocations(t, fmt.Sprint(s, " ", c.name), func() {
				*m.hw.Flash.(*ram) = image
				m.now, m.valid = noon, true
				_ = m.core.Boot(&m.hw)
				m.in = append(m.in[:0], request...)
				m.out = m.out[:0]
				m.step()
				if len(m.out) > 0 {
					answered++
				}
			})
			require.Equal(t, 51, answered, "%v %s", s, c.name)
		}
	}
	// Noise, and a packet that stops in the middle.
	m := inState(t, serialproto.StateLocked).useRAMFlash(t)
	junk := append([]byte("\x06\x09!!!\n\x04\x14AAAA\nabc"), frame(read, 64, 0, obj{})[:20]...)
	noAllocations(t, "noise", func() {
		m.in = append(m.in[:0], junk...)
		m.uptime += 5000
		m.step()
	})
}

// provisioningAllocations is the number of allocations of the standard library's
// X25519, AES-GCM, SHA-256 and HMAC while one provisioning message is opened. It is
// limited because it determines how much memory a device needs.
const provisioningAllocations = 100

func TestProvisioningAllocations(t *testing.T) {
	m := newMachine(t)
	c, w := m.connect(t)
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), order(t, m, profile(t, "button-6"))))
	request := commitFrame(t, w.sent)

	m = newMachine(t).useRAMFlash(t)
	image := *m.hw.Flash.(*ram)
	n := testing.AllocsPerRun(50, func() {
		*m.hw.Flash.(*ram) = image
		_ = m.core.Boot(&m.hw)
		m.in = append(m.in[:0], request...)
		m.out = m.out[:0]
		m.step()
		if m.state() != serialproto.StateProvisioned {
			t.Fatal("the message was rejected")
		}
	})
	t.Logf("%v allocations", n)
	require.LessOrEqual(t, n, float64(provisioningAllocations))

	request = frame(serialproto.OpWrite, serialproto.GroupToken, serialproto.CmdTokenSelfTest, obj{})
	n = testing.AllocsPerRun(50, func() {
		m.in = append(m.in[:0], request...)
		m.out = m.out[:0]
		m.step()
	})
	t.Logf("%v allocations in a self-test", n)
	require.LessOrEqual(t, n, float64(provisioningAllocations), "a self-test must not need more memory than provisioning")
}
