// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// BenchmarkFleet makes FOB_TOKENS locked tokens (10,000 unless set; the documented size
// is 1,000,000), reads all codes, advances by ten years and reads them again. It reports
// the memory of one token and the times for all of them.
func BenchmarkFleet(b *testing.B) {
	n := 10_000
	if s := os.Getenv("FOB_TOKENS"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(b, err)
	}
	for b.Loop() {
		before := heap()
		lap := stopwatch(b)
		w, err := virtual.NewWorld(virtual.Config{Seed: 7})
		require.NoError(b, err)
		f, err := New(w, Config{Lots: []Lot{{Count: LotCount(n), Profile: "always-on-6", Ready: true}}})
		require.NoError(b, err)
		lap("make")
		b.ReportMetric(float64(heap()-before)/float64(n), "B/token")
		lap("")
		codes := 0
		f.LookAtAll(func(_ Member, s State) bool {
			if _, ok := CodeOn(s.Reading); ok {
				codes++
			}
			return true
		})
		lap("codes")
		require.Equal(b, n, codes)
		f.World().Advance(10 * virtual.Year)
		f.LookAtAll(func(Member, State) bool { return true })
		lap("decade")
		runtime.KeepAlive(f)
	}
}

// stopwatch returns a function that reports the time since its last call, in seconds: by
// the clock, and on all processors together. An empty name reports nothing.
func stopwatch(b *testing.B) func(name string) {
	start, cpu := time.Now(), cpuTime()
	return func(name string) {
		now, used := time.Now(), cpuTime()
		if name != "" {
			b.ReportMetric(now.Sub(start).Seconds(), "s/"+name)
			b.ReportMetric((used - cpu).Seconds(), "cpu-s/"+name)
		}
		start, cpu = time.Now(), cpuTime()
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkLog lets 1,000 tokens have FOB_EVENTS events (40,000 unless set; the
// documented size is 1,000,000), with a log and without one. It reports the share of the
// log in the time on all processors, in percent.
func BenchmarkLog(b *testing.B) {
	const tokens, perPress = 1000, 4 // press, flash, display-on, display-off
	events := 40_000
	if s := os.Getenv("FOB_EVENTS"); s != "" {
		var err error
		events, err = strconv.Atoi(s)
		require.NoError(b, err)
	}
	rounds := events / tokens / perPress
	// run makes the tokens, and returns the time that the presses took.
	run := func(logged bool) time.Duration {
		w, err := virtual.NewWorld(virtual.Config{Seed: 7})
		require.NoError(b, err)
		f, err := New(w, Config{})
		require.NoError(b, err)
		made, err := f.tokensOf(Lot{Count: tokens, Profile: "button-6", Ready: true})
		require.NoError(b, err)
		require.NoError(b, f.addAll(newLot{tokens: made}))
		if !logged {
			for _, t := range made {
				t.Observe(0)
			}
		}
		before := f.Log().Seq()
		start := cpuTime()
		for range rounds {
			for i, t := range made {
				t.Press()
				f.sched.touch(uint32(i)+1, t)
			}
			w.Advance(time.Minute)
		}
		took := cpuTime() - start
		if logged {
			// A press at the end of a step may show nothing for long.
			require.InEpsilon(b, events, f.Log().Seq()-before, 0.05)
		}
		return took
	}
	for b.Loop() {
		var on, off time.Duration
		for range 3 { // in turns, because other programs slow down the machine
			off += run(false)
			on += run(true)
		}
		b.ReportMetric(100*(1-float64(off)/float64(on)), "%log")
	}
}
