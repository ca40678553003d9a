// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInitKeepsOthersFile: if another process makes the file of the API key while init asks
// for the password, init fails and does not remove it.
func TestInitKeepsOthersFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, db := filepath.Join(dir, "api.key"), filepath.Join(dir, "bank.db")
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"validator", "init", "--db", db, "--key-file", filepath.Join(dir, "bank.key"),
		"--first-clerk", "tanaka", "--api-key-out", key, "--password-file", "-"}, &writesFirst{key, "correct horse battery\n"}, &stdout, &stderr)
	require.Equal(t, exitUsage, code, stderr.String())
	require.Contains(t, stderr.String(), "it exists")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
	text, err := os.ReadFile(key)
	require.NoError(t, err)
	require.Equal(t, "precious", string(text))
}

// writesFirst writes a file, and then returns its text.
type writesFirst struct{ file, text string }

// Read implements [io.Reader].
func (w *writesFirst) Read(p []byte) (int, error) {
	if w.text == "" {
		return 0, io.EOF
	}
	err := os.WriteFile(w.file, []byte("precious"), 0o600)
	n := copy(p, w.text)
	w.text = w.text[n:]
	return n, err
}
