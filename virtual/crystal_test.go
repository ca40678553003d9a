// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// start is 2025-01-01T00:00:00Z.
var start = virtual.WorldTimeOf(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))

// secondsAhead returns how far the oscillator is ahead of the world at w, in seconds.
func secondsAhead(c *virtual.Crystal, w virtual.WorldTime) float64 {
	return float64(c.Local(w)-int64(w-start)) / 1e9
}

// TestCrystalDriftTable checks the error of a tuning fork with B = -0.034 ppm/°C² and a
// turnover of 25 °C. The values were computed from the formula in Microchip's data book
// (GUID-B4848C3F).
func TestCrystalDriftTable(t *testing.T) {
	for _, c := range []struct {
		at, other          virtual.Celsius
		ppm, perDay, perYr float64
	}{
		{23, 27, -0.136, -0.0118, -4},
		{30, 20, -0.85, -0.073, -27},
		{35, 15, -3.4, -0.294, -107},
		{10, 40, -7.65, -0.661, -241},
		{0, 50, -21.25, -1.84, -671},
		{-10, 60, -41.65, -3.6, -1314},
	} {
		for _, temp := range []virtual.Celsius{c.at, c.other} {
			x := virtual.NewCrystal(start, 0)
			x.SetTemperature(start, temp)
			require.InDelta(t, c.ppm, float64(x.Error(start)), 1e-9, "%v °C", temp)
			require.InDelta(t, c.perDay, secondsAhead(&x, start.Add(24*time.Hour)), 0.005, "%v °C", temp)
			require.InDelta(t, c.perYr, secondsAhead(&x, start.Add(virtual.Year)), 0.9, "%v °C", temp)
		}
	}
}

// TestCrystalShippedTolerance: Feitian states ±90 s a year for the c200, which is ±2.9
// ppm (ftsafe.co.jp). 1 ppm is 0.0864 s a day.
func TestCrystalShippedTolerance(t *testing.T) {
	for sign := -1.0; sign <= 1; sign += 2 {
		x := virtual.NewCrystal(start, virtual.PPM(2.852*sign))
		require.InDelta(t, 90*sign, secondsAhead(&x, start.Add(virtual.Year)), 0.1)
		y := virtual.NewCrystal(start, virtual.PPM(sign))
		require.InDelta(t, 0.0864*sign, secondsAhead(&y, start.Add(24*time.Hour)), 1e-6)
	}
}

func TestCrystalAgeing(t *testing.T) {
	x := virtual.NewCrystal(start, 0)
	x.YearOne = 3
	require.Zero(t, x.Error(start))
	require.InDelta(t, 3, float64(x.Error(start.Add(virtual.Year))), 1e-9, "data sheets: ±3 ppm in the first year")
	require.Greater(t, float64(x.Error(start.Add(60*24*time.Hour))), 1.5, "most of it within 60 days")
	ten := float64(x.Error(start.Add(10 * virtual.Year)))
	require.Greater(t, ten, 4.0)
	require.Less(t, ten, 6.0)
}

// TestCrystalNumericIntegration compares the closed form with a sum of small
// steps.
func TestCrystalNumericIntegration(t *testing.T) {
	x := virtual.NewCrystal(start, 1.5)
	x.YearOne, x.T0 = -2.5, 24
	x.SetTemperature(start, 7)
	const step = 30 * time.Minute
	sum, w := 0.0, start
	for w < start.Add(4*virtual.Year) {
		sum += float64(x.Error(w.Add(step/2))) * 1e-6 * step.Seconds()
		w = w.Add(step)
		if int64(w-start)%int64(virtual.Year) == 0 {
			require.InDelta(t, sum, secondsAhead(&x, w), 1e-4)
		}
	}
}

// TestCrystalAgainstIntegers compares ten years without ageing with integer arithmetic,
// which is exact. The difference is below a microsecond.
func TestCrystalAgainstIntegers(t *testing.T) {
	x := virtual.NewCrystal(start, 12.5)
	d := int64(10 * virtual.Year)
	require.InDelta(t, float64(d/80_000), float64(x.Local(start.Add(10*virtual.Year))-d), 1000)
}

