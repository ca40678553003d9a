// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// go.bug.st/serial has traps that only this package knows how to avoid, and its
// port lists open and reprogram every port of the machine.
func TestSerialLibraryStaysHere(t *testing.T) {
	root := filepath.Join("..", "..")
	require.FileExists(t, filepath.Join(root, "go.mod"))
	users := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || e.IsDir() {
			return nil // files come and go while others build
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return nil // the compiler reports that better
		}
		for _, spec := range file.Imports {
			name := strings.Trim(spec.Path.Value, `"`)
			if !strings.HasPrefix(name, "go.bug.st/serial") {
				continue
			}
			users++
			require.Equal(t, "go.bug.st/serial", name, "%s: its other packages are not for us", path)
			require.Equal(t, filepath.Join(root, "serialproto", "port"), filepath.Dir(path), "%s: use package port", path)
		}
		return nil
	})
	require.NoError(t, err)
	require.Positive(t, users, "the test looks in the wrong place")
}
