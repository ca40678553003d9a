// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/virtual"
)

// tagsOf returns the tags of the tokens of a lot.
func tagsOf(t *testing.T, f *Fleet, name string, after uint32) (tags []uint32) {
	t.Helper()
	all, err := f.Select(Selection{Lot: name, After: after})
	require.NoError(t, err)
	for m := range all {
		tags = append(tags, m.Tag())
	}
	return tags
}

func TestLots(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := New(w, Config{Lots: []Lot{{Count: 2}, {Count: 3, Name: "aged", Ready: true}}})
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	more, err := f.MakeLot(Lot{Count: 2, Name: "aged"})
	require.NoError(t, err)
	forks, err := f.Fork(f.TakeSnapshot("s", more...))
	require.NoError(t, err)

	require.Equal(t, []uint32{1, 2}, tagsOf(t, f, "1", 0))
	require.Equal(t, []uint32{3, 4, 5}, tagsOf(t, f, "2", 0))
	require.Equal(t, []uint32{3, 4, 5, 6, 7}, tagsOf(t, f, "aged", 0))
	require.Equal(t, []uint32{5, 6, 7}, tagsOf(t, f, "aged", 4))
	require.Empty(t, tagsOf(t, f, "1", 5))
	require.Equal(t, []uint32{8, 9}, tagsOf(t, f, "4", 0))
	require.Equal(t, "4", forks[0].Lot())
	require.Equal(t, "aged", more[1].Lot())
	require.NoError(t, f.Remove(more[0]))
	require.Equal(t, []uint32{7}, tagsOf(t, f, "3", 0))
	for _, name := range []string{"5", "0", "-1", "Aged"} {
		_, err = f.Select(Selection{Lot: name})
		require.ErrorIs(t, err, ErrNotFound, name)
		require.ErrorContains(t, err, "there are 4, such as 1, aged, 4")
	}
}

// TestStoredLots: the lots of a folder are the same in the next run.
func TestStoredLots(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	run := func(lots ...Lot) *Fleet {
		s := openStore(t, dir, key)
		c := virtual.Config{Seed: 7, StationKey: host.InsecureTestStationKey().Public()}
		_, err := s.Resume(&c, Given{StationKey: true}, then)
		require.NoError(t, err)
		w, err := virtual.NewWorld(c)
		require.NoError(t, err)
		f, err := New(w, Config{Store: s, Lots: lots})
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	f := run(Lot{Count: 2, Name: "first"}, Lot{Count: 1})
	_, err := f.MakeLot(Lot{Count: 2, Name: "late"})
	require.NoError(t, err)
	require.NoError(t, f.Remove(slices.Collect(f.All(0))[4]))
	require.NoError(t, f.Close())
	require.NoError(t, f.store.Close())

	again := run()
	require.Equal(t, []uint32{1, 2}, tagsOf(t, again, "first", 0))
	require.Equal(t, []uint32{3}, tagsOf(t, again, "2", 0))
	require.Equal(t, []uint32{4}, tagsOf(t, again, "late", 0))
	require.NoError(t, again.store.Close())
}