func TestCrystalClock(t *testing.T) {
	x := virtual.NewCrystal(start, 0)
	now, valid := x.Now(start.Add(90 * time.Second))
	require.False(t, valid)
	require.Equal(t, token.UnixMilli(90_000), now, "counts up from zero")

	w := start.Add(time.Hour)
	x.Set(w, w.Milli())
	w = w.Add(time.Minute)
	now, valid = x.Now(w)
	require.True(t, valid)
	require.Equal(t, w.Milli(), now)

	before := x.Local(w)
	x.Skew(-7_000)
	now, _ = x.Now(w)
	require.Equal(t, w.Milli()-7_000, now)
	require.Equal(t, before, x.Local(w), "Skew does not pass time")

	x.Lose(w)
	now, valid = x.Now(w.Add(1500 * time.Millisecond))
	require.False(t, valid)
	require.Equal(t, token.UnixMilli(1500), now)

	x.Set(w, -5)
	now, _ = x.Now(w.Add(time.Millisecond))
	require.Equal(t, token.UnixMilli(-4), now, "a negative time is before 1970")
}

// TestCrystalAge: the clock of an aged token is wrong by exactly the error that would
// have accumulated.
func TestCrystalAge(t *testing.T) {
	fresh := func() virtual.Crystal {
		x := virtual.NewCrystal(start, 2)
		x.YearOne = 3
		x.Set(start, start.Milli())
		return x
	}
	waited, aged := fresh(), fresh()
	d := 3 * virtual.Year
	waited.SetTemperature(start, 5)
	aged.Age(start, d, 5)

	then, _ := waited.Now(start.Add(d))
	now, _ := aged.Now(start)
	require.InDelta(t, float64(then-start.Add(d).Milli()), float64(now-start.Milli()), 1)
	require.Less(t, int64(now), int64(start.Milli()), "at 5 °C a token is slow")
	require.Zero(t, aged.Local(start), "Age does not pass time")
	require.Equal(t, virtual.RoomTemperature, aged.Temp)
	require.InDelta(t, float64(waited.Error(start.Add(d)))+0.034*400, float64(aged.Error(start)), 1e-9)
}

func TestCrystalShock(t *testing.T) {
	x := virtual.NewCrystal(start, 1)
	day := start.Add(24 * time.Hour)
	x.Shock(day, -5)
	x.Shock(day, 1)
	require.InDelta(t, -3, float64(x.Error(day)), 1e-12)
	require.InDelta(t, 0.0864*(1-3), secondsAhead(&x, day.Add(24*time.Hour)), 1e-6)
}

func TestCrystalLimits(t *testing.T) {
	x := virtual.NewCrystal(start, virtual.PPM(math.Inf(1)))
	x.SetTemperature(start, virtual.Celsius(math.NaN()))
	x.Shock(start, virtual.PPM(math.NaN()))
	require.Greater(t, x.Local(virtual.Forever), x.Local(start.Add(time.Hour)))
	require.Equal(t, virtual.Forever, x.World(math.MaxInt64))
	require.Equal(t, virtual.Forever, x.When(math.MaxInt64))
	require.Equal(t, start, x.When(math.MinInt64))
	require.Equal(t, start, x.World(-1))
	x.Skew(math.MaxInt64)
	x.Skew(math.MaxInt64)
	now, _ := x.Now(start.Add(time.Hour))
	require.Equal(t, token.UnixMilli(math.MaxInt64), now)
	require.LessOrEqual(t, unsafe.Sizeof(x), uintptr(96))
}

