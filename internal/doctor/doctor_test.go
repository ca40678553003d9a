// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/hostclock"
	"github.com/d204ef64/fob/serialproto/port"
)

// healthy returns a machine without problems, below a folder of the test.
func healthy(t *testing.T) *System {
	t.Helper()
	root := t.TempDir()
	s := &System{
		Root: root, Config: filepath.Join(root, "home", "fob"),
		LookPath: func(tool string) (string, error) { return "/usr/bin/" + tool, nil },
		OpenPTY:  func() error { return nil },
		Files:    func() (uint64, bool) { return 65536, true },
		Access:   func(path string) error { _, err := os.Stat(path); return err },
		Kernel: func() (hostclock.Status, error) {
			return hostclock.Status{Source: "kernel", Advice: "sudo apt-get install chrony"}, nil
		},
		// The answer of chrony 4.5 in chronyc(1), with -c.
		Output: func(context.Context, string, ...string) (string, error) {
			return "CB00710F,203.0.113.15,3,1706112006.9,0.000006523,-0.000006747,0.000035822,3.225,0.000,0.129,0.013639022,0.001100737,64.2,Normal\n", nil
		},
	}
	put(t, s, "/proc/sys/kernel/pty/max", "4096\n")
	put(t, s, "/proc/sys/kernel/pty/nr", "12\n")
	put(t, s, "/proc/locks", "")
	require.NoError(t, os.MkdirAll(s.Config, 0o700))
	return s
}

func put(t *testing.T, s *System, path, text string) string {
	t.Helper()
	path = filepath.Join(s.Root, path)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestHealthy(t *testing.T) {
	results, err := healthy(t).Run(t.Context())
	require.NoError(t, err)
	var checks []string
	for _, r := range results {
		require.Equal(t, OK, r.Outcome, r)
		require.Empty(t, r.Command)
		require.NotEmpty(t, r.Detail)
		checks = append(checks, r.Check)
	}
	require.Equal(t, Checks(), checks)
	_, err = healthy(t).Run(t.Context(), "pty", "spelling")
	require.ErrorIs(t, err, ErrCheck)
}

// TestProblems spoils one thing at a time.
func TestProblems(t *testing.T) {
	device := func(s *System) string { return filepath.Join(s.Root, "/dev/ttyACM0") }
	plug := func(t *testing.T, s *System) { put(t, s, "/dev/ttyACM0", "") }
	tests := []struct {
		name    string
		check   string
		spoil   func(*testing.T, *System)
		outcome Outcome
		detail  string
		command string
	}{
		{"few terminals", "pty", func(t *testing.T, s *System) { put(t, s, "/proc/sys/kernel/pty/nr", "4090\n") },
			Wrong, "4090 of 4096 pseudo-terminals are in use", "sudo sysctl -w kernel.pty.max=8186"},
		{"no terminals", "pty", func(_ *testing.T, s *System) { s.OpenPTY = func() error { return errors.New("no such device") } },
			Wrong, "cannot be opened: no such device", "mount -t devpts"},
		{"other system", "pty", func(_ *testing.T, s *System) { s.OpenPTY = func() error { return port.ErrUnsupported } },
			Unknown, "use fob run --tcp", ""},
		{"few files", "files", func(_ *testing.T, s *System) { s.Files = func() (uint64, bool) { return 256, true } },
			Wrong, "a process may open 256 files", "sudo prlimit --pid $$ --nofile=65536"},
		{"unknown files", "files", func(_ *testing.T, s *System) { s.Files = func() (uint64, bool) { return 0, false } },
			Unknown, "does not report", ""},
		{"no QEMU", "tools", func(_ *testing.T, s *System) { lose(s, "qemu-system-riscv32") },
			Optional, "qemu-system-riscv32 is missing: only fob board run needs it", "sudo apt-get install qemu-system-misc"},
		{"no TinyGo", "tools", func(_ *testing.T, s *System) { lose(s, "tinygo", "llvm-config-19") },
			Optional, "tinygo or llvm-config-19 is missing: only fob board build needs it", "llvm-19-dev"},
		{"one of two is enough", "tools", func(_ *testing.T, s *System) { lose(s, "tinygo") },
			OK, "llvm-config-19", ""},
		{"free port", "serial", plug, OK, "ttyACM0 can be opened", ""},
		{"no such port", "serial", func(_ *testing.T, s *System) { s.Ports = []string{device(s)} },
			Wrong, "ttyACM0 does not exist", "fob device list"},
		{"no permission", "serial", func(t *testing.T, s *System) {
			plug(t, s)
			s.Access = func(string) error { return fs.ErrPermission }
		}, Wrong, "may be opened only by its owner and the group", "sudo usermod -aG "},
		{"locked port", "serial", func(t *testing.T, s *System) {
			plug(t, s)
			put(t, s, "/proc/locks", fmt.Sprintf("1: POSIX  ADVISORY  WRITE 9 %[1]s 0 EOF\n2: FLOCK  ADVISORY  WRITE 4242 %[1]s 0 EOF\n", inode(device(s))))
			put(t, s, "/proc/4242/comm", "minicom\n")
		}, Wrong, "ttyACM0 is in use by process 4242 (minicom)", "kill 4242"},
		{"open port", "serial", func(t *testing.T, s *System) {
			plug(t, s)
			put(t, s, "/proc/77/comm", "ModemManager\n")
			require.NoError(t, os.MkdirAll(filepath.Join(s.Root, "/proc/77/fd"), 0o755))
			require.NoError(t, os.Symlink(device(s), filepath.Join(s.Root, "/proc/77/fd/5")))
		}, Wrong, "in use by process 77 (ModemManager)", "kill 77"},
		{"no /proc", "serial", func(t *testing.T, s *System) {
			plug(t, s)
			require.NoError(t, os.Remove(filepath.Join(s.Root, "/proc/locks")))
		}, Unknown, "does not report whether it is in use", ""},
		{"chrony waits", "clock", answers("chronyc", "00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n"),
			Wrong, "not synchronised, according to chronyc", "sudo systemctl restart chrony"},
		{"strange chrony", "clock", answers("chronyc", "506 Cannot talk to daemon"), Unknown, "cannot be parsed", ""},
		{"timedatectl: yes", "clock", answers("timedatectl", "yes\n"), OK, "according to timedatectl", ""},
		{"timedatectl: no", "clock", answers("timedatectl", "no\n"), Wrong, "according to timedatectl", "sudo timedatectl set-ntp true"},
		{"the kernel: no", "clock", answers("date", ""), Wrong, "not synchronised, according to kernel", "sudo apt-get install chrony"},
		{"no tools", "clock", func(t *testing.T, s *System) {
			answers("date", "")(t, s)
			s.Kernel = func() (hostclock.Status, error) { return hostclock.Status{}, hostclock.ErrUnknown }
		}, Unknown, "the state of the machine's clock is unknown", ""},
		{"no home", "config", func(_ *testing.T, s *System) { s.Config = "" }, Wrong, "HOME is not set", "export HOME"},
		{"new folder", "config", func(t *testing.T, s *System) { require.NoError(t, os.Remove(s.Config)) },
			OK, "is made when it is needed", ""},
		{"folder that cannot be made", "config", func(t *testing.T, s *System) {
			require.NoError(t, os.Remove(s.Config))
			s.Access = func(string) error { return fs.ErrPermission }
		}, Wrong, "may not make", "sudo chown $USER "},
		{"folder of another user", "config", func(_ *testing.T, s *System) { s.Access = func(string) error { return fs.ErrPermission } },
			Wrong, "may not write to", "sudo chown -R $USER "},
		{"a file", "config", func(t *testing.T, s *System) {
			require.NoError(t, os.Remove(s.Config))
			require.NoError(t, os.WriteFile(s.Config, nil, 0o600))
		}, Wrong, "is not a folder", "mv "},
		{"open key", "config", func(t *testing.T, s *System) {
			key := put(t, s, "/home/fob/state.key", "")
			require.NoError(t, os.Chmod(key, 0o644))
		}, Wrong, "state.key: others may use it (mode 0644)", "chmod 600 "},
		{"good key", "config", func(t *testing.T, s *System) { put(t, s, "/home/fob/state.key", "") }, OK, "fob", ""},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			s := healthy(t)
			c.spoil(t, s)
			results, err := s.Run(t.Context(), c.check)
			require.NoError(t, err)
			r := results[len(results)-1]
			require.Equal(t, c.outcome, r.Outcome, r)
			require.Equal(t, c.check, r.Check)
			require.Contains(t, r.Detail, c.detail)
			require.Equal(t, r.Outcome == Wrong || r.Outcome == Optional, r.Command != "", "each problem has a command, and only a problem")
			require.Contains(t, r.Command, c.command)
		})
	}
}

