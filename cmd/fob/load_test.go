// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/load"
)

// servedBank starts a bank with the tokens 1 to count of a new fleet key, and returns the
// flags with which fob load reaches it.
func servedBank(t *testing.T, count int, flags ...string) []string {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	run := func(args ...string) {
		t.Helper()
		code, out, errs := fob(t, "", args...)
		require.Zero(t, code, out+errs)
	}
	require.NoError(t, os.WriteFile(path("pw"), []byte("correct horse battery\n"), 0o600))
	flags = append(flags, "--key-file", path("bank.key"))
	run("seeds", "fleet-key", "--out", path("fleet.key"))
	run("seeds", "make", "--fleet-key-file", path("fleet.key"), "--count", strconv.Itoa(count), "--to", "pskc", "--out", path("tokens.xml"))
	run(append([]string{"validator", "init", "--first-clerk", "tanaka", "--password-file", path("pw")}, flags...)...)
	run(append([]string{"validator", "import", path("tokens.xml")}, flags...)...)
	run(append([]string{"validator", "key", "add", "--role", "check", "--name", "load", "--out", path("check.key")}, flags...)...)

	serve := exec.Command("fob", append([]string{"validator", "serve", "--listen", "127.0.0.1:0", "--json"}, flags...)...)
	stdout, err := serve.StdoutPipe()
	require.NoError(t, err)
	serve.Stderr = os.Stderr
	require.NoError(t, serve.Start())
	t.Cleanup(func() {
		require.NoError(t, serve.Process.Signal(os.Interrupt))
		_ = serve.Wait()
	})
	var ready struct {
		HTTP string `json:"http"`
	}
	require.NoError(t, json.NewDecoder(stdout).Decode(&ready))
	return []string{"--fleet-key-file", path("fleet.key"), "--api-key-file", path("check.key"), "--url", ready.HTTP}
}

// TestLoadProcesses: two processes with ranges that do not overlap load one bank on
// PostgreSQL at the same time, and no code is refused. FOB_LOAD_USERS is the number of
// users of each process: docs/load.md.
func TestLoadProcesses(t *testing.T) {
	users, duration := 150, "5s"
	if text := os.Getenv("FOB_LOAD_USERS"); text != "" {
		var err error
		users, err = strconv.Atoi(text)
		require.NoError(t, err)
		duration = "1m"
	}
	address := filepath.Join(t.TempDir(), "address")
	require.NoError(t, os.WriteFile(address, []byte(pgtest.Database(t)+"\n"), 0o600))
	flags := servedBank(t, 2*users, "--db-file", address)
	var processes [2]*exec.Cmd
	var reports [2]load.Report
	done := make(chan error, len(processes))
	for i := range processes {
		args := append([]string{"load", "--json", "--first", strconv.Itoa(1 + i*users), "--count", strconv.Itoa(users), "--duration", duration}, flags...)
		processes[i] = exec.Command("fob", args...)
		processes[i].Stderr = os.Stderr
		go func() {
			out, err := processes[i].Output()
			if err == nil {
				err = json.Unmarshal(out, &reports[i])
			}
			done <- err
		}()
	}
	for range processes {
		require.NoError(t, <-done)
	}
	for _, r := range reports {
		require.Equal(t, users, r.Requests)
		require.Equal(t, users, r.Accepted, r.Problems)
	}
}

// TestLoadVerdicts: no load passes if no code is accepted, values have units, and a key that
// the server refuses is an error of its own.
func TestLoadVerdicts(t *testing.T) {
	flags := servedBank(t, 2, "--db", filepath.Join(t.TempDir(), "bank.db"))
	run := func(args ...string) (code int, out, errs string) {
		return fob(t, "", append(append([]string{"load", "--duration", "100ms", "--first", "101", "--count", "2"}, flags...), args...)...)
	}
	code, out, errs := run("--threshold", "refused<5")
	require.Equal(t, 1, code, "the server does not have these tokens: %s", out)
	require.Contains(t, out, "refused<5: fulfilled")
	require.Contains(t, out, "or the server has another seed")
	require.Contains(t, errs, "thresholds missed: accepted>=1 (0)")
	code, out, _ = run("--threshold", "p99<1us")
	require.Equal(t, 1, code)
	require.Regexp(t, `p99<1us: missed: [0-9.]+ ms\n`, out)
	require.Contains(t, out, "accepted>=100%: missed: 0%\n")

	wrong := filepath.Join(t.TempDir(), "wrong.key")
	require.NoError(t, os.WriteFile(wrong, []byte("not the key of this server\n"), 0o600))
	code, _, errs = run("--api-key-file", wrong)
	require.Equal(t, 4, code)
	require.Contains(t, errs, "the target refused the API key (401): check --api-key-file")
}
