// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

// selected returns the tags that a selection chooses.
func selected(t require.TestingT, f *Fleet, s Selection) (tags []uint32) {
	found, err := f.Select(s)
	require.NoError(t, err)
	for m := range found {
		tags = append(tags, m.Tag())
	}
	return tags
}

// eachState are the states that a selection can choose.
var eachState = []serialproto.State{
	serialproto.StateBlank, serialproto.StateProvisioned, serialproto.StateLocked, serialproto.StateExpired,
	serialproto.StateDead, serialproto.StateWiped,
}

// TestSelectFindsAll: after any operations, a selection has the tokens that reading each
// one finds.
func TestSelectFindsAll(t *testing.T) {
	proptest.Check(t, func(r *rapid.T) {
		w, err := virtual.NewWorld(virtual.Config{Seed: 7})
		require.NoError(r, err)
		f, err := New(w, Config{Lots: []Lot{
			{Count: blockSize - 50, Name: "a"}, {Count: 100, Name: "b", Ready: true, Expiry: "2031-11-30"}, {Count: 5, Name: "a"},
		}})
		require.NoError(r, err)
		defer f.Close()
		var kept *Snapshot
		for range rapid.IntRange(1, 8).Draw(r, "operations") {
			all := members(f)
			// Few tokens are used: an operation can then undo another.
			pick := func() Member {
				return all[rapid.SampledFrom([]int{0, 1, blockSize - 9, blockSize + 5, len(all) - 9, len(all) - 2}).Draw(r, "token")]
			}
			do := func(op func(*virtual.Token)) {
				_, err := pick().Do(op)
				require.NoError(r, err)
			}
			switch rapid.IntRange(0, 9).Draw(r, "operation") {
			case 0:
				do((*virtual.Token).RemoveBattery)
			case 1:
				do((*virtual.Token).InsertBattery)
			case 2:
				do((*virtual.Token).FailFlash)
			case 3:
				do((*virtual.Token).Mend)
			case 4:
				f.World().Advance(rapid.SampledFrom([]time.Duration{time.Second, virtual.Year, 7 * virtual.Year}).Draw(r, "by"))
			case 5:
				kept = f.TakeSnapshot("s", pick())
			case 6:
				if kept != nil {
					_, err := f.Restore(kept)
					require.NoError(r, err)
				}
			case 7:
				if kept != nil {
					_, err := f.Fork(kept)
					require.NoError(r, err)
				}
			case 8:
				require.NoError(r, f.Remove(pick()))
				kept = nil
			case 9:
				p, err := f.Attach(pick(), "tcp:127.0.0.1:0")
				require.NoError(r, err)
				requireSelections(r, f)
				p.Faults().Set(virtual.LineFaults{}, virtual.LineFaults{Baud: 9600})
			}
			requireSelections(r, f)
		}
	})
}

// requireSelections compares all selections with the tokens read one by one.
func requireSelections(t require.TestingT, f *Fleet) {
	// The selections come first: reading a token would note its state.
	got := map[serialproto.State][]uint32{}
	for _, state := range eachState {
		got[state] = selected(t, f, Selection{State: &state})
	}
	faulty := selected(t, f, Selection{Faulty: true})
	want := map[serialproto.State][]uint32{}
	var wantFaulty, wantBoth []uint32
	for _, m := range members(f) {
		state := m.Token.State()
		want[state] = append(want[state], m.Tag())
		if m.MayHaveFaults() {
			wantFaulty = append(wantFaulty, m.Tag())
			if m.Lot() == "a" && m.Tag() > 3 && state == serialproto.StateDead {
				wantBoth = append(wantBoth, m.Tag())
			}
		}
	}
	for _, state := range eachState {
		require.Equal(t, want[state], got[state], state)
		require.Equal(t, want[state], selected(t, f, Selection{State: &state}), "%s, again", state)
	}
	require.Equal(t, wantFaulty, faulty)
	back := selected(t, f, Selection{Faulty: true, Before: 1 << 31})
	slices.Reverse(back)
	require.Equal(t, wantFaulty, back)
	dead := serialproto.StateDead
	require.Equal(t, wantBoth, selected(t, f, Selection{Lot: "a", After: 3, State: &dead, Faulty: true}))
}

