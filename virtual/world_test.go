// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// machine is a clock that the test controls.
type machine struct {
	mu  sync.Mutex
	now time.Time
}

func newMachine() *machine {
	return &machine{now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}
}

func (m *machine) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *machine) move(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

func TestWorldManual(t *testing.T) {
	w := newWorld(t, 1)
	require.Equal(t, virtual.Manual, w.Mode())
	require.Zero(t, w.Rate())
	require.Equal(t, day0, w.Now())
	w.Advance(90 * time.Second)
	w.Advance(-time.Hour) // time does not run backwards
	require.Equal(t, day0.Add(90*time.Second), w.Now())
	w.AdvanceTo(day0) // is in the past
	require.Equal(t, day0.Add(90*time.Second), w.Now())
	w.AdvanceTo(day0.Add(time.Hour))
	require.Equal(t, day0.Add(time.Hour), w.Now())
}

func TestWorldReal(t *testing.T) {
	m := newMachine()
	w, err := virtual.NewWorld(virtual.Config{Mode: virtual.Real, Machine: m.Now})
	require.NoError(t, err)
	require.Equal(t, virtual.WorldTimeOf(m.Now()), w.Now())
	require.InDelta(t, 1, w.Rate(), 0)
	require.Zero(t, w.Clock().Ahead)
	m.move(3 * time.Second)
	require.Equal(t, virtual.WorldTimeOf(m.Now()), w.Now())
	w.Advance(time.Hour)
	m.move(time.Second)
	require.Equal(t, virtual.WorldTimeOf(m.Now().Add(time.Hour)), w.Now())

	require.Equal(t, time.Hour, w.Clock().Ahead)
	w.Pause()
	m.move(2 * time.Hour)
	require.Equal(t, -time.Hour, w.Clock().Ahead)
	w.Resume()
	w.Advance(2 * time.Hour)
	require.Equal(t, time.Hour, w.Clock().Ahead)

	k := newLockedToken(t, w, "always-on-6")
	at := k.Display().World
	m.move(-time.Minute) // the user sets the machine's clock back
	require.Equal(t, virtual.WorldTimeOf(m.Now().Add(time.Hour)), w.Now())
	require.Equal(t, at, k.Display().World, "the time of a token never runs backwards")
}

func TestWorldScaled(t *testing.T) {
	m := newMachine()
	from := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	w, err := virtual.NewWorld(virtual.Config{Mode: virtual.Scaled, Rate: 60, At: from, Machine: m.Now})
	require.NoError(t, err)
	require.Equal(t, virtual.WorldTimeOf(from), w.Now())
	m.move(1500 * time.Millisecond)
	require.Equal(t, virtual.WorldTimeOf(from.Add(90*time.Second)), w.Now())
	w.AdvanceTo(virtual.WorldTimeOf(from.Add(time.Hour)))
	m.move(time.Second)
	require.Equal(t, virtual.WorldTimeOf(from.Add(time.Hour+time.Minute)), w.Now())
}

// TestWorldScaledClockSetBackYears: a machine that starts with a wrong clock and then
// uses a network time service may be set back by years.
func TestWorldScaledClockSetBackYears(t *testing.T) {
	m := newMachine()
	w, err := virtual.NewWorld(virtual.Config{Mode: virtual.Scaled, Rate: 1e9, Machine: m.Now})
	require.NoError(t, err)
	m.move(-time.Hour)
	require.Less(t, w.Now(), virtual.WorldTimeOf(newMachine().Now()))
}

// TestWorldLastInstant: tokens also work at the end of the world.
func TestWorldLastInstant(t *testing.T) {
	for _, model := range []string{"always-on-6", "button-6"} {
		w := newWorld(t, 1)
		k := newLockedToken(t, w, model)
		k.Press()
		w.Advance(math.MaxInt64)
		require.Equal(t, virtual.WorldEnd, w.Now())
		require.False(t, k.Display().Powered)
		k.ReplaceBattery()
		k.Press()
		require.True(t, k.Display().Powered)
		w.AdvanceTo(virtual.Forever)
		require.True(t, k.Display().Powered)
	}
}

func TestWorldInvalidConfig(t *testing.T) {
	at := func(year int) time.Time { return time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]virtual.Config{
		"mode":          {Mode: 3},
		"no rate":       {Mode: virtual.Scaled},
		"rate too slow": {Mode: virtual.Scaled, Rate: 0.0009},
		"rate too fast": {Mode: virtual.Scaled, Rate: 1.1e9},
		"backwards":     {Mode: virtual.Scaled, Rate: -1},
		"NaN":           {Mode: virtual.Scaled, Rate: math.NaN()},
		"too early":     {At: at(1969)},
		"too late":      {At: at(2262)},
		"machine":       {Mode: virtual.Real, Machine: func() time.Time { return at(1912) }},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := virtual.NewWorld(c)
			require.ErrorIs(t, err, virtual.ErrClock)
			require.Nil(t, w)
		})
	}
}

func TestModelByName(t *testing.T) {
	for _, p := range token.Profiles() {
		m, err := virtual.ModelByName(p.Name)
		require.NoError(t, err)
		require.Equal(t, p, m.Profile())
		require.Equal(t, int(p.Digits), m.Digits)
	}
	_, err := virtual.ModelByName("sundial")
	require.ErrorIs(t, err, token.ErrProfileName)
	require.ErrorContains(t, err, "always-on-6")
}

// TestWorldStationKey: package host documents that virtual tokens accept its test key.
func TestWorldStationKey(t *testing.T) {
	var named virtual.Config
	named.StationKey = host.InsecureTestStationKey().Public()
	for _, c := range []virtual.Config{{}, named} {
		w, err := virtual.NewWorld(c)
		require.NoError(t, err)
		k := w.NewToken(modelOf(t, "always-on-6"))
		require.NoError(t, provision(t, k, host.InsecureTestStationKey(), "1000042"))
	}
}

