// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// A scenario is an action that writes flash, during which the power fails.
type scenario struct {
	name string
	// prepare returns a machine whose log has fill more slots in use than the state
	// needs.
	prepare func(t *testing.T, fill int) *machine
	// act is the action during which the power fails. It is repeated after the restart,
	// as time, the user or the host would.
	act func(t *testing.T, m *machine)
	// finish completes the action as a host would. It is nil if repeating act suffices.
	finish func(t *testing.T, m *machine)
	end    serialproto.State
	sealed bool // act opens a sealed message, which takes longer than everything else
}

// TestPowerCut cuts the power inside every flash operation of every scenario, at every
// fill level of the log, with several kinds of torn bytes, and again inside every
// operation of the restart. All fields of the token must then have their old values, or
// all their new values. A token without a seed must have no trace of one in its flash.
// Repeating the action must succeed.
func TestPowerCut(t *testing.T) {
	long := proptest.Long()
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			// The effect of torn bytes depends on the log, and not on the message
			// opened before. Scenarios without a message therefore try all of them.
			tornSeeds := uint64(12)
			switch {
			case testing.Short():
				tornSeeds = 1
			case s.sealed && !long:
				tornSeeds = 3
			}
			cuts, ends := 0, map[string]int{}
			for fill := range slotsInAll + 1 {
				m := s.prepare(t, fill)
				before, start := m.snapshot(), m.record().Meaning()
				allowed := s.reachableStates(t, before)
				require.NotContains(t, allowed[1:], start, "the scenario must change the state")
				clone := before.machine(t)
				ops := clone.ops()
				s.act(t, clone)
				ops = clone.ops() - ops
				require.Positive(t, ops)
				for n := 1; n <= ops; n++ {
					for torn := range tornSeeds {
						cuts++
						where := fmt.Sprintf("fill %d, operation %d of %d, torn %d", fill, n, ops, torn)
						m := before.machine(t)
						m.flash.CutAt(uint32(n), torn)
						s.act(t, m)
						require.Equal(t, 1, m.powerFailures(), where)
						ends[s.check(t, m, allowed, where)]++

						// The same with a power cut in the restart as well.
						for k := uint32(1); ; k++ {
							m := before.machine(t)
							m.flash.CutAt(uint32(n), torn)
							m.nextCut = k
							s.act(t, m)
							if m.nextCut != 0 || m.powerFailures() == 1 {
								break // the restart has fewer operations
							}
							cuts++
							s.check(t, m, allowed, fmt.Sprint(where, ", and operation ", k, " of the restart"))
						}
					}
				}
			}
			t.Logf("%d power cuts; the token then was %v", cuts, ends)
		})
	}
}

// reachableStates returns every state that the scenario writes without a power cut,
// preceded by its initial state.
func (s *scenario) reachableStates(t *testing.T, before snapshot) []firmware.Record {
	m := before.machine(t)
	allowed := []firmware.Record{m.record().Meaning()}
	m.hw.Flash = &recorder{Flash: m.flash, record: func(r firmware.Record) { allowed = append(allowed, r.Meaning()) }}
	s.act(t, m)
	require.Equal(t, s.end, m.state())
	require.Equal(t, m.record().Meaning(), allowed[len(allowed)-1])
	return allowed
}

// check checks a token after a power cut and its restart, and then repeats the action.
// It returns the state that it found.
func (s *scenario) check(t *testing.T, m *machine, allowed []firmware.Record, where string) string {
	require.True(t, m.flash.Powered(), where)
	got := m.record()
	at := 0
	for at < len(allowed) && allowed[at] != got.Meaning() {
		at++
	}
	require.Less(t, at, len(allowed), "%s: neither the old state nor the new one: %v", where, got.State)
	if got.SeedLen == 0 {
		require.False(t, m.hasTraces(secret), "%s: a trace of the seed in state %v", where, got.State)
	}
	if got.State == serialproto.StateProvisioned {
		require.True(t, m.valid, "%s: provisioned without a clock", where)
		require.Equal(t, noon, m.now, where)
	}
	require.True(t, firmware.FlashPasses(&m.core, &m.hw), where)

	if m.state() != s.end {
		m.in, m.out = m.in[:0], m.out[:0]
		s.act(t, m)
	}
	if s.finish != nil {
		s.finish(t, m)
	}
	require.Equal(t, s.end, m.state(), "%s: second attempt", where)
	if m.record().SeedLen == 0 {
		require.False(t, m.hasTraces(secret), where)
	}
	name := fmt.Sprint("new (", got.State, ")")
	switch {
	case at == 0:
		name = fmt.Sprint("old (", got.State, ")")
	case at < len(allowed)-1:
		name = fmt.Sprint("between (", got.State, ")")
	}
	return name
}

