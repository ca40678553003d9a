// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wireEvents are the events of bytes on a port. How the bytes of a host are divided
// depends on the machine.
var wireEvents = regexp.MustCompile(`(?m)^.*"event":"bytes-(in|out)".*\n`)

// numbers are the numbers of the events, which count the events of bytes too.
var numbers = regexp.MustCompile(`"seq":\d+`)

// exampleCommands are the commands in the table of docs/scenarios.md.
var exampleCommands = regexp.MustCompile("(?m)^\\| `(fob scenario run .*)` \\|")

// TestScenarioExamples runs each scenario in docs/scenarios twice, with this fob and the
// command of docs/scenarios.md. Both runs have the same events, apart from how the bytes of a host are divided.
func TestScenarioExamples(t *testing.T) {
	files, err := filepath.Glob("../../docs/scenarios/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 6)
	page, err := os.ReadFile("../../docs/scenarios.md")
	require.NoError(t, err)
	commands := exampleCommands.FindAllStringSubmatch(string(page), -1)
	require.Len(t, commands, len(files))
	for _, command := range commands {
		args := strings.Fields(command[1])
		file := args[len(args)-1]
		require.Contains(t, files, filepath.Join("../..", file))
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			run := func() string {
				events := filepath.Join(t.TempDir(), "events.jsonl")
				cmd := exec.CommandContext(t.Context(), args[0], append(slices.Clone(args[1:]), "--json", "--events", events)...)
				cmd.Dir = "../.."
				var stdout, stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				require.NoError(t, cmd.Run(), "%s%s", &stdout, &stderr)
				var r scenarioResult
				require.NoError(t, json.Unmarshal(stdout.Bytes(), &r))
				require.True(t, r.Passed)
				require.Equal(t, "7", r.WorldSeed)
				log, err := os.ReadFile(events)
				require.NoError(t, err)
				return numbers.ReplaceAllString(wireEvents.ReplaceAllString(string(log), ""), "")
			}
			first := run()
			require.Contains(t, first, `"event":"made"`)
			require.Equal(t, first, run())
		})
	}
}

// TestArtifactFolders checks that each scenario has a folder of its own in the folder of
// --artifacts, also if the name of its file is only dots.
func TestArtifactFolders(t *testing.T) {
	files := []string{
		"...yaml", "..yaml", ".yaml", "....", "..", ".", "", "-", "/", "a/drift.yaml", "b/drift.yaml", "Drift.yml", "drift-2.yaml",
		"drift..yaml", "drift. .yaml", " .yaml", "..hidden", "/dev/stdin", "a b.yaml", "../x.yaml", "x/...yaml", "トークン.yaml",
	}
	seen := map[string]bool{}
	for i, folder := range artifactFolders("out", files) {
		rest, ok := strings.CutPrefix(folder, "out"+string(filepath.Separator))
		require.True(t, ok, "%q: %s", files[i], folder)
		require.Equal(t, filepath.Base(folder), rest, "%q", files[i])
		require.NotContains(t, []string{".", "..", ""}, rest, "%q", files[i])
		require.False(t, seen[strings.ToLower(rest)], "%q: %s is used twice", files[i], folder)
		seen[strings.ToLower(rest)] = true
	}
	require.Equal(t, []string{filepath.Join("out", "scenario"), filepath.Join("out", "scenario-2"), filepath.Join("out", "drift")},
		artifactFolders("out", []string{"...yaml", ".yaml", "x/drift.yaml"}))
	require.Equal(t, []string{"", ""}, artifactFolders("", []string{"a", "b"}))
}

// TestScenarioOutput compares the output that docs/scenarios.md prints in the comments at
// the end of its blocks with the output of the commands. Only the duration may differ.
func TestScenarioOutput(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("the test needs bash")
	}
	duration := regexp.MustCompile(`[0-9]+\.[0-9]+ s,`)
	normal := func(text string) string {
		return duration.ReplaceAllString(strings.Join(strings.Fields(text), " "), "T s,")
	}
	compared := 0
	for _, section := range readSections(t, "docs/scenarios.md") {
		for _, block := range section.blocks {
			lines := strings.Split(strings.TrimSpace(block.text), "\n")
			begin := len(lines)
			for begin > 0 && strings.HasPrefix(lines[begin-1], "# ") {
				begin--
			}
			if block.language != "sh" || begin == len(lines) {
				continue
			}
			want := ""
			for _, line := range lines[begin:] {
				want += strings.TrimPrefix(line, "# ") + "\n"
			}
			cmd := exec.CommandContext(t.Context(), bash, "-c", strings.Join(lines[:begin], "\n"))
			cmd.Dir = t.TempDir()
			got, err := cmd.Output()
			require.NoError(t, err, "%s", block.name)
			require.True(t, strings.HasSuffix(normal(string(got)), normal(want)), "%s prints %s, not %s", block.name, got, want)
			compared++
		}
	}
	require.Equal(t, 2, compared)
}
