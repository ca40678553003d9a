// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// restart starts the fleet of a folder again, as after a crash: the earlier fleet does
// not save at its end.
func restart(t *testing.T, s *Store) (*Store, *Fleet) {
	t.Helper()
	require.NoError(t, s.Close())
	s = openStore(t, s.dir, s.key)
	_, f := start(t, s, virtual.Config{}, Given{}, then, Ports{})
	return s, f
}

// tokenFiles returns the names of the tokens' files in a folder.
func tokenFiles(t *testing.T, dir string) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "token-*.age"))
	require.NoError(t, err)
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}

// TestAddedTokensAreSaved checks that a token is in the store when it appears in the
// fleet: a crash takes no token away that a client has seen.
func TestAddedTokensAreSaved(t *testing.T) {
	s := openStore(t, t.TempDir(), testKey(t))
	w, f := start(t, s, virtual.Config{Mode: virtual.Manual, At: then, Seed: 7}, Given{}, then, Ports{})
	made := 0
	f.log.SetSink(func(entries []Entry) {
		for _, e := range entries {
			if e.Kind != virtual.EventMade {
				continue
			}
			made++
			require.FileExists(t, filepath.Join(s.dir, tokenFile(int(e.Tag)-1)))
			var world worldState
			require.NoError(t, s.read(worldFile, &world))
			require.GreaterOrEqual(t, world.Tokens, int(e.Tag))
			require.NotContains(t, world.Removed, int(e.Tag)-1)
		}
	})
	lot, err := f.MakeLot(Lot{Count: 3, Ready: true, Name: "three"})
	require.NoError(t, err)
	_, err = f.Add(w.NewToken(testModel(t)))
	require.NoError(t, err)
	_, err = f.Fork(f.TakeSnapshot("one", lot[0]))
	require.NoError(t, err)
	require.Equal(t, 5, made)
	var lots []string
	for m := range f.All(0) {
		lots = append(lots, m.Lot())
	}

	_, f = restart(t, s)
	var again []string
	for m := range f.All(0) {
		again = append(again, m.Lot())
	}
	require.Equal(t, lots, again)
}

// TestRemovedTokensHaveNoFile presses and removes tokens at once, while others are added
// and the world is saved.
func TestRemovedTokensHaveNoFile(t *testing.T) {
	s := openStore(t, t.TempDir(), testKey(t))
	_, f := start(t, s, virtual.Config{Mode: virtual.Manual, At: then, Seed: 7}, Given{}, then, Ports{})
	lot, err := f.MakeLot(Lot{Count: 60, Ready: true, Profile: "button-6"})
	require.NoError(t, err)
	var wait sync.WaitGroup
	for _, m := range lot {
		begin := make(chan struct{})
		for range 3 {
			wait.Go(func() {
				<-begin
				_, err := m.Do((*virtual.Token).Press)
				require.NoError(t, err)
			})
		}
		wait.Go(func() {
			<-begin
			require.NoError(t, f.Remove(m))
		})
		close(begin)
	}
	wait.Go(func() {
		for range 5 {
			require.NoError(t, f.Save())
		}
	})
	wait.Go(func() {
		_, err := f.MakeLot(Lot{Count: 3})
		require.NoError(t, err)
	})
	wait.Wait()
	require.Equal(t, 5, f.Len())
	require.Len(t, tokenFiles(t, s.dir), 5)
	_, f = restart(t, s)
	require.Equal(t, 5, f.Len())
}

// TestUnlistedFiles checks that a start removes the files of tokens that the world does
// not list, and no file that the fleet has not made.
func TestUnlistedFiles(t *testing.T) {
	s := openStore(t, t.TempDir(), testKey(t))
	_, f := start(t, s, virtual.Config{Mode: virtual.Manual, At: then, Seed: 7}, Given{}, then, Ports{})
	file := func(name string) string { return filepath.Join(s.dir, name) }
	require.NoError(t, f.Remove(members(f)[0]))
	left, err := os.ReadFile(file("token-0001.age"))
	require.NoError(t, err)
	for _, name := range []string{"token-0000.age", "token-0002.age", "token-3999.age"} { // of a killed process
		require.NoError(t, os.WriteFile(file(name), left, 0o600))
	}
	own := []string{"token-0001.age", "token-5.age", "token-copy.age"}
	for _, name := range own[1:] {
		require.NoError(t, os.WriteFile(file(name), left, 0o600))
	}
	require.NoError(t, os.WriteFile(file("token-0009.age"), []byte("mine"), 0o600))
	s, f = restart(t, s)
	require.Equal(t, 1, f.Len())
	require.ElementsMatch(t, append(own, "token-0009.age"), tokenFiles(t, s.dir))
}
