// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// BenchmarkFleet makes FOB_TOKENS tokens (10,000 unless set; the documented size is
// 1,000,000), reads all codes, advances by ten years and reads them again. It reports
// the memory and the times for one token.
func BenchmarkFleet(b *testing.B) {
	n := 10_000
	if s := os.Getenv("FOB_TOKENS"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(b, err)
	}
	for b.Loop() {
		before := heap()
		start := time.Now()
		f := emptyFleet(b, virtual.Config{Seed: 7})
		for i := range n {
			locked(b, f, "always-on-6", fmt.Sprintf("B%d", i))
		}
		made := time.Now()
		b.ReportMetric(float64(heap()-before)/float64(n), "B/token")
		b.ReportMetric(float64(made.Sub(start))/float64(n), "ns/make")
		start = time.Now()
		f.LookAtAll(func(Member, State) bool { return true })
		b.ReportMetric(float64(time.Since(start))/float64(n), "ns/code")
		start = time.Now()
		f.World().Advance(10 * virtual.Year)
		f.LookAtAll(func(Member, State) bool { return true })
		b.ReportMetric(float64(time.Since(start))/float64(n), "ns/decade")
		runtime.KeepAlive(f)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
