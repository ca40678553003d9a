// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTinyGoModule checks that tinygo.mod and tinygo.sum, which no tool updates, agree
// with go.mod and go.sum. A board's program must be compiled with the same modules as
// its tests.
func TestTinyGoModule(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		return string(b)
	}
	gomod, gosum := read("go.mod"), read("go.sum")
	requirements := 0
	for line := range strings.Lines(read("tinygo.mod")) {
		if rest, ok := strings.CutPrefix(line, "require "); ok {
			requirements++
			require.Contains(t, gomod, "\n\t"+rest)
		}
	}
	require.Equal(t, 1, requirements, "one per line")
	for line := range strings.Lines(read("tinygo.sum")) {
		require.Contains(t, gosum, line)
	}
}
