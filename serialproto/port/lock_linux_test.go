// SPDX-License-Identifier: Apache-2.0

package port

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/d204ef64/fob/internal/tooltest"
)

// addressesOf returns the addresses by which one terminal can be opened.
func addressesOf(t *testing.T, l Listener) []string {
	link := strings.TrimPrefix(l.Addr(), "pty:")
	node, err := filepath.EvalSymlinks(link)
	require.NoError(t, err)
	return []string{link, node, "pty:" + link, "pty:" + node}
}

// These tests usually run as root, which TIOCEXCL would not keep out.
func TestBusy(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	l := listen(t, "pty:"+filepath.Join(t.TempDir(), "tok"))
	for _, first := range addressesOf(t, l) {
		host := open(t, first)
		for _, second := range addressesOf(t, l) {
			_, err := Open(context.Background(), second)
			require.ErrorIs(t, err, ErrBusy)
			require.ErrorContains(t, err, "opening "+second+": in use by another program")
		}
		require.NoError(t, host.Close())
	}
}

const holdEnv = "FOB_TEST_HOLD"

// TestHoldPort is not a test: it is the other process of TestBusyAcrossProcesses.
func TestHoldPort(t *testing.T) {
	addr := os.Getenv(holdEnv)
	if addr == "" {
		t.Skip("runs as a helper of TestBusyAcrossProcesses only")
	}
	p, err := Open(context.Background(), addr)
	if err != nil {
		os.Stdout.WriteString("\nfailed: " + err.Error() + "\n")
		return
	}
	defer p.Close()
	os.Stdout.WriteString("\nopen\n")
	_, _ = p.Read(make([]byte, 1)) // until killed
}

func TestBusyAcrossProcesses(t *testing.T) {
	l := listen(t, "pty:"+filepath.Join(t.TempDir(), "tok"))
	token := accept(t, l)
	for _, addr := range addressesOf(t, l) {
		cmd, output := holdPort(t, addr)
		require.Equal(t, "open", output)
		_, err := Open(context.Background(), addr)
		require.ErrorIs(t, err, ErrBusy)
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // returns the kill as an error

		// A killed host leaves nothing behind that would keep out the next host,
		// whether it is root or not.
		require.Zero(t, exclusive(t, l))
		host := open(t, addr)
		exchange(t, token, host)
		_, output = holdPort(t, addr)
		require.Contains(t, output, "in use by another program")
		require.NoError(t, host.Close())
	}
}

// holdPort opens addr in another process and returns that process's output.
func holdPort(t *testing.T, addr string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestHoldPort$", "-test.count=1")
	cmd.Env = append(os.Environ(), holdEnv+"="+addr)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if text := lines.Text(); text == "open" || strings.HasPrefix(text, "failed: ") {
			return cmd, text
		}
	}
	require.FailNow(t, "the helper printed nothing")
	return nil, ""
}

// exclusive returns whether TIOCEXCL is set on the terminal, as 1 or 0.
func exclusive(t *testing.T, l Listener) int {
	t.Helper()
	var on int
	server := l.(*ptyServer)
	server.mu.Lock()
	defer server.mu.Unlock()
	err := control(server.slave, func(fd int) (err error) {
		on, err = unix.IoctlGetInt(fd, unix.TIOCGEXCL)
		return err
	})
	require.NoError(t, err)
	return on
}

// Other programs, pyserial among them, take the same lock.
func TestLockIsFlock(t *testing.T) {
	l := listen(t, "pty:")
	node := strings.TrimPrefix(l.Addr(), "pty:")
	f, err := os.OpenFile(node, os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	defer f.Close()
	flock := func(how int) error { return control(f, func(fd int) error { return unix.Flock(fd, how) }) }
	require.NoError(t, flock(unix.LOCK_EX|unix.LOCK_NB))
	for _, addr := range addressesOf(t, l) {
		_, err = Open(context.Background(), addr)
		require.ErrorIs(t, err, ErrBusy)
	}
	require.NoError(t, flock(unix.LOCK_UN))
	host := open(t, node)
	require.ErrorIs(t, flock(unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
	require.NoError(t, host.Close())
	require.NoError(t, flock(unix.LOCK_EX|unix.LOCK_NB))
}
