// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

var progressBar = regexp.MustCompile(`generating  \[[^\n]*`)

// TestSeedsMakeProgress checks that making many tokens shows the progress on a
// terminal. The bar appears after a moment, so the test increases the number of tokens
// until it has seen one.
func TestSeedsMakeProgress(t *testing.T) {
	t.Parallel()
	for count, last := 50_000, 6_400_000; ; count *= 2 {
		cmd := exec.Command("fob", "seeds", "make", "--count", strconv.Itoa(count), "--to", "fob", "--out", filepath.Join(t.TempDir(), "made.jsonl"))
		terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 100})
		require.NoError(t, err)
		out, _ := io.ReadAll(terminal) // returns an error when the program ends
		require.NoError(t, cmd.Wait(), string(out))
		terminal.Close()
		require.Contains(t, string(out), strconv.Itoa(count)+" tokens in ")
		if bar := progressBar.Find(out); bar != nil {
			require.Contains(t, string(bar), " of "+strconv.Itoa(count))
			return
		}
		require.Less(t, count, last, "no bar: %s", out)
	}
}
