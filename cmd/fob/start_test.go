// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// startProgram starts fob with --json, and decodes its first line when it is ready. The
// end of the test kills it.
func startProgram(t *testing.T, stderr io.Writer, ready any, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("fob", append(args, "--json")...)
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.NoError(t, json.NewDecoder(stdout).Decode(ready))
	return cmd
}

// readyLine is a part of the ready line, as a script reads it.
type readyLine struct {
	URL    string   `json:"url"`
	URLs   []string `json:"urls"`
	APIKey string   `json:"api_key"`
	Tokens []struct {
		Serial     string `json:"serial"`
		HardwareID string `json:"hardware_id"`
		State      string `json:"state"`
		Port       string `json:"port"`
	} `json:"tokens"`
}

// startFleet starts fob run, and waits until it is ready.
func startFleet(t *testing.T, stderr io.Writer, args ...string) (run *exec.Cmd, r readyLine) {
	t.Helper()
	run = startProgram(t, stderr, &r, append([]string{"run"}, args...)...)
	return run, r
}

// logged collects the output of a process, and can be read at any time.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
