// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

// watched is a token whose display, button and state change within minutes: it expires
// at midnight in Tokyo, three minutes from now, and its button goes down.
func watched(t require.TestingT, profile string, hold time.Duration) Member {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := New(w, Config{})
	require.NoError(t, err)
	members, err := f.MakeLot(Lot{Ready: true, Profile: profile, Expiry: "2026-01-01"})
	require.NoError(t, err)
	w.AdvanceTo(virtual.WorldTimeOf(time.Date(2026, 1, 1, 14, 57, 0, 0, time.UTC)))
	_, err = members[0].Do(func(t *virtual.Token) { t.Hold(hold) })
	require.NoError(t, err)
	return members[0]
}

// TestWaitInJump compares a wait while the clock jumps with looking at the token in small
// steps: a condition that holds at one of them is found, at the first at which it holds.
func TestWaitInJump(t *testing.T) {
	const step, steps = 250 * time.Millisecond, 1440
	locked, expired := serialproto.StateLocked, serialproto.StateExpired
	proptest.Check(t, func(t *rapid.T) {
		profile := rapid.SampledFrom([]string{"always-on-6", "button-6"}).Draw(t, "profile")
		hold := time.Duration(rapid.IntRange(1, 200_000).Draw(t, "hold")) * time.Millisecond
		c := Condition{
			Event: rapid.SampledFrom([]virtual.EventKind{
				0, virtual.EventRelease, virtual.EventDisplayOn, virtual.EventDisplayOff, virtual.EventState, virtual.EventFlash,
			}).Draw(t, "event"),
			State: rapid.SampledFrom([]*serialproto.State{nil, &locked, &expired}).Draw(t, "state"),
		}
		if text := rapid.SampledFrom([]string{"", "^[0-9]{6}$", "^ +$", "^[0-4]", "7"}).Draw(t, "display"); text != "" {
			c.Display = regexp.MustCompile(text)
		}

		jump := watched(t, profile, hold)
		c.After = jump.fleet.log.Seq()
		w := &watch{Condition: c, deadline: virtual.Forever, happened: make(chan struct{}, 1), found: make(chan State, 1)}
		w.past.Store(c.Event == 0)
		jump.fleet.sched.addWatch(jump.tag, w)
		jump.fleet.world.Advance(step * steps)
		found, ok := jump.Look(), false
		select {
		case found = <-w.found:
			ok = true
		default:
			ok = w.past.Load() && w.holds(found.Reading)
		}

		holds := func(m Member) bool {
			return (c.Event == 0 || m.happened(c.Event, c.After)) && w.holds(m.Look().Reading)
		}
		slow := watched(t, profile, hold)
		for range steps {
			if holds(slow) {
				break
			}
			slow.fleet.world.Advance(step)
		}
		if holds(slow) {
			require.True(t, ok, "it holds at %s", slow.Look().World.Time())
			require.LessOrEqual(t, found.World, slow.Look().World)
		}
		if ok {
			at := watched(t, profile, hold)
			at.fleet.world.AdvanceTo(found.World)
			require.True(t, holds(at), "it does not hold at %s", found.World.Time())
			require.Equal(t, at.Look().Text, found.Text)
		}
	})
}

// TestClockStopsMeanwhile checks a wait for the next code during which another client
// pauses the clock, or makes it manual: a manual clock is advanced, as if it had been
// manual from the start.
func TestClockStopsMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		stop func(*virtual.World) error
		want error
	}{
		"paused": {func(w *virtual.World) error { w.Pause(); return nil }, ErrStopped},
		"manual": {func(w *virtual.World) error { return w.SetMode(virtual.Manual, 0) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			machine := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			f := emptyFleet(t, virtual.Config{Seed: 7, Mode: virtual.Real, Machine: func() time.Time { return machine }})
			m := locked(t, f, "always-on-6", "W1")
			first, err := m.Code(t.Context(), CodeOptions{Fresh: true})
			require.NoError(t, err)
			type answer struct {
				code Code
				err  error
			}
			second := make(chan answer, 1)
			go func() {
				code, err := m.Code(t.Context(), CodeOptions{Fresh: true})
				second <- answer{code, err}
			}()
			for f.World().Alarms() == 0 { // the wait has not begun
				time.Sleep(time.Millisecond)
			}
			require.NoError(t, c.stop(f.World()))
			a := <-second
			require.ErrorIs(t, a.err, c.want)
			if c.want == nil {
				require.Equal(t, first.Step+1, a.code.Step)
			}
			require.Empty(t, f.sched.watches)
			require.Zero(t, f.World().Alarms())
		})
	}
}
