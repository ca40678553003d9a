// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// count returns the counts of a Go file's comments or of a Markdown file.
func count(t *testing.T, name, contents string) map[string]int {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(contents), 0o600))
	var comments, documents text
	require.NoError(t, collect(path, &comments, &documents))
	counts := map[string]int{}
	for _, kind := range []text{comments, documents} {
		for name, places := range kind.find() {
			counts[name] += len(places)
		}
	}
	return counts
}

func TestFind(t *testing.T) {
	require.Equal(t, map[string]int{"what as a noun": 1, "is no X": 1}, count(t, "a.go", `package a

// What is no request is counted, over the end
// of a line.
var what = "what nobody says"
`))
	require.Empty(t, count(t, "a.go", "package a\n\n//go:generate what\n\n// f returns the folder where the key is.\nfunc f() {}\n"))
	require.Equal(t, map[string]int{"so that": 1, "he, his": 1}, count(t, "a.md", "# What is it?\n\nHe did it so\nthat it works.\n\n```\nwhat nobody says\n```\n"))
	require.Equal(t, map[string]int{"where for if": 2}, count(t, "a.md", "Where it fails, it ends; where the flash fails, too.\n"))
	require.Equal(t, map[string]int{"is no X": 1}, count(t, "a.md", "It is no longer here. A Pico is no secure token.\n"))
}

func TestBudget(t *testing.T) {
	dir := t.TempDir()
	budget := filepath.Join(dir, "budget.txt")
	full := ""
	for _, kind := range []string{"comments", "documents"} {
		for _, p := range patterns {
			full += kind + " 0 " + p.name + "\n"
		}
	}
	require.NoError(t, os.WriteFile(budget, []byte(full), 0o600))
	page := filepath.Join(dir, "a.md")
	require.NoError(t, os.WriteFile(page, []byte("It works.\n"), 0o600))
	require.NoError(t, run([]string{dir}, budget, false))
	require.NoError(t, os.WriteFile(page, []byte("Nobody wants it.\n"), 0o600))
	err := run([]string{dir}, budget, true)
	require.ErrorContains(t, err, "documents: nobody, somebody, whoever: 1, the budget is 0")
	require.NoError(t, os.WriteFile(budget, []byte("comments 0 so that\n"), 0o600))
	require.ErrorContains(t, run([]string{dir}, budget, false), `has no line for comments "what as a noun"`)
}
