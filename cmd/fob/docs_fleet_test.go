// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// TestFleetLots checks that fob makes the lots in docs/fleet.md, and that its table has
// each field of a lot.
func TestFleetLots(t *testing.T) {
	var lots []string
	for _, s := range readSections(t, "docs/fleet.md") {
		for _, b := range s.blocks {
			if b.language == "yaml" {
				lots = append(lots, b.text)
			}
		}
	}
	require.Len(t, lots, 1)
	file := filepath.Join(t.TempDir(), "lots.yaml")
	require.NoError(t, os.WriteFile(file, []byte(lots[0]), 0o600))
	count := "test $(curl -s -H \"Authorization: Bearer $FOB_API_KEY\" \"$FOB_URL/v1/tokens?limit=1000\" | jq '.items | length') = 115"
	code, out, errs := fob(t, "", "with", "--lot", file, "--", "sh", "-c", count)
	require.Zero(t, code, out+errs)

	page, err := os.ReadFile("../../docs/fleet.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(page), "| field | meaning | default |")
	table, _, _ = strings.Cut(table, "\n\n")
	var listed []string
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) > 1 {
			for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[1], -1) {
				listed = append(listed, m[1])
			}
		}
	}
	var fields []string
	for f := range reflect.TypeFor[fleet.Lot]().Fields() {
		fields = append(fields, f.Tag.Get("yaml"))
	}
	require.ElementsMatch(t, fields, listed)
}

// TestFleetEventValues checks that docs/fleet.md lists the meaning of the value of each
// kind of event.
func TestFleetEventValues(t *testing.T) {
	page, err := os.ReadFile("../../docs/fleet.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(page), "| event | `value` |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	want := ""
	for _, k := range virtual.EventKinds() {
		if meaning := k.Meaning(); meaning != "" {
			want += "| `" + k.String() + "` | " + meaning + " |\n"
		}
	}
	require.Equal(t, want, table+"\n")
}

// TestFleetProblems checks that docs/fleet.md lists the codes of all problems of the
// fleet's API.
func TestFleetProblems(t *testing.T) {
	files, err := filepath.Glob("../../fleet/control/*.go")
	require.NoError(t, err)
	shared, err := filepath.Glob("../../internal/webapi/*.go")
	require.NoError(t, err)
	files = append(files, shared...)
	declared := map[string]bool{}
	code := regexp.MustCompile(`(?:[nN]ewProblem\(http\.Status\w+, |, http\.Status\w+, |http\.Status\w+: +)"([a-z_]+)"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range code.FindAllStringSubmatch(string(text), -1) {
			declared[m[1]] = true
		}
	}
	require.Greater(t, len(declared), 20)

	page, err := os.ReadFile("../../docs/fleet.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(page), "| `code` | status | reaction |")
	listed := map[string]bool{}
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) > 1 {
			for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[1], -1) {
				listed[m[1]] = true
			}
		}
	}
	require.Equal(t, declared, listed)
}
