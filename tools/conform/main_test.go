// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/measured"
	"github.com/d204ef64/fob/conform/report"
)

// TestCurrent: the documents agree with the cases and with the measured results.
func TestCurrent(t *testing.T) {
	t.Chdir("../..")
	want, err := documents()
	require.NoError(t, err)
	pages, err := filepath.Glob(pageFolder + "/*.md")
	require.NoError(t, err)
	for _, page := range pages {
		require.Contains(t, want, filepath.ToSlash(page), "go run ./tools/conform")
	}
	for name, text := range want {
		got, err := os.ReadFile(name)
		require.NoError(t, err, "go run ./tools/conform")
		require.Equal(t, string(text), string(got), "%s: go run ./tools/conform", name)
	}
}

// TestExpected: the results of servers that the tests run have the expected failures.
func TestExpected(t *testing.T) {
	t.Chdir("../..")
	files, err := filepath.Glob("conform/expected/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		expected, err := report.ParseExpected(text)
		require.NoError(t, err)
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		again := "go run ./tools/conform -measure " + name
		data, err := os.Open(filepath.Join(dataFolder, name+".json"))
		require.NoError(t, err, again)
		r, err := report.Read(data)
		require.NoError(t, err)
		require.NoError(t, data.Close())
		require.NoError(t, expected.For(r.Target), file)
		require.Empty(t, expected.Differences(r), again)
		failing := map[string]bool{}
		for _, c := range r.Results {
			failing[c.ID] = c.Outcome == conform.Fail
		}
		for id := range expected.Fails {
			require.True(t, failing[id], "%s has no result of %s: %s", file, id, again)
		}
	}
}

// TestMeasured: each result is of a case, and each server has a date.
func TestMeasured(t *testing.T) {
	reports, err := measured.Reports()
	require.NoError(t, err)
	require.Equal(t, "fob", reports[0].Target)
	known := map[string]bool{}
	for _, c := range conform.All() {
		known[c.ID] = true
	}
	for _, r := range reports {
		require.False(t, r.Date.IsZero(), r.Target)
		require.NotEmpty(t, r.Results, r.Target)
		for _, c := range r.Results {
			require.True(t, known[c.ID], "%s: %s", r.Target, c.ID)
			require.Contains(t, []conform.Outcome{conform.Pass, conform.Fail, conform.NotApplicable}, c.Outcome, "%s: %s", r.Target, c.ID)
			require.NotEmpty(t, c.Detail, "%s: %s", r.Target, c.ID)
		}
	}
}
