// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"regexp"
	"sync/atomic"
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
func watched(t require.TestingT, profile string, hold time.Duration, c virtual.Celsius) Member {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := New(w, Config{})
	require.NoError(t, err)
	members, err := f.MakeLot(Lot{Ready: true, Profile: profile, Expiry: "2026-01-01"})
	require.NoError(t, err)
	w.AdvanceTo(virtual.WorldTimeOf(time.Date(2026, 1, 1, 14, 57, 0, 0, time.UTC)))
	_, err = members[0].Do(func(t *virtual.Token) {
		t.SetTemperature(c)
		t.Hold(hold)
	})
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
		celsius := rapid.SampledFrom([]virtual.Celsius{25, 0, -25}).Draw(t, "celsius")
		c := Condition{
			Event: rapid.SampledFrom([]virtual.EventKind{
				0, virtual.EventRelease, virtual.EventDisplayOn, virtual.EventDisplayOff, virtual.EventState, virtual.EventFlash,
			}).Draw(t, "event"),
			State: rapid.SampledFrom([]*serialproto.State{nil, &locked, &expired}).Draw(t, "state"),
		}
		if text := rapid.SampledFrom([]string{"", "^[0-9]{6}$", "^ +$", "^[0-4]", "7", `\?`}).Draw(t, "display"); text != "" {
			c.Display = regexp.MustCompile(text)
		}

		jump := watched(t, profile, hold, celsius)
		c.After = jump.fleet.log.Seq()
		w := newWatch(c)
		jump.watch(w)
		jump.fleet.world.Advance(step * steps)
		found, ok, err := jump.check(context.Background(), w)
		require.NoError(t, err)

		holds := func(m Member) bool {
			s := m.Look()
			_, happened := m.happened(c.Event, c.After)
			return (c.Event == 0 || happened) && w.holds(s.Text, s.State)
		}
		slow := watched(t, profile, hold, celsius)
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
			at := watched(t, profile, hold, celsius)
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

// perfectTokens makes a fleet of locked tokens with perfect crystals.
func perfectTokens(t *testing.T, c virtual.Config, count LotCount) []Member {
	c.Seed = 7
	f := emptyFleet(t, c)
	members, err := f.MakeLot(Lot{Count: count, Ready: true, Crystal: CrystalPerfect})
	require.NoError(t, err)
	return members
}

// codeAfter returns the code that the token of a fleet shows a number of steps later, as a
// token of the same seed shows it whose clock is moved to that step.
func codeAfter(t *testing.T, steps int) (code string, at virtual.WorldTime) {
	m := perfectTokens(t, virtual.Config{}, 1)[0]
	m.fleet.world.Advance(time.Duration(steps) * time.Minute)
	s := m.Look()
	return s.Text, s.World
}

// waiting returns the answer of a wait that has begun.
func waiting(ctx context.Context, m Member, c Condition) <-chan answerOfWait {
	answer := make(chan answerOfWait, 1)
	go func() {
		s, err := m.Wait(ctx, c)
		answer <- answerOfWait{s, err}
	}()
	for m.fleet.world.Alarms() == 0 {
		time.Sleep(time.Millisecond)
	}
	return answer
}

type answerOfWait struct {
	State
	err error
}

// TestWaitFarAhead: a wait finds a code in one advance, however many steps later it comes.
func TestWaitFarAhead(t *testing.T) {
	for _, steps := range []int{1, 833, 834, 5000, 20_000} {
		code, at := codeAfter(t, steps)
		m := perfectTokens(t, virtual.Config{}, 1)[0]
		answer := waiting(t.Context(), m, Condition{Display: regexp.MustCompile("^" + code + "$")})
		m.fleet.world.Advance(time.Duration(steps+500) * time.Minute)
		a := <-answer
		require.NoError(t, a.err, "%d steps", steps)
		require.Equal(t, code, a.Text)
		require.Equal(t, at, a.World, "%d steps", steps)
	}
}

// TestWaitOnFastClock: a wait finds a code of a clock that runs a million times as fast,
// although the token is read only every 16,000 steps, also if something happens to it
// meanwhile.
func TestWaitOnFastClock(t *testing.T) {
	for _, steps := range []int{1, 16_000, 20_000, 33_000} {
		code, at := codeAfter(t, steps)
		machine := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var second atomic.Int64
		m := perfectTokens(t, virtual.Config{
			Mode: virtual.Scaled, Rate: 1e6, At: machine,
			Machine: func() time.Time { return machine.Add(time.Duration(second.Load()) * time.Second) },
		}, 1)[0]
		answer := waiting(t.Context(), m, Condition{Display: regexp.MustCompile("^" + code + "$")})
		second.Add(1) // 11 days of the world
		_, err := m.Do(func(t *virtual.Token) { t.Drop() })
		require.NoError(t, err)
		_, err = m.Do(func(t *virtual.Token) { t.SetTrim(0) })
		require.NoError(t, err)
		second.Add(1)
		a := <-answer
		require.NoError(t, a.err, "%d steps", steps)
		require.Equal(t, code, a.Text)
		require.LessOrEqual(t, a.World, at.Add(10*time.Second), "%d steps", steps)
	}
}

// TestWaitsHoldUpNothing: displays are looked at while other calls go on. Here no wait can
// look at any, and the clock goes on by ten years and tokens are read. The waits end with
// their contexts, and an error that has the time they got to.
func TestWaitsHoldUpNothing(t *testing.T) {
	members := perfectTokens(t, virtual.Config{}, 61)
	world, last := members[0].fleet.world, members[60]
	ctx, cancel := context.WithCancel(t.Context())
	var answers []<-chan answerOfWait
	for range cap(searches) {
		searches <- struct{}{}
	}
	for _, m := range members[:60] {
		answers = append(answers, waiting(ctx, m, Condition{Display: regexp.MustCompile("^zzz")}))
	}
	for world.Alarms() < 60 {
		time.Sleep(time.Millisecond)
	}
	begin := world.Now()
	world.Advance(10 * virtual.Year)
	require.Equal(t, begin.Add(10*virtual.Year), last.Look().World)
	for _, m := range members {
		require.Equal(t, last.Look().World, m.Look().World)
	}
	cancel()
	for _, answer := range answers {
		a := <-answer
		require.ErrorIs(t, a.err, context.Canceled)
	}
	require.Empty(t, last.fleet.sched.watches)
	for range cap(searches) {
		<-searches
	}

	// A wait that looks at displays lets others do so in between, and ends meanwhile.
	w := newWatch(Condition{Display: regexp.MustCompile("^zzz")})
	last.watch(w)
	defer last.unwatch(w)
	world.Advance(virtual.Year)
	_, _, err := last.check(ctx, w)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "the displays until 2036-01-01T12:00:00Z have been looked at, and not yet those until 2036-12-31T18:00:00Z")
	require.Empty(t, searches)
}

// TestWaitBehind: a wait that cannot look at all that happens ends with an error.
func TestWaitBehind(t *testing.T) {
	m := perfectTokens(t, virtual.Config{}, 1)[0]
	w := newWatch(Condition{Display: regexp.MustCompile("^zzz")})
	m.watch(w)
	defer m.unwatch(w)
	for range MaxPasts + 1 {
		_, err := m.Do((*virtual.Token).Press)
		require.NoError(t, err)
		m.fleet.world.Advance(time.Second)
	}
	m.Look()
	_, _, err := m.check(t.Context(), w)
	require.ErrorIs(t, err, ErrBehind)
}
