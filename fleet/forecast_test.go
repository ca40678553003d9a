// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

// beforeForecast are things that can have happened to a token before a forecast.
var beforeForecast = map[string]func(*virtual.Token){
	"nothing":      func(*virtual.Token) {},
	"aged":         func(k *virtual.Token) { k.AgeAt(3*virtual.Year+5*time.Hour, 40) },
	"expired":      func(k *virtual.Token) { k.Age(6 * virtual.Year) },
	"nearly empty": func(k *virtual.Token) { k.Age(75 * virtual.Year / 10) },
	"empty":        func(k *virtual.Token) { k.Age(15 * virtual.Year) },
	"no battery":   (*virtual.Token).RemoveBattery,
	"new battery":  (*virtual.Token).ReplaceBattery,
	"pressed":      (*virtual.Token).Press,
	"held":         func(k *virtual.Token) { k.Hold(time.Hour) },
	"cold":         func(k *virtual.Token) { k.SetTemperature(-20) },
	"hot":          func(k *virtual.Token) { k.SetTemperature(85) },
	"skewed":       func(k *virtual.Token) { k.Skew(-95 * time.Second) },
	"far skewed":   func(k *virtual.Token) { k.Skew(-290 * virtual.Year) },
	"fallen":       (*virtual.Token).Drop,
	"flash fault":  (*virtual.Token).FailFlash,
	"power cut":    func(k *virtual.Token) { k.CutPower(1) },
	"faulty LCD":   func(k *virtual.Token) { k.Break(virtual.Segments{Bars: 3}, virtual.Segments{Digits: [8]uint8{127}}) },
}

// TestForecastComesTrue: a forecast equals the token after it was really aged, at every
// point of the way, and changes neither the token nor the log nor the world.
func TestForecastComesTrue(t *testing.T) {
	for name := range beforeForecast {
		t.Run(name, func(t *testing.T) {
			for _, model := range []string{"always-on-6", "button-8"} {
				checkForecast(t, name, model, 7, 30*24*time.Hour, 5*virtual.Year, 10, 3)
			}
		})
	}
	proptest.Check(t, func(rt *rapid.T) {
		checkForecast(t,
			rapid.SampledFrom(slices.Sorted(maps.Keys(beforeForecast))).Draw(rt, "before"),
			rapid.SampledFrom([]string{"always-on-6", "button-6", "button-8"}).Draw(rt, "model"),
			rapid.Uint64Min(1).Draw(rt, "seed"),
			time.Duration(rapid.Int64Range(0, int64(virtual.Year)).Draw(rt, "passed")),
			time.Duration(rapid.Int64Range(0, int64(12*virtual.Year)).Draw(rt, "by")),
			virtual.Celsius(rapid.IntRange(-60, 125).Draw(rt, "°C")),
			rapid.SampledFrom([]int{0, 2, 5}).Draw(rt, "points"))
	})
}

func checkForecast(t *testing.T, before, model string, seed uint64, passed, by time.Duration, at virtual.Celsius, points int) {
	f := emptyFleet(t, virtual.Config{Seed: seed})
	m := locked(t, f, model, "F1")
	f.World().Advance(passed)
	_, err := m.Do(beforeForecast[before])
	require.NoError(t, err)

	snapshot := f.TakeSnapshot("before", m)
	state, err := snapshot.MarshalBinary()
	require.NoError(t, err)
	seen, changes := m.Look(), m.Token.Changes()
	forecast, err := m.Forecast(by, at, points)
	require.NoError(t, err)
	again, err := f.TakeSnapshot("after", m).MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, state, again, "the token is untouched")
	require.Equal(t, seen, m.Look(), "the log and the world are untouched")
	require.Equal(t, changes, m.Token.Changes())

	age := func(d time.Duration) State {
		_, err := f.Restore(snapshot)
		require.NoError(t, err)
		st, err := m.Do(func(k *virtual.Token) { k.AgeAt(d, at) })
		require.NoError(t, err)
		return st
	}
	require.Len(t, forecast.Points, points)
	for _, p := range forecast.Points {
		require.Equal(t, age(p.After).Reading, p.Reading, "after %v", p.After)
	}
	require.Equal(t, age(by).Reading, forecast.Reading)
	code, err := m.Code(t.Context(), CodeOptions{})
	require.Equal(t, code.Text, forecast.Code)
	if err != nil {
		require.ErrorIs(t, err, ErrNoCode)
		return
	}
	require.Equal(t, code.Reading, forecast.Shown)
	// A faulty display may show the right code, if the code does not need the faulty segment. In
	// the cold, it still shows some segments of the code before.
	if before != "cold" && before != "faulty LCD" {
		require.True(t, forecast.Genuine)
	}
	if max(forecast.Offset, -forecast.Offset) < 1000 {
		verdict, err := m.Oracle(code.Text, 1000, 0)
		require.NoError(t, err)
		if forecast.Genuine && verdict.Token == 0 { // no nearer step has the same code
			require.Equal(t, verdict.Offset, forecast.Offset)
		}
	}
}

// TestForecastPoints: the points lie at equal distances, and the last is the forecast.
func TestForecastPoints(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	m := locked(t, f, "always-on-6", "F1")
	forecast, err := m.Forecast(10*virtual.Year, 10, 11)
	require.NoError(t, err)
	for i, p := range forecast.Points {
		require.Equal(t, time.Duration(i)*virtual.Year, p.After)
	}
	require.Equal(t, forecast.Reading, forecast.Points[10].Reading)
	// A CR2032 of 220 mAh at 3 µA, and 1 % of self-discharge a year, lasts less than 8.4 years.
	require.Equal(t, serialproto.StateLocked, forecast.Points[5].State)
	require.Equal(t, serialproto.StateDead, forecast.Points[9].State)
	// 15 °C below the turnover, a tuning fork of -0.034 ppm/°C² loses 7.65 ppm: 20 minutes in
	// five years. This crystal's own error is less than that.
	require.Less(t, forecast.Points[5].Error, -time.Minute)
	for _, points := range []int{-1, 1, MaxPoints + 1} {
		_, err := m.Forecast(virtual.Year, 10, points)
		require.ErrorIs(t, err, ErrPoints)
	}
	longest, err := m.Forecast(1<<63-1, 10, MaxPoints)
	require.NoError(t, err)
	require.Equal(t, time.Duration(1<<63-1), longest.Points[MaxPoints-1].After)
}
