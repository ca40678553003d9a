// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// residents are tokens at rest with different pasts, and the limit for each in bytes of
// heap. docs/figures.md has the same figures.
var residents = []struct {
	name  string
	model string
	limit float64
	live  func(t testing.TB, w *virtual.World, m *virtual.Model, n int) *virtual.Token
}{
	{"blank", "button-6", 650, func(_ testing.TB, w *virtual.World, m *virtual.Model, _ int) *virtual.Token {
		return w.NewToken(m)
	}},
	{"programmed", "always-on-6", 650, programmed},
	{"provisioned", "button-6", 700, func(t testing.TB, w *virtual.World, m *virtual.Model, n int) *virtual.Token {
		k := w.NewToken(m)
		far, near := port.Pipe()
		served := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { served <- k.Serve(ctx, far, virtual.ServeOptions{}) }()
		c := host.New(near)
		o := hostOrder(t, k, strconv.Itoa(1_000_000+n), func() time.Time { return w.Now().Time() })
		require.NoError(t, c.Provision(ctx, host.InsecureTestStationKey(), o))
		require.NoError(t, c.Lock(ctx))
		cancel()
		near.Close()
		<-served
		return k
	}},
	{"pressed", "button-6", 650, func(t testing.TB, w *virtual.World, m *virtual.Model, n int) *virtual.Token {
		k := programmed(t, w, m, n)
		for range 2 * (50 + n%8) { // on and off; n%8 fills the log of presses to different degrees
			k.Press()
		}
		return k
	}},
	{"expired", "always-on-6", 650, func(t testing.TB, w *virtual.World, m *virtual.Model, n int) *virtual.Token {
		k := programmed(t, w, m, n)
		k.Age(6 * virtual.Year)
		require.Equal(t, serialproto.StateExpired, k.State())
		return k
	}},
}

// programmed returns a token of a fleet: programmed at the fixture and locked.
func programmed(t testing.TB, w *virtual.World, m *virtual.Model, n int) *virtual.Token {
	k := w.NewToken(m)
	p := payloadFor(w, m)
	p.Expiry = fiveYears
	p.Ends = fiveYears.EndsAt(token.TokyoOffset)
	if err := k.Program(serialNumber(t, strconv.Itoa(1_000_000+n)), p, true); err != nil {
		t.Fatal(err)
	}
	return k
}

var fiveYears, _ = token.NewExpiry(2030, 12, 31)

// measureResident makes n tokens and returns the bytes of heap that each one keeps.
func measureResident(t testing.TB, model string, n int, live func(testing.TB, *virtual.World, *virtual.Model, int) *virtual.Token) float64 {
	w := newWorld(t, 1)
	m := modelOf(t, model)
	tokens := make([]*virtual.Token, n)
	for i := range min(n, 20) { // the first tokens also fill pools and tables
		live(t, w, m, i)
	}
	var before, after runtime.MemStats
	settledHeap(&before)
	for i := range tokens {
		tokens[i] = live(t, w, m, i)
	}
	settledHeap(&after)
	runtime.KeepAlive(tokens)
	return (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / float64(n)
}

// settledHeap reads the heap statistics without memory that pools and finalizers keep
// for one more collection.
func settledHeap(m *runtime.MemStats) {
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(m)
}

// TestResident checks each kind of token against its limit. A limit far above the
// measured value is as wrong as one below it.
func TestResident(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes everything larger")
	}
	for _, r := range residents {
		t.Run(r.name, func(t *testing.T) {
			n := 2000
			if r.name == "provisioned" {
				n = 500 // each needs a key agreement and a port, which leave some bytes behind
			}
			got := measureResident(t, r.model, n, r.live)
			require.LessOrEqual(t, got, r.limit)
			require.Greater(t, got, 0.85*r.limit)
		})
	}
}

// BenchmarkResident prints the figures of docs/figures.md.
func BenchmarkResident(b *testing.B) {
	for _, r := range residents {
		b.Run(r.name, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(measureResident(b, r.model, 200, r.live), "B/token")
			}
		})
	}
}

func benchmarkAdvance(b *testing.B, d time.Duration) {
	w := newWorld(b, 1)
	k := newLockedToken(b, w, "always-on-6")
	for b.Loop() {
		w.Advance(d)
		if !k.Display().Powered || w.Now() > day0.Add(200*virtual.Year) {
			b.StopTimer()
			w = newWorld(b, 1)
			k = newLockedToken(b, w, "always-on-6")
			b.StartTimer()
		}
	}
}

func BenchmarkAdvanceTenSeconds(b *testing.B) { benchmarkAdvance(b, 10*time.Second) }

// BenchmarkAdvanceTenYears passes the expiry and the end of the battery.
func BenchmarkAdvanceTenYears(b *testing.B) {
	w := newWorld(b, 1)
	m := modelOf(b, "always-on-6")
	fresh := w.NewToken(m)
	require.NoError(b, fresh.Program(serialNumber(b, "1"), expiringPayload(b, w, m, 2030, 12, 31), true))
	snapshot := fresh.Snapshot()
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, 1)
		k, err := w.Restore(snapshot)
		require.NoError(b, err)
		b.StartTimer()
		w.Advance(10 * virtual.Year)
		if k.Display().Powered {
			b.Fatal("the battery should be empty")
		}
	}
}

// BenchmarkAdvanceTenYearsIdle measures a jump without events: for most of the time the
// token has been dead for years, like a token that has been left in a drawer.
func BenchmarkAdvanceTenYearsIdle(b *testing.B) {
	w := newWorld(b, 1)
	k := newLockedToken(b, w, "button-6")
	for b.Loop() {
		w.Advance(10 * virtual.Year)
		k.Display()
	}
}

func BenchmarkNewToken(b *testing.B) {
	w := newWorld(b, 1)
	m := modelOf(b, "always-on-6")
	b.ReportAllocs()
	for b.Loop() {
		w.NewToken(m)
	}
}

func BenchmarkProgram(b *testing.B) {
	w := newWorld(b, 1)
	m := modelOf(b, "always-on-6")
	p, serial := payloadFor(w, m), serialNumber(b, "1")
	b.ReportAllocs()
	for b.Loop() {
		_ = w.NewToken(m).Program(serial, p, true)
	}
}

// BenchmarkPress presses, reads the display and waits until it goes off.
func BenchmarkPress(b *testing.B) {
	w := newWorld(b, 1)
	k := newLockedToken(b, w, "button-6")
	b.ReportAllocs()
	for b.Loop() {
		k.Press()
		if k.Display().Text == dark {
			b.StopTimer()
			k = newLockedToken(b, w, "button-6") // the old one has reached its press limit
			b.StartTimer()
		}
		w.Advance(time.Minute)
	}
}
