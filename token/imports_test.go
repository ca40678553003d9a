// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFirmwareFilesStayClean: files that TinyGo compiles import nothing but what
// is listed, start no goroutine and use no channel.
func TestFirmwareFilesStayClean(t *testing.T) {
	allowed := map[string]string{
		"crypto/sha1":   "the hash of nearly every token",
		"crypto/sha256": "RFC 6238 section 1.2",
		"crypto/sha512": "RFC 6238 section 1.2",
		"crypto/subtle": "comparison in constant time",
		"errors":        "sentinels",
		"io":            "io.Reader as the source of entropy",
		"math":          "limits of integers",
		"strconv":       "error texts, in place of fmt",
	}
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	checked := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(src), "// SPDX-License-Identifier: Apache-2.0\n"), name)
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, src, parser.ParseComments)
		require.NoError(t, err)
		tagged := false
		for _, group := range file.Comments {
			for _, c := range group.List {
				tagged = tagged || constraint.IsGoBuild(c.Text) && c.Text == "//go:build !tinygo"
			}
		}
		require.Equal(t, tagged, strings.HasSuffix(name, "_host.go"), "%s: the tag and the name must agree", name)
		if tagged {
			continue
		}
		checked++
		for _, i := range file.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			require.NoError(t, err)
			require.Contains(t, allowed, path, "%s imports %s", name, path)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.GoStmt, *ast.ChanType, *ast.SelectStmt, *ast.SendStmt:
				t.Errorf("%s: goroutine or channel", fset.Position(n.Pos()))
			}
			return true
		})
	}
	require.Greater(t, checked, 10)
}
