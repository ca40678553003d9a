// SPDX-License-Identifier: Apache-2.0

package atomicfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/atomicfile"
)

// names returns the names of the files in a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func contents(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	require.NoError(t, atomicfile.Write(path, []byte("old")))
	require.Equal(t, fs.ErrExist, atomicfile.Write(path, []byte("new")))
	require.Equal(t, "old", contents(t, path))
	require.NoError(t, atomicfile.Overwrite(path, []byte("new")))
	require.Equal(t, "new", contents(t, path))
	require.Equal(t, []string{"key"}, names(t, dir))
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode())
	}
}

// TestUnfinished checks that the path does not exist before the end, and that nothing
// is left after Discard.
func TestUnfinished(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	f, err := atomicfile.Create(path)
	require.NoError(t, err)
	_, err = f.WriteString("half")
	require.NoError(t, err)
	require.NoFileExists(t, path)
	require.NoError(t, f.Discard())
	require.Empty(t, names(t, dir))
	require.NoError(t, f.Discard())
	require.Error(t, f.Place())
}

// TestKeptUntilDiscard checks that a file that cannot be moved to its path is kept until Discard,
// so its contents are not lost.
func TestKeptUntilDiscard(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "record")
	require.NoError(t, os.MkdirAll(filepath.Join(path, "x"), 0o700))
	for _, finish := range []func(*atomicfile.File) error{(*atomicfile.File).Place, (*atomicfile.File).Replace} {
		f, err := atomicfile.Create(path)
		require.NoError(t, err)
		_, err = f.WriteString("seed")
		require.NoError(t, err)
		err = finish(f)
		require.ErrorIs(t, err, fs.ErrExist)
		require.NotContains(t, err.Error(), dir)
		require.Equal(t, "seed", contents(t, f.Name()))
		require.NoError(t, f.Discard())
		require.Equal(t, []string{"record"}, names(t, dir))
	}
}

// TestErrors checks that errors do not contain the file name.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	_, err := atomicfile.Create(filepath.Join(dir, "missing", "key"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotContains(t, err.Error(), "missing")
	require.NoError(t, atomicfile.Write(filepath.Join(dir, "file"), nil))
	require.Error(t, atomicfile.Overwrite(filepath.Join(dir, "file", "below a file"), nil))
	err = atomicfile.Place(filepath.Join(dir, "nothing"), filepath.Join(dir, "key"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotContains(t, err.Error(), "nothing")
}
