// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/load"
)

// TestSignalCodes interrupts commands in their work: they end with 128+N for signal N, as
// bash reports it (bash(1), EXIT STATUS).
func TestSignalCodes(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(path("s.yaml"), []byte("steps:\n- exec: {run: [sh, -c, 'echo $$ > \"${here}/ready\"; exec sleep 1000']}\n"), 0o600))
	pipe := path("pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for name, args := range map[string][]string{
		"a scenario":                    {"scenario", "run", path("s.yaml")},
		"the lots of with":              {"with", "--lot", pipe, "--", "true"},
		"the file of a scenario":        {"scenario", "run", pipe},
		"a file of seeds":               {"seeds", "inspect", pipe},
		"a seed to provision":           {"device", "provision", "--port", "tcp:127.0.0.1:1", "--seed-file", pipe, "--serial", "ZZFB00000001"},
		"a secret file":                 {"code", "--seed-file", pipe},
		"an API key in a file of fleet": {"fleet", "ls", "--url", "http://127.0.0.1:1", "--api-key-file", pipe},
	} {
		t.Run(name, func(t *testing.T) {
			for signal, want := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGHUP: 129, syscall.SIGINT: 130} {
				_ = os.Remove(path("ready"))
				cmd := exec.Command("fob", args...)
				var stderr bytes.Buffer
				cmd.Stderr = &stderr
				require.NoError(t, cmd.Start())
				works := func() bool { return opensPipe(cmd.Process.Pid) }
				if name == "a scenario" {
					works = func() bool {
						text, err := os.ReadFile(path("ready"))
						return err == nil && len(text) > 0
					}
				}
				for end := time.Now().Add(2 * time.Minute); !works(); time.Sleep(5 * time.Millisecond) {
					require.True(t, time.Now().Before(end), "the command does not begin")
				}
				require.NoError(t, cmd.Process.Signal(signal))
				_ = cmd.Wait()
				require.Equal(t, want, cmd.ProcessState.ExitCode(), "%v: %s", signal, &stderr)
				require.Equal(t, "fob: interrupted\n", stderr.String())
			}
		})
	}
}

// TestLoadInterrupted: a load that is interrupted reports on its answers, does not wait for
// a server that hangs, and does not pass.
func TestLoadInterrupted(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	code, out, errs := fob(t, "", "seeds", "fleet-key", "--out", path("fleet.key"))
	require.Zero(t, code, out+errs)
	hangs, gone := make(chan struct{}, 100), make(chan struct{})
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices a broken connection only after the body
		if requests.Add(1) == 1 {
			return
		}
		hangs <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(gone) })
	require.NoError(t, os.WriteFile(path("login.yaml"), []byte(fmt.Sprintf("{url: %q, body: '{{code}}', accepted: {status: 200}}", server.URL)), 0o600))
	for signal, want := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		requests.Store(0)
		cmd := exec.Command("fob", "load", "--json", "--fleet-key-file", path("fleet.key"), "--target", path("login.yaml"), "--count", "2",
			"--scenario", "guess", "--rate", "1000", "--connections", "1", "--duration", "24h", "--timeout", "24h")
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		require.NoError(t, cmd.Start())
		<-hangs
		require.NoError(t, cmd.Process.Signal(signal))
		_ = cmd.Wait()
		require.Equal(t, want, cmd.ProcessState.ExitCode(), "%v: %s", signal, &stderr)
		require.Contains(t, stderr.String(), `"interrupted"`)
		var report load.Report
		require.NoError(t, json.Unmarshal(stdout.Bytes(), &report))
		require.True(t, report.Interrupted)
		require.Equal(t, 1, report.Requests)
		require.Positive(t, report.Abandoned)
	}
}

// opensPipe reports whether a thread of a process waits in the kernel until another
// process opens the same pipe (fifo_open in Linux). A kernel that hides where threads wait
// shows 0 for each of them. There, all threads must sleep for a while.
func opensPipe(pid int) bool {
	const while = 200 // looks
	for range while {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
		hidden, asleep := true, len(threads) > 0
		for _, thread := range threads {
			where, _ := os.ReadFile(filepath.Join(thread, "wchan"))
			if string(where) == "wait_for_partner" {
				return true
			}
			hidden = hidden && (len(where) == 0 || string(where) == "0")
			stat, _ := os.ReadFile(filepath.Join(thread, "stat"))
			asleep = asleep && bytes.Contains(stat, []byte(") S "))
		}
		if !hidden || !asleep {
			return false
		}
		time.Sleep(5 * time.Millisecond)
	}
	return true
}
