// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEndWithStdin checks that fob run goes on while its standard input is open, and ends
// like after SIGTERM when it is closed.
func TestEndWithStdin(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("fob", "run", "--end-with-stdin", "--ready", "--json", "--ports", "lazy")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	var r readyLine
	require.NoError(t, json.NewDecoder(stdout).Decode(&r))
	_, err = stdin.Write([]byte("ignored\n"))
	require.NoError(t, err)
	fleet := exec.Command("fob", "fleet", "code", r.Tokens[0].Serial)
	fleet.Env = append(os.Environ(), "FOB_URL="+r.URL, "FOB_API_KEY="+r.APIKey)
	code, err := fleet.Output()
	require.NoError(t, err)
	require.Regexp(t, `^\d{6}\n$`, string(code))

	require.NoError(t, stdin.Close())
	require.NoError(t, cmd.Wait(), "the exit code is 0")

	out, err := exec.Command("fob", "run", "--end-with-stdin", "--api-key-file", "-").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "standard input is used twice")
}
