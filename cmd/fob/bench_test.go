// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// startRun starts fob run and returns the port of its first token.
func startRun(b *testing.B, args ...string) (port string, stop func()) {
	cmd := exec.Command("fob", append([]string{"run"}, args...)...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	r := bufio.NewReader(stdout)
	line, err := r.ReadBytes('\n')
	require.NoError(b, err)
	var ready struct {
		Tokens []struct {
			Port string `json:"port"`
		} `json:"tokens"`
	}
	require.NoError(b, json.Unmarshal(line, &ready))
	return ready.Tokens[0].Port, func() {
		require.NoError(b, cmd.Process.Signal(os.Interrupt))
		_, _ = io.Copy(io.Discard, r)
		require.NoError(b, cmd.Wait())
	}
}

// BenchmarkDeviceInfo measures a new process that reads the information of a token on a
// pseudo-terminal.
func BenchmarkDeviceInfo(b *testing.B) {
	port, stop := startRun(b)
	defer stop()
	for b.Loop() {
		out, err := exec.Command("fob", "device", "info", "--port", port).CombinedOutput()
		require.NoError(b, err, "%s", out)
	}
}

// BenchmarkRunReady measures the time until fob run is ready.
func BenchmarkRunReady(b *testing.B) {
	for _, args := range [][]string{nil, {"--count", "1000"}, {"--count", "1000", "--ready"}} {
		b.Run(strings.Join(args, " "), func(b *testing.B) {
			for b.Loop() {
				_, stop := startRun(b, args...)
				b.StopTimer()
				stop()
				b.StartTimer()
			}
		})
	}
}