func scenarios(t *testing.T) []scenario {
	button := profile(t, "button-6")
	sn := serial(t, testSerial)
	press := func(t *testing.T, m *machine) {
		m.pressOff(1)
		m.settle(t)
	}
	wipe := func(t *testing.T, m *machine) { m.send(t, frame(serialproto.OpWrite, 64, 8, obj{"sn": testSerial})) }
	lock := func(t *testing.T, m *machine) { m.send(t, frame(serialproto.OpWrite, 64, 5, obj{})) }
	// used returns a token whose button has been pressed the given number of times.
	used := func(t *testing.T, p *serialproto.Payload, locked bool, presses int) *machine {
		m := newMachine(t)
		m.program(t, p, locked)
		m.pressOff(presses)
		return m
	}
	field := func(t *testing.T, fill int) *machine { return used(t, payload(button), true, fill) }
	dated := payload(button)
	dated.Expiry, dated.Ends = expiry(t, 2027, 1, 15), noon.Seconds()+60
	limited := func(presses int) *serialproto.Payload {
		p := payload(button)
		p.Profile.Behaviour.PressLimit, p.Profile.Behaviour.LimitEnds = uint16(presses), true
		return p
	}

	// A station's messages, made once for each counter and repeated unchanged.
	made := map[uint32][]byte{}
	for counter := range uint32(slotsInAll + 2) {
		m := newMachine(t)
		m.burnCounter(t, int(counter))
		c, w := m.connect(t)
		require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), order(t, m, button)))
		made[counter] = commitFrame(t, w.sent)
	}
	commit := func(t *testing.T, m *machine) { m.send(t, made[m.ticket]) }
	provision := func(t *testing.T, m *machine) {
		c, w := m.connect(t)
		if m.state() == serialproto.StateProvisioned {
			require.NoError(t, answer(t, w, made[m.ticket]), "the same message gets its answer again")
		} else { // a message made before: sealing a new one takes longer than the rest of the test of a cut
			require.NoError(t, answer(t, w, made[m.record().Counter]))
		}
		require.NoError(t, c.Verify(t.Context(), order(t, m, button)))
	}
	ticket := func(m *machine) *machine {
		m.ticket = m.record().Counter
		return m
	}

	return []scenario{
		{name: "commit", end: serialproto.StateProvisioned, sealed: true, act: commit, finish: provision,
			prepare: func(t *testing.T, fill int) *machine {
				m := newMachine(t)
				m.burnCounter(t, fill)
				return ticket(m)
			}},
		{name: "commit after wipe", end: serialproto.StateProvisioned, sealed: true, act: commit, finish: provision,
			prepare: func(t *testing.T, fill int) *machine {
				m := used(t, payload(button), true, 3)
				wipe(t, m)
				m.burnCounter(t, fill)
				return ticket(m)
			}},
		{name: "fixture", end: serialproto.StateLocked,
			prepare: func(t *testing.T, fill int) *machine {
				m := newMachine(t)
				m.burnCounter(t, fill)
				return m
			},
			act: func(t *testing.T, m *machine) {
				if m.state() == serialproto.StateProvisioned {
					lock(t, m)
				} else if err := m.core.Program(&m.hw, sn, payload(button), true); err != nil {
					require.ErrorIs(t, err, serialproto.ErrFlash)
				}
				m.settle(t)
			}},
		{name: "lock", end: serialproto.StateLocked, act: lock,
			prepare: func(t *testing.T, fill int) *machine { return used(t, payload(button), false, fill) }},
		{name: "wipe", end: serialproto.StateWiped, act: wipe, prepare: field},
		{name: "wipe of a dead token", end: serialproto.StateWiped, act: wipe,
			prepare: func(t *testing.T, fill int) *machine { return used(t, limited(fill+1), true, fill+2) }},
		{name: "press", end: serialproto.StateLocked, act: press, prepare: field},
		{name: "press limit", end: serialproto.StateDead, act: press,
			prepare: func(t *testing.T, fill int) *machine { return used(t, limited(fill+1), true, fill+1) }},
		{name: "expiry", end: serialproto.StateExpired,
			prepare: func(t *testing.T, fill int) *machine { return used(t, dated, true, fill) },
			act: func(t *testing.T, m *machine) {
				m.now = dated.Ends.Milli()
				m.step()
				m.settle(t)
			}},
		{name: "clock loss", end: serialproto.StateDead, prepare: field,
			act: func(t *testing.T, m *machine) {
				m.now, m.valid = 0, false
				m.step()
				m.settle(t)
			}},
	}
}

// snapshot is the state of a machine at rest, from which tests start repeatedly.
type snapshot struct {
	flash  virtual.FlashState
	now    token.UnixMilli
	valid  bool
	ticket uint32
}

func (m *machine) snapshot() snapshot {
	return snapshot{m.flash.State(), m.now, m.valid, m.ticket}
}

func (s snapshot) machine(t *testing.T) *machine {
	t.Helper()
	flash, err := virtual.NewFlashFrom(s.flash)
	require.NoError(t, err)
	m := newMachine(t)
	m.flash, m.hw.Flash = flash, flash
	m.now, m.valid, m.ticket = s.now, s.valid, s.ticket
	ops := m.ops()
	m.boot(t)
	if m.ops() != ops {
		require.Fail(t, "a restart of an idle token wrote to flash")
	}
	m.boots = 0
	return m
}

// powerFailures returns the number of power failures since the snapshot.
func (m *machine) powerFailures() int { return m.boots }

// send sends a request to the token, and restarts it if the power fails.
func (m *machine) send(t testing.TB, request []byte) {
	m.in = append(m.in, request...)
	m.step()
	m.settle(t)
	m.out = m.out[:0]
}

// pressOff presses the button n times, and turns the display off each time.
func (m *machine) pressOff(n int) {
	for range n {
		m.press()
		if !m.flash.Powered() {
			return
		}
		if m.core.View().On {
			m.press()
		}
	}
}

// burnCounter uses up n values of the counter, each of which writes a record.
func (m *machine) burnCounter(t testing.TB, n int) {
	t.Helper()
	for range n {
		body := obj{"sn": "1000043", "ctr": m.record().Counter, "msg": bytes.Repeat([]byte{9}, 60)}
		m.send(t, frame(serialproto.OpWrite, 64, 4, body))
	}
}

// recorder reports every valid record that is written.
type recorder struct {
	firmware.Flash
	record func(firmware.Record)
}

func (r *recorder) Program(page, off int, p []byte) error {
	slot := [firmware.SlotSize]byte(p)
	if rec, ok := firmware.Decode(&slot); ok {
		r.record(rec)
	}
	return r.Flash.Program(page, off, p)
}
