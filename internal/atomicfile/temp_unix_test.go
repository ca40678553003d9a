// SPDX-License-Identifier: Apache-2.0

//go:build unix

package atomicfile_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/atomicfile"
)

// TestTempFolder removes the folder of a killed process, and neither the folder of one that
// runs nor anything else.
func TestTempFolder(t *testing.T) {
	in := t.TempDir()
	running, err := atomicfile.NewTempFolder(in)
	require.NoError(t, err)
	info, err := os.Stat(running.Path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	killed := filepath.Join(in, ".fob-folder-1")
	require.NoError(t, os.Mkdir(killed, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(killed, "seeds.xml"), nil, 0o600))
	other := filepath.Join(in, ".fob-folder-notes")
	require.NoError(t, os.Mkdir(other, 0o700))
	link := filepath.Join(in, ".fob-folder-2")
	require.NoError(t, os.Symlink(other, link))
	second, err := atomicfile.NewTempFolder(in)
	require.NoError(t, err)
	require.NoDirExists(t, killed)
	require.FileExists(t, link)
	for _, path := range []string{running.Path, second.Path, other} {
		require.DirExists(t, path)
	}
	require.NoError(t, running.Remove())
	require.NoError(t, second.Remove())
	require.NoDirExists(t, running.Path)
	require.NoDirExists(t, second.Path)
}

// TestTempFoldersAtOnce makes folders in one place at the same time: none is taken for the
// folder of a killed process between its creation and its lock.
func TestTempFoldersAtOnce(t *testing.T) {
	in := t.TempDir()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				f, err := atomicfile.NewTempFolder(in)
				if err == nil {
					err = os.WriteFile(filepath.Join(f.Path, "file"), nil, 0o600)
				}
				if err == nil {
					err = f.Remove()
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	require.Empty(t, names(t, in))
}
