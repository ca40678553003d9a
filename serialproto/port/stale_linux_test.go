// SPDX-License-Identifier: Apache-2.0

package port

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// served returns the token's end of a served PTY and the name of the host's end.
func served(t *testing.T) (near Port, name string) {
	t.Helper()
	l, err := Listen("pty:")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	near, err = l.Accept(t.Context())
	require.NoError(t, err)
	return near, l.Addr()[len("pty:"):]
}

// openPlain opens a terminal like a program that flushes nothing.
func openPlain(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	require.NoError(t, err)
	return f
}

// requireRead checks that the next bytes on the terminal are the given ones.
func requireRead(t *testing.T, f *os.File, want string) {
	t.Helper()
	got := make([]byte, len(want))
	require.NoError(t, f.SetReadDeadline(time.Now().Add(patience)))
	_, err := io.ReadFull(f, got)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

// TestPTYWithoutHost: bytes that are sent while no host is connected are lost, and so
// are bytes that a host did not read. The next host reads only its own.
func TestPTYWithoutHost(t *testing.T) {
	near, name := served(t)
	for range 20 {
		_, err := near.Write([]byte("no host"))
		require.NoError(t, err)
		first := openPlain(t, name)
		_, err = near.Write([]byte("unread"))
		require.NoError(t, err)
		require.NoError(t, first.Close())
		_, err = near.Write([]byte("too late"))
		require.NoError(t, err)
		next := openPlain(t, name)
		_, err = near.Write([]byte("fresh"))
		require.NoError(t, err)
		requireRead(t, next, "fresh")
		_, err = next.Write([]byte("asked"))
		require.NoError(t, err)
		got := make([]byte, 5)
		_, err = io.ReadFull(near, got)
		require.NoError(t, err)
		require.Equal(t, "asked", string(got))
		require.NoError(t, next.Close())
	}
}

// TestPTYOneOfTwoHostsLeaves: when one host leaves, another one that stays keeps the
// bytes that were sent to it.
func TestPTYOneOfTwoHostsLeaves(t *testing.T) {
	near, name := served(t)
	stays, leaves := openPlain(t, name), openPlain(t, name)
	defer stays.Close()
	_, err := near.Write([]byte("before "))
	require.NoError(t, err)
	require.NoError(t, leaves.Close())
	_, err = near.Write([]byte("after"))
	require.NoError(t, err)
	requireRead(t, stays, "before after")
}

// TestHostDoesNotRead: on every kind of port, a host that reads nothing delays the
// token only for a moment.
func TestHostDoesNotRead(t *testing.T) {
	device := filepath.Join(t.TempDir(), "gs0")
	cable, err := Listen("pty:" + device) // a PTY with its ends exchanged
	require.NoError(t, err)
	defer cable.Close()
	for _, addr := range []string{"pty:", "tcp:127.0.0.1:0", "unix:" + filepath.Join(t.TempDir(), "s"), "rfc2217://127.0.0.1:0", device} {
		t.Run(addr, func(t *testing.T) {
			l, err := Listen(addr)
			require.NoError(t, err)
			defer l.Close()
			if addr != device {
				host, err := Open(t.Context(), l.Addr())
				require.NoError(t, err)
				defer host.Close()
			}
			near, err := l.Accept(t.Context())
			require.NoError(t, err)
			defer near.Close()
			block := make([]byte, 1<<20)
			for range 20 { // more than any line can hold
				n, err := near.Write(block)
				require.NoError(t, err)
				require.Len(t, block, n)
			}
			// A deadline of the caller still applies.
			require.NoError(t, near.SetWriteDeadline(time.Unix(1, 0)))
			_, err = near.Write(block)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		})
	}
}

// TestOpenFlushes: a terminal may hold bytes that an earlier host did not read, and
// bytes from that host that were never sent.
func TestOpenFlushes(t *testing.T) {
	for _, scheme := range []string{"pty:", ""} {
		t.Run(scheme, func(t *testing.T) {
			master, slave, err := pty.Open() // served by another program
			require.NoError(t, err)
			defer master.Close()
			defer slave.Close()
			require.NoError(t, setRaw(slave))
			_, err = master.Write([]byte("stale"))
			require.NoError(t, err)
			_, err = slave.Write([]byte("stale"))
			require.NoError(t, err)
			host, err := Open(t.Context(), scheme+slave.Name())
			require.NoError(t, err)
			defer host.Close()
			_, err = master.Write([]byte("fresh"))
			require.NoError(t, err)
			got := make([]byte, 5)
			_, err = io.ReadFull(host, got)
			require.NoError(t, err)
			require.Equal(t, "fresh", string(got))
		})
	}
}

// holder is the environment variable that turns this test program into a host that
// makes its use of a terminal exclusive, as go.bug.st/serial does.
const holder = "FOB_TEST_HOLD_EXCLUSIVE"

// TestHelperHoldExclusive is not a test: it is the other process of TestExclusiveEnds.
func TestHelperHoldExclusive(t *testing.T) {
	name := os.Getenv(holder)
	if name == "" {
		t.Skip("run by TestExclusiveEnds")
	}
	f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err == nil {
		err = setExclusive(f, true)
	}
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString("held\n")
	select {}
}

// TestExclusiveEnds: a killed host does not keep out the next one. TIOCEXCL has no
// effect on root, so the hosts are not root.
func TestExclusiveEnds(t *testing.T) {
	near, name := served(t)
	dir, err := os.MkdirTemp("", "fob")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	require.NoError(t, os.Chmod(dir, 0o755))
	program, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	path := filepath.Join(dir, "host")
	require.NoError(t, os.WriteFile(path, program, 0o755))
	const nobody = 65534
	if os.Getuid() == 0 {
		require.NoError(t, os.Chown(name, nobody, -1))
	}
	start := func() (cmd *exec.Cmd, output string) {
		cmd = exec.Command(path, "-test.run=^TestHelperHoldExclusive$")
		cmd.Dir = "/"
		cmd.Env = []string{holder + "=" + name}
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		var buf [200]byte
		n, _ := out.Read(buf[:])
		return cmd, string(buf[:n])
	}
	for range 3 {
		first, output := start()
		require.Equal(t, "held\n", output)
		second, output := start()
		require.Contains(t, output, "busy", "while the first process runs")
		_ = second.Wait()
		_, err := near.Write([]byte("x")) // checks for hosts, and leaves the exclusive use unchanged
		require.NoError(t, err)
		second, output = start()
		require.Contains(t, output, "busy", "while the first process runs")
		_ = second.Wait()
		require.NoError(t, first.Process.Kill())
		_ = first.Wait()
		require.Eventually(t, func() bool {
			next, output := start()
			_ = next.Process.Kill()
			_ = next.Wait()
			return output == "held\n"
		}, patience, 10*time.Millisecond)
		require.Eventually(t, func() bool { // the last host's exclusive use ends
			server := near.(*lossy).Port.(*ptyServerPort).server
			server.mu.Lock()
			defer server.mu.Unlock()
			return server.slave != nil && !isExclusive(server.slave)
		}, patience, 10*time.Millisecond)
	}
}
