// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wireEvents are the events of bytes on a port. How the bytes of a host are divided
// depends on the machine.
var wireEvents = regexp.MustCompile(`(?m)^.*"event":"bytes-(in|out)".*\n`)

// numbers are the numbers of the events, which count the events of bytes too.
var numbers = regexp.MustCompile(`"seq":\d+`)

// TestScenarioExamples runs each scenario in docs/scenarios twice, with this fob. Both
// runs have the same events, apart from how the bytes of a host are divided.
func TestScenarioExamples(t *testing.T) {
	files, err := filepath.Glob("../../docs/scenarios/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 6)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			run := func() string {
				events := filepath.Join(t.TempDir(), "events.jsonl")
				cmd := exec.CommandContext(t.Context(), "fob", "scenario", "run", file, "--allow-seed-export", "--json", "--events", events)
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