// TestSelectDue: a token that expires by itself is found, also if no one has read it.
func TestSelectDue(t *testing.T) {
	var years atomic.Int64
	machine := func() time.Time { return then.AddDate(int(years.Load()), 0, 0) }
	w, err := virtual.NewWorld(virtual.Config{Seed: 7, At: then, Mode: virtual.Real, Machine: machine})
	require.NoError(t, err)
	f, err := New(w, Config{Lots: []Lot{{Count: 2 * blockSize, Ready: true, Expiry: "2027-11-30"}}})
	require.NoError(t, err)
	defer f.Close()
	years.Store(3)
	expired := serialproto.StateExpired
	require.Equal(t, 2*blockSize, len(selected(t, f, Selection{State: &expired})))
	locked := serialproto.StateLocked
	require.Empty(t, selected(t, f, Selection{State: &locked}))
}

// TestSelectWhileChanging: a search that finds nothing in a block does not hide a token
// that changes at the same time.
func TestSelectWhileChanging(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := New(w, Config{Lots: []Lot{{Count: blockSize, Ready: true}}})
	require.NoError(t, err)
	defer f.Close()
	dead := serialproto.StateDead
	stop := make(chan struct{})
	var searching sync.WaitGroup
	for range 2 {
		searching.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					selected(t, f, Selection{State: &dead})
					selected(t, f, Selection{Faulty: true})
				}
			}
		})
	}
	all, r := members(f), rand.New(rand.NewPCG(1, 2))
	for range 100 {
		m := all[r.IntN(len(all))]
		before := f.TakeSnapshot("before", m)
		_, err := m.Do(func(k *virtual.Token) { k.FailFlash(); k.RemoveBattery() })
		require.NoError(t, err)
		require.Equal(t, []uint32{m.Tag()}, selected(t, f, Selection{State: &dead}))
		require.Equal(t, []uint32{m.Tag()}, selected(t, f, Selection{Faulty: true}))
		_, err = f.Restore(before)
		require.NoError(t, err)
		require.Empty(t, selected(t, f, Selection{State: &dead}))
	}
	close(stop)
	searching.Wait()
}

// TestSelectLeavesOut: a search that has found nothing in a block is not repeated there,
// until a token of it changes.
func TestSelectLeavesOut(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := New(w, Config{Lots: []Lot{{Count: 3 * blockSize, Ready: true}}})
	require.NoError(t, err)
	defer f.Close()
	dead := serialproto.StateDead
	may := func() (blocks []int) { // in which a search reads tokens
		for i, b := range *f.blocks.Load() {
			if b.has.load().has(stateTrait(dead) | faultTrait) {
				blocks = append(blocks, i)
			}
		}
		return blocks
	}
	require.Empty(t, may())
	m := members(f)[blockSize+7]
	before := f.TakeSnapshot("before", m)
	_, err = m.Do(func(k *virtual.Token) { k.RemoveBattery(); k.FailFlash() })
	require.NoError(t, err)
	require.Equal(t, []int{1}, may())
	_, err = f.Restore(before)
	require.NoError(t, err)
	require.Equal(t, []int{1}, may())
	require.Empty(t, selected(t, f, Selection{State: &dead}))
	require.Empty(t, selected(t, f, Selection{Faulty: true}))
	require.Empty(t, may())
}

// TestSelectRestored: a token is found by the state and the faults that a snapshot gives
// it.
func TestSelectRestored(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := New(w, Config{Lots: []Lot{{Count: blockSize, Ready: true}}})
	require.NoError(t, err)
	defer f.Close()
	m := members(f)[7]
	well := f.TakeSnapshot("well", m)
	_, err = m.Do(func(k *virtual.Token) { k.RemoveBattery(); k.FailFlash() })
	require.NoError(t, err)
	broken := f.TakeSnapshot("broken", m)
	dead := serialproto.StateDead
	_, err = f.Restore(well)
	require.NoError(t, err)
	require.Empty(t, selected(t, f, Selection{State: &dead}))
	require.Empty(t, selected(t, f, Selection{Faulty: true}))
	_, err = f.Restore(broken)
	require.NoError(t, err)
	require.Equal(t, []uint32{8}, selected(t, f, Selection{State: &dead}))
	require.Equal(t, []uint32{8}, selected(t, f, Selection{Faulty: true}))
}