// randomLives makes tokens and performs every operation on them that involves random
// values.
func randomLives(t *testing.T, w *virtual.World) (tokens []*virtual.Token) {
	for _, model := range []string{"always-on-6", "button-6", "button-8", "button-6"} {
		k := newLockedToken(t, w, model)
		k.Drop()
		k.CutPower(1)
		k.Press() // tears a write on models that have a button
		k.FailFlash()
		k.Press()
		w.Advance(100 * 24 * time.Hour)
		k.AgeAt(virtual.Year, 30)
		k.Drop()
		tokens = append(tokens, k)
	}
	return tokens
}

func TestWorldSeed(t *testing.T) {
	a, b, c := newWorld(t, 7), newWorld(t, 7), newWorld(t, 8)
	require.Equal(t, uint64(7), a.Seed())
	first, second, other := randomLives(t, a), randomLives(t, b), randomLives(t, c)
	ids := map[[8]byte]bool{}
	crystals := map[virtual.PPM]bool{}
	for i := range first {
		require.Equal(t, first[i].Display(), second[i].Display())
		require.Equal(t, string(snapshotBytes(t, first[i])), string(snapshotBytes(t, second[i])))
		require.Equal(t, first[i].HardwareID(), second[i].HardwareID())
		for _, k := range []*virtual.Token{first[i], other[i]} {
			ids[k.HardwareID()] = true
			crystals[k.Display().PPM] = true
		}
	}
	require.Len(t, ids, 2*len(first))
	require.Len(t, crystals, 2*len(first))
}

func TestWorldRandomSeed(t *testing.T) {
	a, b := newWorld(t, 0), newWorld(t, 0)
	require.NotZero(t, a.Seed())
	require.NotEqual(t, a.Seed(), b.Seed())
}

// TestHammer is for the race detector: concurrent operations of every kind on a few
// tokens.
func TestHammer(t *testing.T) {
	m := newMachine()
	w, err := virtual.NewWorld(virtual.Config{Mode: virtual.Scaled, Rate: 1000, Machine: m.Now, Seed: 1})
	require.NoError(t, err)
	tokens := []*virtual.Token{newLockedToken(t, w, "always-on-6"), newLockedToken(t, w, "button-6")}
	blank := w.NewToken(modelOf(t, "button-8")).Snapshot()
	acts := []func(k *virtual.Token){
		func(k *virtual.Token) { k.Press() },
		func(k *virtual.Token) { k.Hold(time.Second) },
		func(k *virtual.Token) { k.Display() },
		func(k *virtual.Token) {
			k.State()
			k.BackLabel()
			k.Model()
			k.HardwareID()
			k.FlashOps()
			k.Changes()
		},
		func(k *virtual.Token) { k.SetTemperature(30); k.Skew(time.Second); k.Drop() },
		func(k *virtual.Token) { k.CutPower(1); k.FailFlash() },
		func(k *virtual.Token) { k.RemoveBattery(); k.InsertBattery(); k.ReplaceBattery() },
		func(k *virtual.Token) { _ = k.Restore(k.Snapshot()); _ = k.Restore(blank) },
		func(k *virtual.Token) { _ = k.Program(serialNumber(t, "7"), payloadFor(w, k.Model()), false) },
		func(k *virtual.Token) { k.Connect(nil).Exchange(nil, []byte{6, 9, 'A', '\n'}) },
		func(*virtual.Token) { w.Advance(time.Hour); w.NewToken(modelOf(t, "always-on-6")) },
		func(*virtual.Token) { m.move(time.Second); w.AdvanceTo(w.Now().Add(time.Minute)) },
	}
	var wait sync.WaitGroup
	for _, act := range acts {
		for _, k := range tokens {
			wait.Go(func() {
				for range 50 {
					act(k)
				}
			})
		}
	}
	wait.Wait()
}

// TestWorldEnd checks that every clock stops at 2261-12-31T23:59:59Z, which is 9214646399
// seconds after 1970 (GNU date), and that a world can start there.
func TestWorldEnd(t *testing.T) {
	require.Equal(t, virtual.WorldTime(9214646399)*1e9, virtual.WorldEnd)
	end := time.Date(2261, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, c := range []virtual.Config{
		{Mode: virtual.Real, At: end.Add(-time.Minute)}, {Mode: virtual.Scaled, Rate: virtual.MaxRate}, {Mode: virtual.Scaled, Rate: virtual.MinRate, At: end.Add(-time.Millisecond)},
		{Mode: virtual.Manual, At: end.Add(-time.Hour)}, {Mode: virtual.Real, At: end.Add(time.Millisecond)},
	} {
		machine := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		c.Seed, c.Machine = 7, func() time.Time { return machine }
		w, err := virtual.NewWorld(c)
		require.NoError(t, err)
		tok := w.NewToken(modelOf(t, "always-on-6"))
		machine = machine.Add(24 * time.Hour)
		w.Advance(time.Hour)
		require.Equal(t, end, w.Now().Time())
		require.Contains(t, w.Clock().Stopped(), "the world has ended, at 2261-12-31T23:59:59Z")
		w.Advance(292 * virtual.Year)
		w.AdvanceTo(virtual.Forever)
		machine = machine.Add(200 * virtual.Year)
		require.Equal(t, end, w.Now().Time())
		require.Equal(t, virtual.WorldEnd, tok.Display().World)
		w.At(virtual.WorldEnd+1, func() { t.Error("it is never later") })
	}
}
