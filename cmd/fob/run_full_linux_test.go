// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
)

// TestRunFullEvents checks that fob run ends at once if the file of its events cannot be
// written, and that clients get a code of its own for it. The kernel's limit for the size
// of a file simulates the full disk.
func TestRunFullEvents(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "events.jsonl")
	log := new(logged)
	run, r := startFleet(t, log, "--ready", "--clock", "manual", "--events", file)
	c := &control.Client{URL: r.URL, Key: r.APIKey}
	require.NoError(t, unix.Prlimit(run.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{}, nil))
	for {
		err := c.Do(t.Context(), "POST", "/v1/tokens/"+r.Tokens[0].Serial+"/skew", map[string]string{"by": "1s"}, nil)
		var refused *control.RefusedError
		if errors.As(err, &refused) && refused.Code != "ended" {
			require.Equal(t, "events_not_saved", refused.Code)
		}
		if errors.Is(err, control.ErrUnreachable) {
			break
		}
	}
	var exit *exec.ExitError
	require.ErrorAs(t, run.Wait(), &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, log.String(), "writing the event log: write "+file+": file too large: the fleet ends, because later events would be missing: "+
		"make space or repair the folder, and start it again")
}

// TestRunFullDisk checks that fob run ends if its state cannot be saved: the client of
// the API, or the host at the port, gets no answer that is lost, and the error names the
// file and the remedy. The next run has the state before the change. The kernel's limit
// for the size of a file simulates the full disk.
func TestRunFullDisk(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*testing.T, readyLine){
		"api": func(t *testing.T, r readyLine) {
			c := &control.Client{URL: r.URL, Key: r.APIKey}
			err := c.Do(t.Context(), "POST", "/v1/tokens/"+r.Tokens[0].Serial+"/skew", map[string]string{"by": "95s"}, nil)
			var refused *control.RefusedError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, "not_saved", refused.Code)
		},
		"port": func(t *testing.T, r readyLine) {
			p, err := port.Open(t.Context(), r.Tokens[0].Port)
			require.NoError(t, err)
			defer p.Close()
			serial, err := token.ParseSerial(r.Tokens[0].Serial)
			require.NoError(t, err)
			require.Error(t, host.New(p).Wipe(t.Context(), serial))
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			key, state := filepath.Join(dir, "key"), filepath.Join(dir, "state")
			identity, err := age.GenerateX25519Identity()
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(key, []byte(identity.String()+"\n"), 0o600))
			run := func() (*exec.Cmd, *logged, readyLine) {
				cmd := exec.Command("fob", "run", "--ready", "--clock", "manual", "--tcp", "127.0.0.1:0", "--state", state, "--state-key", key)
				log := new(logged)
				cmd.Stderr = log
				stdout, err := cmd.StdoutPipe()
				require.NoError(t, err)
				require.NoError(t, cmd.Start())
				t.Cleanup(func() { _ = cmd.Process.Kill() })
				var r readyLine
				require.NoError(t, json.NewDecoder(stdout).Decode(&r), "%s", log)
				return cmd, log, r
			}
			cmd, log, r := run()
			require.NoError(t, unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{}, nil))
			change(t, r)
			var exit *exec.ExitError
			require.ErrorAs(t, cmd.Wait(), &exit)
			require.Equal(t, 1, exit.ExitCode())
			require.Equal(t, "fob: saving "+filepath.Join(state, "token-0000.age")+": file too large: "+
				"the fleet ends without the changes that are not saved: make space or repair the folder, and start it again\n", log.String())

			cmd, log, again := run()
			require.Equal(t, r.Tokens[0].HardwareID, again.Tokens[0].HardwareID)
			require.Equal(t, "LOCKED", again.Tokens[0].State)
			c := &control.Client{URL: again.URL, Key: again.APIKey}
			var v struct {
				ErrorMS int64 `json:"error_ms"`
			}
			require.NoError(t, c.Do(t.Context(), "GET", "/v1/tokens/"+again.Tokens[0].Serial, nil, &v))
			require.Zero(t, v.ErrorMS)
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
			require.NoError(t, cmd.Wait(), "%s", log)
		})
	}
}
