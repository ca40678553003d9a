// SPDX-License-Identifier: Apache-2.0

//go:build unix

package procgroup_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/procgroup"
)

// patience is the time limit for an expected event on a slow machine.
const patience = 2 * time.Minute

// TestMain makes the test binary a wrapper like fob with when it is given a command.
func TestMain(m *testing.M) {
	if os.Getenv("PROCGROUP_WRAPPER") == "" {
		os.Exit(m.Run())
	}
	os.Unsetenv("PROCGROUP_WRAPPER")
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	o := procgroup.Options{Grace: time.Second, Foreground: true}
	if os.Getenv("PROCGROUP_BOUND") != "" {
		o = procgroup.Options{Grace: time.Second, Bound: true}
	}
	err := procgroup.Run(context.Background(), cmd, o)
	os.Exit(procgroup.ExitCode(cmd, err))
}

// wrapper returns a command that runs another in the foreground.
func wrapper(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "PROCGROUP_WRAPPER=1")
	return cmd
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || bytes.Contains(text, []byte(") Z ")) {
			return
		}
		require.True(t, time.Now().Before(end), "process %d is still there", pid)
	}
}

// TestExitCode compares exit codes with bash.
func TestExitCode(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("the test needs bash")
	}
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	require.NoError(t, os.WriteFile(plain, []byte("text"), 0o600))

	t.Setenv("PATH", os.Getenv("PATH")+":"+dir)
	for _, args := range [][]string{
		{"sh", "-c", "exit 7"},
		{"sh", "-c", "kill -INT $$"},
		{"sh", "-c", "kill -KILL $$"},
		{"sh", "-c", "kill -TERM $$"},
		{"no-such-command"},
		{filepath.Join(dir, "missing")},
		{plain},
		{"plain"}, // found in PATH
		{dir},
		{""},
		{" "},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		err := procgroup.Run(t.Context(), cmd, procgroup.Options{Grace: time.Second})
		shell := exec.Command(bash, "-c", `"$@"; exit $?`, "bash")
		shell.Args = append(shell.Args, args...)
		_ = shell.Run()
		require.Equal(t, shell.ProcessState.ExitCode(), procgroup.ExitCode(cmd, err), "%q", args)
	}
	require.ErrorContains(t, procgroup.Run(t.Context(), exec.Command("no-such-command"), procgroup.Options{}),
		"running no-such-command: executable file not found")
}

// TestForward checks that signals reach the whole group as themselves.
func TestForward(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			// The shell in the background ends by the signal and reports it. A shell ignores
			// INT and QUIT for commands in the background, unless they set a trap.
			script := `for s in HUP INT QUIT TERM; do trap "echo parent $s" $s; done
sh -c 'for s in HUP INT QUIT TERM; do trap "echo child $s; exit" $s; done; echo $$; while :; do sleep 0.05; done' &
wait; wait; exit 5`
			if s == syscall.SIGINT || s == syscall.SIGQUIT {
				script = `for s in HUP INT QUIT TERM; do trap "echo parent $s" $s; done
sh -c 'for s in HUP INT QUIT TERM; do trap "echo child $s; exit" $s; done; echo $$; while :; do sleep 0.05; done'
exit 5`
			}
			cmd := wrapper("sh", "-c", script)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewScanner(out)
			require.True(t, lines.Scan())
			require.NoError(t, cmd.Process.Signal(s))
			got := map[string]bool{}
			for lines.Scan() {
				got[lines.Text()] = true
			}
			_ = cmd.Wait()
			name := map[syscall.Signal]string{syscall.SIGHUP: "HUP", syscall.SIGINT: "INT", syscall.SIGQUIT: "QUIT", syscall.SIGTERM: "TERM"}[s]
			require.Equal(t, map[string]bool{"parent " + name: true, "child " + name: true}, got)
			require.Equal(t, 5, cmd.ProcessState.ExitCode())
		})
	}
}

// TestLeftovers checks that processes that the command leaves behind are ended, also
// those that ignore SIGTERM.
func TestLeftovers(t *testing.T) {
	for name, script := range map[string]string{
		"that end":         `sleep 1000 & echo $!`,
		"that ignore TERM": `trap '' TERM; sleep 1000 & echo $!`,
		"that are stopped": `sleep 1000 & kill -STOP $!; echo $!`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			cmd := exec.Command("sh", "-c", script)
			cmd.Stdout = &out
			require.NoError(t, procgroup.Run(t.Context(), cmd, procgroup.Options{Grace: time.Second}))
			pid, err := strconv.Atoi(strings.TrimSpace(out.String()))
			require.NoError(t, err)
			gone(t, pid)
		})
	}
}

// TestContext checks that the end of the context ends the whole group.
func TestContext(t *testing.T) {
	for name, script := range map[string]string{
		"a wrapper":    `sleep 1000 & echo $!; wait`,
		"ignores TERM": `trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r, w, err := os.Pipe()
			require.NoError(t, err)
			defer r.Close()
			cmd := exec.Command("sh", "-c", script)
			cmd.Stdout = w
			p, err := procgroup.Start(ctx, cmd, procgroup.Options{Grace: 100 * time.Millisecond})
			require.NoError(t, err)
			w.Close()
			line, err := bufio.NewReader(r).ReadString('\n')
			require.NoError(t, err)
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			require.NoError(t, err)
			cancel()
			require.Error(t, p.Wait())
			gone(t, pid)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, procgroup.Run(ctx, exec.Command("true"), procgroup.Options{}), context.Canceled)
}

// TestStreams checks the copies of standard streams that are not files.
func TestStreams(t *testing.T) {
	text := strings.Repeat("0123456789abcdef\n", 100_000) // more than a pipe holds
	var out, errs bytes.Buffer
	cmd := exec.Command("sh", "-c", "cat; echo end >&2")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), &out, &errs
	require.NoError(t, procgroup.Run(t.Context(), cmd, procgroup.Options{Grace: patience}))
	require.Equal(t, text, out.String())
	require.Equal(t, "end\n", errs.String())

	cmd = exec.Command("true") // does not read
	cmd.Stdin = strings.NewReader(text)
	require.NoError(t, procgroup.Run(t.Context(), cmd, procgroup.Options{Grace: patience}))
}

// TestForwardToStopped checks that SIGTERM and SIGHUP end a command that has stopped
// itself, as they would with a shell.
func TestForwardToStopped(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			cmd := wrapper("sh", "-c", `echo $$; kill -STOP $$; echo continued; exit 5`)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewScanner(out)
			require.True(t, lines.Scan())
			for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
				text, err := os.ReadFile("/proc/" + lines.Text() + "/stat")
				if os.IsNotExist(err) {
					t.Skip("the test reads the state of a process in /proc")
				}
				require.NoError(t, err)
				if bytes.Contains(text, []byte(") T ")) {
					break
				}
				require.True(t, time.Now().Before(end), "the command does not stop")
			}
			require.NoError(t, cmd.Process.Signal(s))
			require.False(t, lines.Scan(), "the command continued: %s", lines.Text())
			_ = cmd.Wait()
			require.Equal(t, 128+int(s), cmd.ProcessState.ExitCode())
		})
	}
}
