// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
)

// badPaths returns the files whose names a module proxy does not accept: it refuses a
// module with a file such as "nul", which Windows cannot create.
func badPaths(t *testing.T, fsys fs.FS) (bad []string) {
	t.Helper()
	require.NoError(t, fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(path.Base(name), ".") && name != ".":
			return fs.SkipDir
		case !d.IsDir() && module.CheckFilePath(name) != nil:
			bad = append(bad, module.CheckFilePath(name).Error())
		}
		return nil
	}))
	return bad
}

func TestPaths(t *testing.T) {
	require.Empty(t, badPaths(t, os.DirFS("../..")))
	require.Len(t, badPaths(t, fstest.MapFS{
		"a/nul": {}, "a/COM1.txt": {}, "a/b:c": {}, "a/good.go": {}, ".git/nul": {},
	}), 3)
}
