// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/token/virtual"
)

// residentLimit is what a token at rest may take, in bytes of heap.
const residentLimit = 1024

// residentOf makes n tokens as a fleet does and returns the bytes of heap that
// each keeps.
func residentOf(t testing.TB, model string, n int) float64 {
	w := newWorld(t, 1)
	m := modelOf(t, model)
	p := order(w, m)
	tokens := make([]*virtual.Token, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range tokens {
		serial, err := token.ParseSerial(strconv.Itoa(1_000_000 + i))
		if err != nil {
			t.Fatal(err)
		}
		tokens[i] = w.NewToken(m)
		if err := tokens[i].Program(serial, p, true); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(tokens)
	return float64(after.HeapAlloc-before.HeapAlloc) / float64(n)
}

func TestResident(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes everything larger")
	}
	for _, model := range []string{"always-on-6", "button-8"} {
		require.Less(t, residentOf(t, model, 20_000), float64(residentLimit), model)
	}
}

func BenchmarkResident(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(residentOf(b, "always-on-6", 20_000), "B/token")
	}
}

func benchmarkAdvance(b *testing.B, d time.Duration) {
	w := newWorld(b, 1)
	k := inField(b, w, "always-on-6")
	for b.Loop() {
		w.Advance(d)
		if !k.Display().Powered || w.Now() > day0.Add(200*virtual.Year) {
			b.StopTimer()
			w = newWorld(b, 1)
			k = inField(b, w, "always-on-6")
			b.StartTimer()
		}
	}
}

func BenchmarkAdvanceTenSeconds(b *testing.B) { benchmarkAdvance(b, 10*time.Second) }

// BenchmarkAdvanceTenYears jumps over expiry and the end of the cell.
func BenchmarkAdvanceTenYears(b *testing.B) {
	w := newWorld(b, 1)
	m := modelOf(b, "always-on-6")
	fresh := w.NewToken(m)
	require.NoError(b, fresh.Program(serialNumber(b, "1"), expiring(b, w, m, 2030, 12, 31), true))
	snapshot := fresh.Snapshot()
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, 1)
		k, err := w.Restore(snapshot)
		require.NoError(b, err)
		b.StartTimer()
		w.Advance(10 * virtual.Year)
		if k.Display().Powered {
			b.Fatal("the cell should be empty")
		}
	}
}

// BenchmarkAdvanceTenYearsIdle is without events: most of the time the token has
// been dead for long, as tokens nobody looks after are.
func BenchmarkAdvanceTenYearsIdle(b *testing.B) {
	w := newWorld(b, 1)
	k := inField(b, w, "button-6")
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
	p, serial := order(w, m), serialNumber(b, "1")
	b.ReportAllocs()
	for b.Loop() {
		_ = w.NewToken(m).Program(serial, p, true)
	}
}

// BenchmarkPress presses, looks and waits for the display to go off.
func BenchmarkPress(b *testing.B) {
	w := newWorld(b, 1)
	k := inField(b, w, "button-6")
	b.ReportAllocs()
	for b.Loop() {
		k.Press()
		if k.Display().Text == dark {
			b.StopTimer()
			k = inField(b, w, "button-6") // the old one has reached its limit
			b.StartTimer()
		}
		w.Advance(time.Minute)
	}
}