// lose removes programs.
func lose(s *System, names ...string) {
	s.LookPath = func(tool string) (string, error) {
		if slices.Contains(names, tool) {
			return "", exec.ErrNotFound
		}
		return "/usr/bin/" + tool, nil
	}
}

// answers leaves only one program, with its answer.
func answers(tool, text string) func(*testing.T, *System) {
	return func(_ *testing.T, s *System) {
		s.LookPath = func(name string) (string, error) {
			if name != tool {
				return "", exec.ErrNotFound
			}
			return name, nil
		}
		s.Output = func(context.Context, string, ...string) (string, error) { return text, nil }
	}
}

// TestLockedPTY checks with a real terminal that a port which fob has opened is found.
func TestLockedPTY(t *testing.T) {
	l, err := port.Listen("pty:")
	if errors.Is(err, port.ErrUnsupported) {
		t.Skip("no pseudo-terminals here")
	}
	require.NoError(t, err)
	defer l.Close()
	if _, err := os.Stat("/proc/locks"); err != nil {
		t.Skip("only Linux lists locks")
	}
	s := Machine(t.TempDir(), nil, l.Addr())
	state := func() Result {
		results, err := s.Run(t.Context(), "serial")
		require.NoError(t, err)
		return results[len(results)-1]
	}
	require.Equal(t, OK, state().Outcome, state())
	p, err := port.Open(t.Context(), l.Addr())
	require.NoError(t, err)
	require.Contains(t, state().Detail, fmt.Sprintf("in use by process %d (", os.Getpid()))
	require.NoError(t, p.Close())
	require.Equal(t, OK, state().Outcome, state())
}
