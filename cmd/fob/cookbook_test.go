// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
)

// TestCookbookShell: when a shell that has sourced bank.sh ends, so do its tokens and its
// bank, and their folder is gone. Sourcing the file again ends the first ones.
func TestCookbookShell(t *testing.T) {
	for _, tool := range []string{"jq", "openssl", "curl"} {
		tooltest.Find(t, tool)
	}
	const source = ". docs/cookbook/bank.sh\necho $COOK $FLEET_PID $BANK_PID\n"
	scripts := map[string]string{
		"ends":        source,
		"no code":     source + "check $S '' || check $S null || echo failed\n",
		"fails":       "set -e\n" + source + "false\n", // not in a function: zsh 5.9 then runs no EXIT trap
		"hangs up":    source + "kill -HUP $$\nsleep 3600\n",
		"twice":       source + source,
		"folder":      "COOK=$HOME\n" + source, // a variable of the user with the same name
		"no programs": "PATH=$HOME\n. docs/cookbook/bank.sh || echo failed $?\n",
	}
	for shell, command := range docShells {
		tooltest.Find(t, shell)
		for name, script := range scripts {
			t.Run(shell+" "+name, func(t *testing.T) {
				t.Parallel()
				home := t.TempDir()
				require.NoError(t, os.WriteFile(filepath.Join(home, "kept"), nil, 0o600))
				cmd := exec.Command(command[0], append(command[1:], "-c", script)...)
				cmd.Dir = "../.."
				cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+t.TempDir())
				cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				out, err := cmd.CombinedOutput()
				group := cmd.Process.Pid // of all processes of the shell
				t.Cleanup(func() { _ = syscall.Kill(-group, syscall.SIGKILL) })
				var exit *exec.ExitError
				if !errors.As(err, &exit) {
					require.NoError(t, err)
				}
				require.FileExists(t, filepath.Join(home, "kept"))
				require.ErrorIs(t, syscall.Kill(-group, 0), syscall.ESRCH, "a process lives: %s", out)
				if name == "no programs" {
					require.Equal(t, "bank.sh: there is no program fob in the PATH: the cookbook needs fob, jq, openssl and curl\nfailed 1\n", string(out))
					return
				}
				if name == "no code" {
					require.Contains(t, string(out), `check: the code of token ZZFB00000001 is "": want digits`)
					require.Contains(t, string(out), `check: the code of token ZZFB00000001 is "null": want digits`)
					require.Contains(t, string(out), "\nfailed\n")
				}
				var folders []string
				for line := range strings.Lines(string(out)) {
					words := strings.Fields(line)
					if len(words) != 3 || !filepath.IsAbs(words[0]) {
						continue
					}
					folders = append(folders, words[0])
					require.NoDirExists(t, words[0])
					for _, word := range words[1:] {
						id, err := strconv.Atoi(word)
						require.NoError(t, err)
						require.NotEqual(t, group, id)
					}
				}
				require.Len(t, folders, strings.Count(script, source), "%s", out)
			})
		}
	}
}
