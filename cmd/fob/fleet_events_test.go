// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bufio"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// TestFollowedFleetEnds: fob fleet events --follow ends with 0 when the fleet is stopped,
// and with 3 when it is killed. A wait for it ends with 3 in both cases.
func TestFollowedFleetEnds(t *testing.T) {
	t.Parallel()
	for signal, want := range map[syscall.Signal]int{syscall.SIGTERM: 0, syscall.SIGINT: 0, syscall.SIGKILL: exitNoConnect} {
		t.Run(signal.String(), func(t *testing.T) {
			run, r := startFleet(t, nil, "--ready", "--tcp", "127.0.0.1:0")
			follow := exec.Command("fob", "fleet", "events", "--follow")
			follow.Env = append(os.Environ(), "FOB_URL="+r.URL, "FOB_API_KEY="+r.APIKey)
			var log logged
			follow.Stderr = &log
			events, err := follow.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, follow.Start())
			defer follow.Process.Kill()
			line, err := bufio.NewReader(events).ReadString('\n')
			require.NoError(t, err)
			require.Contains(t, line, `"event":"made"`)

			require.NoError(t, run.Process.Signal(signal))
			err = follow.Wait()
			require.Equal(t, want, follow.ProcessState.ExitCode(), "%v: %s", err, &log)
			if want == 0 {
				require.Empty(t, log.String())
				require.NoError(t, run.Wait())
			} else {
				require.Regexp(t, "^fob: the fleet does not answer: "+r.URL+": .*: is fob run still running there\\?\n$", log.String())
			}
		})
	}
}

// TestDroppedEvents: fob fleet events says on stderr and in its output how many events
// are missing.
func TestDroppedEvents(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{LogSize: 100, Lots: []fleet.Lot{{Count: 250}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	server := httptest.NewServer(control.New(f, control.Options{Key: "a-key-of-sixteen-characters"}))
	defer server.Close()
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("a-key-of-sixteen-characters"), 0o600))
	events := func(args ...string) (string, string) {
		t.Helper()
		code, out, errs := fob(t, "", append([]string{"fleet", "events", "--url", server.URL, "--api-key-file", key}, args...)...)
		require.Zero(t, code, errs)
		return out, errs
	}
	out, errs := events("--after", "50")
	require.True(t, strings.HasPrefix(out, `{"dropped":100,"oldest":151}`+"\n"+`{"seq":151,`), out)
	require.Equal(t, 101, strings.Count(out, "\n"))
	require.Equal(t, "fob: warning: 100 events are missing, because the log no longer holds them: the oldest that is left is number 151\n", errs)
	out, errs = events("--after", "150")
	require.True(t, strings.HasPrefix(out, `{"seq":151,`), out)
	require.Empty(t, errs)
}
