// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"runtime"
	"slices"
	"sync"

	"github.com/d204ef64/fob/virtual"
)

// gatherer collects entries that are not in order, and keeps only as many of the newest
// as the log holds. Ten years of a large fleet are millions of entries.
type gatherer struct {
	most  int    // 0: keep all
	count uint64 // entries so far, also those that were dropped
	kept  []Entry
	floor virtual.WorldTime // of the oldest entry that can be among the newest
}

// add collects entries. The entries of one token must come in order.
func (g *gatherer) add(entries []Entry) {
	for _, e := range entries {
		g.count++
		if e.World >= g.floor {
			e.Seq = g.count // keeps the order of a token's entries
			g.kept = append(g.kept, e)
		}
	}
	if g.most > 0 && len(g.kept) > 2*g.most {
		g.sort()
		g.floor = g.kept[0].World
	}
}

// merge adds everything that another gatherer has collected about other tokens.
func (g *gatherer) merge(o *gatherer) {
	g.count += o.count
	g.kept = append(g.kept, o.kept...)
}

// sort orders the entries by the world's time, then by token, and drops the oldest that
// the log has no room for. The entries of one token keep their order.
func (g *gatherer) sort() {
	slices.SortFunc(g.kept, func(a, b Entry) int {
		switch {
		case a.World != b.World:
			return cmp.Compare(a.World, b.World)
		case a.Tag != b.Tag:
			return cmp.Compare(a.Tag, b.Tag)
		}
		return cmp.Compare(a.Seq, b.Seq)
	})
	if extra := len(g.kept) - g.most; g.most > 0 && extra > 0 {
		g.kept = g.kept[:copy(g.kept, g.kept[extra:])]
	}
}

// settleAll simulates the events of the blocks that are due by then, on all processors,
// and returns them in order.
func (s *scheduler) settleAll(blocks []*block, to virtual.WorldTime) gatherer {
	var due []int
	for i, b := range blocks {
		if b.due(to) {
			due = append(due, i)
		}
	}
	most := s.fleet.log.limit()
	workers := make([]gatherer, min(runtime.GOMAXPROCS(0), len(due)))
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			g := gatherer{most: most}
			var buffer []Entry
			for i := w; i < len(due); i += len(workers) {
				n := due[i]
				s.collected[n] = append(buffer[:0], s.collected[n]...)
				blocks[n].settle(to, (*virtual.Token).CatchUp)
				g.add(s.collected[n])
				buffer, s.collected[n] = s.collected[n], nil
			}
			workers[w] = g
		})
	}
	wait.Wait()
	all := gatherer{most: most}
	for i := range workers {
		all.merge(&workers[i])
	}
	all.sort()
	return all
}
