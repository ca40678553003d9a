// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/virtual"
)

// TestGather checks a log that was filled through gatherers, which drop entries, against
// one that got all entries in the order of a stable sort.
func TestGather(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 20).Draw(t, "size")
		want, got := newLog(size), newLog(size)
		for range rapid.IntRange(1, 3).Draw(t, "jumps") {
			workers := make([]gatherer, rapid.IntRange(1, 3).Draw(t, "workers"))
			var entries []Entry
			for n := range rapid.IntRange(0, 200).Draw(t, "entries") {
				entries = append(entries, Entry{
					Event: virtual.Event{World: virtual.WorldTime(rapid.IntRange(0, 30).Draw(t, "world")), Value: int64(n)},
					Tag:   rapid.Uint32Range(1, 6).Draw(t, "tag"),
				})
			}
			all := gatherer{most: got.limit()}
			for i := range workers {
				workers[i].most = got.limit()
			}
			for _, e := range entries {
				workers[int(e.Tag)%len(workers)].add([]Entry{e})
			}
			for i := range workers {
				all.merge(&workers[i])
			}
			all.sort()
			got.appendNewest(all.count, all.kept)
			slices.SortStableFunc(entries, func(a, b Entry) int {
				if a.World != b.World {
					return int(a.World - b.World)
				}
				return int(a.Tag) - int(b.Tag)
			})
			for _, e := range entries {
				want.append(e)
			}
			require.Equal(t, want.Seq(), got.Seq())
			require.Equal(t, want.Oldest(), got.Oldest())
			require.Equal(t, want.After(nil, 0, 1000), got.After(nil, 0, 1000))
		}
	})
}
