// SPDX-License-Identifier: Apache-2.0

package atomicfile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/atomicfile"
)

// TestFolder checks that a folder appears with all of its files, or not at all.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	fill := func(w io.Writer) error { _, err := io.WriteString(w, "text"); return err }

	f, err := atomicfile.CreateFolder(path)
	require.NoError(t, err)
	require.NoError(t, f.Write("a", fill))
	require.ErrorIs(t, f.Write("a", fill), fs.ErrExist)
	broken := errors.New("broken")
	require.Equal(t, broken, f.Write("b", func(io.Writer) error { return broken }))
	require.NoDirExists(t, path)
	require.NoError(t, f.Discard())
	require.Empty(t, names(t, dir))

	f, err = atomicfile.CreateFolder(path + "/")
	require.NoError(t, err)
	require.NoError(t, f.Write("a", fill))
	require.NoError(t, f.Place())
	require.NoError(t, f.Discard())
	require.Equal(t, []string{"out"}, names(t, dir))
	require.Equal(t, "text", contents(t, filepath.Join(path, "a")))
	_, err = atomicfile.CreateFolder(path)
	require.Equal(t, fs.ErrExist, err)

	f, err = atomicfile.CreateFolder(filepath.Join(dir, "late"))
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "late"), 0o700))
	require.Equal(t, fs.ErrExist, f.Place())
	require.NoError(t, f.Discard())
	require.Equal(t, []string{"late", "out"}, names(t, dir))
}
