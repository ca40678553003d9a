// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/d204ef64/fob/internal/tooltest"
)

func TestPTYLink(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	link := filepath.Join(t.TempDir(), "tok")
	l := listen(t, "pty:"+link)
	require.Equal(t, "pty:"+link, l.Addr())
	target, err := os.Readlink(link)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(target, "/dev/pts/"), target)

	_, err = Listen("pty:" + link)
	require.ErrorIs(t, err, ErrBusy, "a living listener keeps its link")
	require.ErrorContains(t, err, link)

	require.NoError(t, l.Close())
	_, err = os.Lstat(link)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, l.Close())
}

func TestPTYLinkOfKilledProcessIsReplaced(t *testing.T) {
	link := filepath.Join(t.TempDir(), "tok")
	for _, stale := range []string{"/dev/pts/99999", "/dev/pts/0"} { // the number may be in use again
		require.NoError(t, os.Symlink(stale, link))
		l := listen(t, "pty:"+link)
		exchange(t, accept(t, l), open(t, l.Addr()))
		require.NoError(t, l.Close())
	}
	left, err := os.ReadDir(filepath.Dir(link))
	require.NoError(t, err)
	require.Empty(t, left, "temporary files left")
}

func TestPTYLinkRefused(t *testing.T) {
	dir := t.TempDir()
	file, foreign := filepath.Join(dir, "file"), filepath.Join(dir, "foreign")
	require.NoError(t, os.WriteFile(file, []byte("keep"), 0o600))
	require.NoError(t, os.Symlink(file, foreign))
	for _, path := range []string{file, foreign, dir} {
		_, err := Listen("pty:" + path)
		require.ErrorIs(t, err, ErrAddress)
	}
	b, err := os.ReadFile(foreign)
	require.NoError(t, err)
	require.Equal(t, "keep", string(b))
	_, err = Listen("pty:" + filepath.Join(dir, "none", "tok"))
	require.ErrorIs(t, err, ErrNotFound)
	require.NoError(t, os.Remove(file))

	// Close does not remove a file that another program has put there.
	link := filepath.Join(dir, "tok")
	l := listen(t, "pty:"+link)
	require.NoError(t, os.Remove(link))
	require.NoError(t, os.WriteFile(link, nil, 0o600))
	require.NoError(t, l.Close())
	require.FileExists(t, link)
}

func TestPTYWithoutLink(t *testing.T) {
	l := listen(t, "pty:")
	require.True(t, strings.HasPrefix(l.Addr(), "pty:/dev/pts/"), l.Addr())
	exchange(t, accept(t, l), open(t, l.Addr()))
	_, err := Listen("pty:", WithPassword("x"))
	require.ErrorIs(t, err, ErrUnsupported)
}

// One Port serves all hosts in turn, by whichever address they open it.
func TestPTYHostsReopen(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	l := listen(t, "pty:"+filepath.Join(t.TempDir(), "tok"))
	token := accept(t, l)
	for i := range 50 {
		addr := l.Addr()
		if i%10 == 9 {
			addr = strings.TrimPrefix(addr, "pty:") // uses the serial library
		}
		host := open(t, addr)
		exchange(t, token, host)
		require.NoError(t, host.Close())
	}
	// While no host is connected, the token's Read waits and does not fail.
	require.NoError(t, token.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	_, err := token.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err = l.Accept(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	again := background(func() error { _, err := l.Accept(context.Background()); return err })
	require.NoError(t, token.Close()) // unplugs the token, which also ends the listener
	require.ErrorIs(t, within(t, "Accept", again), os.ErrClosed)
}

func TestPTYLineSettings(t *testing.T) {
	l := listen(t, "pty:")
	token := accept(t, l)
	host := open(t, strings.TrimPrefix(l.Addr(), "pty:"))
	line, ok := LineOf(token)
	require.True(t, ok)
	require.Equal(t, Line{Baud: 115200, DataBits: 8, Parity: ParityNone, StopBits: 1}, line)
	_, ok = LineOf(host)
	require.False(t, ok)
}

func TestOpenNotADevice(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	for _, prefix := range []string{"", "pty:"} {
		_, err := Open(context.Background(), prefix+file)
		require.ErrorIs(t, err, ErrAddress)
		_, err = Open(context.Background(), prefix+"/dev/null")
		require.ErrorIs(t, err, ErrAddress)
		_, err = Open(context.Background(), prefix+file+"-not-there")
		require.ErrorIs(t, err, ErrNotFound)
		require.ErrorContains(t, err, "opening "+prefix+file+"-not-there: not found: ")
	}
}

// The serial library panics on descriptors from 1024 on. We refuse them; PTYs opened
// with pty: have no such limit.
func TestManyDescriptors(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	const many = 1100
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	if limit.Cur < many+100 {
		t.Skipf("this process may open %d files only", limit.Cur)
	}
	for range many {
		f, err := os.Open(os.DevNull)
		require.NoError(t, err)
		defer f.Close()
	}
	l := listen(t, "pty:")
	token := accept(t, l)
	device := strings.TrimPrefix(l.Addr(), "pty:")
	_, err := Open(context.Background(), device)
	require.ErrorIs(t, err, ErrDescriptor)
	require.ErrorContains(t, err, device)
	exchange(t, token, open(t, l.Addr())) // also shows that the lock has been released
}