// drawCrystal returns an arbitrary oscillator of a token and an instant that is not
// before the last event in its life.
func drawCrystal(t *rapid.T) (virtual.Crystal, virtual.WorldTime) {
	w := start
	x := virtual.NewCrystal(w, virtual.PPM(rapid.Float64Range(-20, 20).Draw(t, "trim")))
	x.YearOne = virtual.PPM(rapid.Float64Range(-3, 3).Draw(t, "ageing"))
	x.Set(w, w.Milli())
	for range rapid.IntRange(0, 4).Draw(t, "events") {
		w = w.Add(time.Duration(rapid.Int64Range(0, int64(virtual.Year)).Draw(t, "wait")))
		switch rapid.IntRange(0, 3).Draw(t, "event") {
		case 0:
			x.SetTemperature(w, virtual.Celsius(rapid.Float64Range(-40, 85).Draw(t, "temperature")))
		case 1:
			x.Shock(w, virtual.PPM(rapid.Float64Range(-5, 5).Draw(t, "shock")))
		case 2:
			x.Age(w, time.Duration(rapid.Int64Range(0, int64(5*virtual.Year)).Draw(t, "age")), 20)
		case 3:
			x.Skew(rapid.Int64Range(-1e6, 1e6).Draw(t, "skew"))
		}
	}
	return x, w
}

func TestCrystalNeverRunsBackwards(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		x, w := drawCrystal(t)
		a := w + virtual.WorldTime(rapid.Int64Range(-1e18, int64(20*virtual.Year)).Draw(t, "a"))
		b := a + virtual.WorldTime(rapid.Int64Range(0, 1e9).Draw(t, "b"))
		require.LessOrEqual(t, x.Local(a), x.Local(b))
		require.LessOrEqual(t, x.Local(b), x.Local(b+1))
		was := x.Local(b)
		x.SetTemperature(b, -10)
		x.Shock(b, 1)
		require.Equal(t, was, x.Local(b), "an event does not change the local time")
	})
}

func TestCrystalWorldInvertsLocal(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		x, w := drawCrystal(t)
		w += virtual.WorldTime(rapid.Int64Range(0, int64(20*virtual.Year)).Draw(t, "later"))
		back := x.World(x.Local(w))
		require.LessOrEqual(t, back, w)
		require.Equal(t, x.Local(w), x.Local(back))
		require.LessOrEqual(t, w-back, virtual.WorldTime(2))

		now, _ := x.Now(w)
		at := x.When(now + 1)
		shown, _ := x.Now(at)
		require.Greater(t, at, w)
		require.Equal(t, now+1, shown)
		shown, _ = x.Now(at - 1)
		require.Equal(t, now, shown, "When must return the first instant")
	})
}

func TestCrystalSplitAdvance(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		whole, w := drawCrystal(t)
		split := whole
		n := rapid.IntRange(1, 200).Draw(t, "n")
		step := time.Duration(rapid.Int64Range(1, int64(30*24*time.Hour)).Draw(t, "step"))
		for range n {
			w = w.Add(step)
			split.Shock(w, 0) // only moves the anchor
		}
		require.InDelta(t, float64(0), float64(whole.Local(w)-split.Local(w)), 1)
		a, _ := whole.Now(w)
		b, _ := split.Now(w)
		require.InDelta(t, float64(0), float64(a-b), 1)
	})
}

func TestCrystalSnapshot(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		x, _ := drawCrystal(t)
		b, err := json.Marshal(x)
		require.NoError(t, err)
		var y virtual.Crystal
		require.NoError(t, json.Unmarshal(b, &y))
		require.Equal(t, x, y)
	})
}

func BenchmarkCrystalLocal(b *testing.B) {
	for name, d := range map[string]time.Duration{"10s": 10 * time.Second, "10y": 10 * virtual.Year} {
		b.Run(name, func(b *testing.B) {
			x := virtual.NewCrystal(start, 2)
			x.YearOne = 3
			for b.Loop() {
				x.Local(start.Add(d))
			}
		})
	}
}

func BenchmarkCrystalWhen(b *testing.B) {
	for name, d := range map[string]time.Duration{"10s": 10 * time.Second, "10y": 10 * virtual.Year} {
		b.Run(name, func(b *testing.B) {
			x := virtual.NewCrystal(start, 2)
			x.YearOne = 3
			x.Set(start, start.Milli())
			for b.Loop() {
				x.When(start.Add(d).Milli())
			}
		})
	}
}
