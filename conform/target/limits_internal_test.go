// SPDX-License-Identifier: Apache-2.0

//go:build linux

package target

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
)

// pidsIn waits until a file has a line, and returns the numbers in it.
func pidsIn(t *testing.T, path string) []string {
	t.Helper()
	var text []byte
	require.Eventually(t, func() bool {
		text, _ = os.ReadFile(path)
		return strings.HasSuffix(string(text), "\n")
	}, time.Minute, 10*time.Millisecond)
	return strings.Fields(string(text))
}

func ended(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// TestCommandLimits: a program has a time limit and a limit of its output, and ends with the
// processes that it has started if it takes too long or the run is interrupted.
func TestCommandLimits(t *testing.T) {
	const script = `sleep 1000 & echo $$ $! > "$PIDS"; wait`
	command := func() *Command {
		return &Command{Argv: []string{"sh", "-c", script}, Env: map[string]string{"PIDS": filepath.Join(t.TempDir(), "pids")}}
	}
	c := command()
	c.limit = 500 * time.Millisecond
	readied := false
	_, err := run(t.Context(), c, nil, func() { readied = true })
	require.ErrorIs(t, err, conform.ErrUnreachable)
	require.ErrorContains(t, err, "running sh: it has not ended in 0.5 s")
	require.True(t, readied)
	if text, err := os.ReadFile(c.Env["PIDS"]); err == nil { // else the shell was too slow
		for _, pid := range strings.Fields(string(text)) {
			require.True(t, ended(pid))
		}
	}

	c = command()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := run(ctx, c, nil, nil)
		done <- err
	}()
	pids := pidsIn(t, c.Env["PIDS"])
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	for _, pid := range pids {
		require.True(t, ended(pid))
	}

	a, err := run(t.Context(), &Command{Argv: []string{"sh", "-c", "head -c 5000000 /dev/zero; exit 3"}}, nil, nil)
	require.NoError(t, err)
	require.Equal(t, 3, a.exit)
	require.Len(t, a.body, maxAnswer)
}

// TestCommandLeaves: a server that a program leaves behind runs on.
func TestCommandLeaves(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	_, err := run(t.Context(), &Command{Argv: []string{"sh", "-c", `sleep 1000 > /dev/null 2>&1 & echo $! > "$PIDS"`}, Env: map[string]string{"PIDS": pids}}, nil, nil)
	require.NoError(t, err)
	pid := pidsIn(t, pids)[0]
	require.False(t, ended(pid))
	n, err := strconv.Atoi(pid)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(n, syscall.SIGKILL))
}
