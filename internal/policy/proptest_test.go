// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPropertyTests checks that property tests run through internal/proptest. Each run
// then has the same cases and some new ones.
func TestPropertyTests(t *testing.T) {
	direct := regexp.MustCompile(`\brapid\.(Check|MakeCheck)\(`)
	through := 0
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "proptest"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		through += strings.Count(string(text), "proptest.Check(")
		if direct.Match(text) {
			t.Errorf("%s: calls rapid.Check: call proptest.Check", path)
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, through, 30, "property tests found")
}
