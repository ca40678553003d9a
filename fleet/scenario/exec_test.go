// SPDX-License-Identifier: Apache-2.0

//go:build unix

package scenario_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/scenario"
)

// ended waits until the process whose id is in a file has ended.
func ended(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if syscall.Kill(pid, 0) != nil || bytes.Contains(stat, []byte(") Z ")) {
			return
		}
		require.True(t, time.Now().Before(end), "process %d is still there", pid)
	}
}

// TestExecEndsAll checks that nothing is left of a command: after a time-out, after its
// end, and after the scenario.
func TestExecEndsAll(t *testing.T) {
	const begin = `- exec: {run: [sh, -c, 'sleep 1000 & echo $! > "$PID_FILE"; `
	for name, text := range map[string]struct{ text, err string }{
		"end":          {begin + `exit'], timeout: 1h}`, ""},
		"by a signal":  {begin + `kill -TERM $$'], exit: 143}`, ""},
		"a background": {begin + `echo up; wait'], background: true, stdout: up}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "pid")
			t.Setenv("PID_FILE", file)
			r := do(t, head+text.text, scenario.Options{}, false)
			if text.err == "" {
				require.NoError(t, r.Err)
			} else {
				require.ErrorContains(t, r.Err, text.err)
			}
			ended(t, file)
		})
	}
	t.Run("time-out", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "pid")
		t.Setenv("PID_FILE", file)
		// On a slow machine, a short time is over before there is a process to end.
		for timeout := 100 * time.Millisecond; ; timeout *= 2 {
			r := do(t, head+begin+"wait'], timeout: "+timeout.String()+"}", scenario.Options{}, false)
			require.ErrorContains(t, r.Err, ", but it still runs")
			if b, _ := os.ReadFile(file); len(b) > 0 {
				break
			}
		}
		ended(t, file)
	})
}

// TestSecretsAreMasked checks that the API key is in no failure, JUnit XML or file of a
// scenario, also if it is cut off or escaped.
func TestSecretsAreMasked(t *testing.T) {
	const key = "key-of-the-test"
	for name, text := range map[string]string{
		"exit code":  `- exec: {run: [env], exit: 1}`,
		"fails":      `- exec: {run: [env], fails: true}`,
		"stdout":     `- exec: {run: [env], stdout: 'never there'}`,
		"stderr":     `- exec: {run: [sh, -c, 'env >&2'], stderr: 'never there'}`,
		"time-out":   `- exec: {run: [sh, -c, 'env; sleep 1000'], timeout: 100ms}`,
		"cut":        `- exec: {run: [sh, -c, 'printf %s "$FOB_API_KEY"; head -c 1992 /dev/zero | tr "\0" x; exit 1']}`,
		"variable":   "- exec: {run: [sh, -c, 'echo $FOB_API_KEY'], stdout: '(?P<k>.+)'}\n- exec: {run: ['${k}']}",
		"background": "- exec: {run: [sh, -c, 'env; env >&2; echo up; sleep 1000'], background: true, stdout: up}\n- exec: {run: ['false']}",
		"dead":       `- exec: {run: [sh, -c, 'env >&2; exit 1'], background: true, stdout: up}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			r := do(t, head+text, scenario.Options{Artifacts: dir, Events: filepath.Join(dir, "events")}, false)
			require.Error(t, r.Err)
			var report bytes.Buffer
			require.NoError(t, scenario.WriteJUnit(&report, []*scenario.Result{r}))
			found := map[string]string{"error": r.Err.Error(), "JUnit": report.String()}
			require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				b, err := os.ReadFile(path)
				found[path] = string(b)
				return err
			}))
			require.Greater(t, len(found), 3)
			for where, text := range found {
				require.NotContains(t, text, key, where)
				require.NotContains(t, text, key[7:], where)
			}
		})
	}
}

// TestCountZero checks that a count of 0 is refused, and not taken as the default.
func TestCountZero(t *testing.T) {
	for _, count := range []string{"0", "-1"} {
		_, err := scenario.Parse("test.yaml", []byte(head+"- new: {count: "+count+"}"))
		require.ErrorIs(t, err, scenario.ErrFile)
		require.ErrorContains(t, err, "count: "+count+", want 1 to 1000000")
	}
}

// TestClockRestored checks that the clock of a shared fleet runs as before after a
// scenario, also after one that fails or cannot begin.
func TestClockRestored(t *testing.T) {
	for _, clock := range []map[string]any{
		{"mode": "real", "paused": false},
		{"mode": "scaled", "rate": 60.0, "paused": false},
		{"mode": "scaled", "rate": 60.0, "paused": true},
		{"mode": "manual", "paused": false},
	} {
		for _, own := range []string{"manual", "real", "scaled:7"} {
			for text, events := range map[string]string{
				`- new: {ready: true}`:     "",
				`- exec: {run: ['false']}`: "",
				`- new:`:                   "/no/such/folder/events",
			} {
				s, err := scenario.Parse("test.yaml", []byte("clock: "+own+"\nsteps:\n"+text))
				require.NoError(t, err)
				f := serve(t, s, false)
				require.NoError(t, f.client.Do(t.Context(), http.MethodPut, "/v1/time", clock, nil))
				_ = scenario.Run(t.Context(), s, scenario.Options{Fleet: f.client, Shared: true, Events: events})
				var got struct {
					Mode   string
					Rate   float64
					Paused bool
				}
				require.NoError(t, f.client.Do(t.Context(), http.MethodGet, "/v1/time", nil, &got))
				require.Equal(t, clock["mode"], got.Mode)
				require.Equal(t, clock["paused"], got.Paused)
				if rate, ok := clock["rate"]; ok {
					require.Equal(t, rate, got.Rate)
				}
			}
		}
	}
}
