// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/d204ef64/fob/internal/tooltest"
)

// serveDevice listens on a device, with a short pause to keep the test fast.
func serveDevice(t *testing.T, path string) *deviceServer {
	t.Helper()
	s := listen(t, path).(*deviceServer)
	s.pause = time.Millisecond
	return s
}

// acceptLater calls Accept in the background; the channel gets nil on an error.
func acceptLater(s *deviceServer) <-chan Port {
	next := make(chan Port, 1)
	go func() {
		p, _ := s.Accept(context.Background())
		next <- p
	}()
	return next
}

// requireGone waits until the cable has been pulled out.
func requireGone(t *testing.T, token Port) {
	t.Helper()
	require.NoError(t, token.SetReadDeadline(time.Now().Add(patience)))
	_, err := token.Read(make([]byte, 1))
	require.ErrorIs(t, err, ErrGone)
}

// TestDeviceReplugged: the token is back whenever the cable is.
func TestDeviceReplugged(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	link := filepath.Join(t.TempDir(), "gs")
	host, unplug := plug(t, link)
	s := serveDevice(t, link)
	require.Equal(t, link, s.Addr())
	for range 20 {
		token := accept(t, s)
		exchange(t, token, host)
		unplug()
		requireGone(t, token)
		_, err := token.Write([]byte("late"))
		require.ErrorIs(t, err, ErrGone)
		require.NoError(t, token.Close())

		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		_, err = s.Accept(ctx)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded, "the device is missing")
		host, unplug = plug(t, link)
	}
}

// TestDeviceUnpluggedBeforeAccept: unplugging before the first Accept does no harm.
func TestDeviceUnpluggedBeforeAccept(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	link := filepath.Join(t.TempDir(), "gs")
	_, unplug := plug(t, link)
	s := serveDevice(t, link)
	unplug()
	host, _ := plug(t, link)
	token := accept(t, s)
	requireGone(t, token)
	require.NoError(t, token.Close())
	exchange(t, accept(t, s), host)
}

// TestDeviceHostsReopen: programs at the other end of the cable open and close it, and
// the Port stays.
func TestDeviceHostsReopen(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	dir := t.TempDir()
	cable(t, dir)
	token := accept(t, listen(t, filepath.Join(dir, "gs")))
	for range 10 {
		host := open(t, filepath.Join(dir, "acm"))
		exchange(t, token, host)
		require.NoError(t, host.Close())
	}
}

// TestDeviceOverSocat: both ends are devices, and the cable is a separate program.
func TestDeviceOverSocat(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	dir := t.TempDir()
	gs, acm := filepath.Join(dir, "gs"), filepath.Join(dir, "acm")
	pull := cable(t, dir)
	s := serveDevice(t, gs)
	for range 3 {
		token, host := accept(t, s), open(t, acm)
		exchange(t, token, host)
		pull()
		requireGone(t, token)
		requireGone(t, host)
		require.NoError(t, token.Close())
		pull = cable(t, dir)
	}
}

// cable runs socat, which connects two terminals at dir/gs and dir/acm until pull is
// called.
func cable(t *testing.T, dir string) (pull func()) {
	t.Helper()
	socat := tooltest.Find(t, "socat")
	gs, acm := filepath.Join(dir, "gs"), filepath.Join(dir, "acm")
	cmd := exec.Command(socat, "pty,rawer,link="+gs, "pty,rawer,link="+acm)
	require.NoError(t, cmd.Start())
	pull = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // returns the kill as an error
		os.Remove(gs)
		os.Remove(acm)
	}
	t.Cleanup(pull)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if _, err := os.Stat(acm); err == nil { // created last
			return pull
		}
	}
	require.FailNow(t, "socat has not created the terminals")
	return nil
}

// TestDeviceIsRaw: a new terminal echoes input and edits lines. A host would take the
// echo of its own request for an answer.
func TestDeviceIsRaw(t *testing.T) {
	link := filepath.Join(t.TempDir(), "gs")
	host, _ := plug(t, link)
	node, err := os.OpenFile(link, os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	defer node.Close()
	require.NoError(t, control(node, func(fd int) error {
		tty, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
		if err != nil {
			return err
		}
		tty.Iflag |= unix.ICRNL | unix.IXON
		tty.Oflag |= unix.OPOST | unix.ONLCR
		tty.Lflag |= unix.ECHO | unix.ICANON | unix.ISIG
		return unix.IoctlSetTermios(fd, ioctlSetTermios, tty)
	}))

	token := accept(t, listen(t, link))
	_, err = host.Write([]byte("request\n"))
	require.NoError(t, err)
	require.NoError(t, token.SetReadDeadline(time.Now().Add(patience)))
	n, err := token.Read(make([]byte, 100))
	require.NoError(t, err)
	require.Equal(t, 8, n)
	_, err = token.Write([]byte("answer\n"))
	require.NoError(t, err)
	require.NoError(t, host.SetReadDeadline(time.Now().Add(patience)))
	got := make([]byte, 100)
	n, err = host.Read(got)
	require.NoError(t, err)
	require.Equal(t, "answer\n", string(got[:n]), "the request is not echoed")
	exchange(t, token, host)
}

// TestDeviceBusy: the lock is the same as Open's, in either order.
func TestDeviceBusy(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	link := filepath.Join(t.TempDir(), "gs")
	plug(t, link)
	s := listen(t, link)
	busy := func() {
		t.Helper()
		_, err := Listen(link)
		require.ErrorIs(t, err, ErrBusy)
		require.ErrorContains(t, err, "listening on "+link+": in use by another program")
		_, err = Open(context.Background(), link)
		require.ErrorIs(t, err, ErrBusy)
	}
	busy()
	token := accept(t, s)
	busy()
	require.NoError(t, s.Close())
	read := background(func() error { _, err := token.Read(make([]byte, 1)); return err })
	require.ErrorIs(t, within(t, "Read", read), os.ErrClosed, "the listener closes the Port")

	reader := open(t, link)
	_, err := Listen(link)
	require.ErrorIs(t, err, ErrBusy)
	require.NoError(t, reader.Close())
	require.NoError(t, listen(t, link).Close())
}

func TestDeviceListenErrors(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "gs")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for path, want := range map[string]error{
		link: ErrNotFound, file: ErrAddress, os.DevNull: ErrAddress, dir: unix.EISDIR,
	} {
		_, err := Listen(path)
		require.ErrorIs(t, err, want, path)
		require.ErrorContains(t, err, "listening on "+path+": ")
	}

	plug(t, link)
	_, err := Listen(link, WithPassword("word"))
	require.ErrorIs(t, err, ErrUnsupported)
	node, err := filepath.EvalSymlinks(link)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(node, 0))
	asNobody(t, func() {
		_, err := Listen(node)
		require.ErrorIs(t, err, os.ErrPermission)
		require.ErrorContains(t, err, "check the permissions of the file and the groups of your user")
	})
}

// asNobody runs f as a user who is subject to file permissions, unlike root.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	runtime.LockOSThread() // changes the user of one thread only
	defer runtime.UnlockOSThread()
	before, err := unix.SetfsuidRetUid(65534)
	require.NoError(t, err)
	defer func() { _, _ = unix.SetfsuidRetUid(before) }()
	f()
}

// TestDeviceAcceptWaits: Accept returns the next Port after the last one has been
// closed. The end of the context or of the listener ends every wait at once.
func TestDeviceAcceptWaits(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	link := filepath.Join(t.TempDir(), "gs")
	plug(t, link)
	s := serveDevice(t, link)
	token := accept(t, s)
	next := acceptLater(s)
	select {
	case <-next:
		require.Fail(t, "Accept returned a second Port")
	case <-time.After(10 * time.Millisecond):
	}
	require.NoError(t, token.Close())
	require.NoError(t, token.Close(), "a second Close is allowed")
	token = within(t, "Accept", next)

	s.pause = time.Hour
	require.NoError(t, token.Close())
	for range 2 { // also when a new wait begins
		ctx, cancel := context.WithCancel(context.Background())
		wait := background(func() error { _, err := s.Accept(ctx); return err })
		time.Sleep(5 * time.Millisecond) // let it pause; without this the test is only weaker
		cancel()
		require.ErrorIs(t, within(t, "Accept", wait), context.Canceled)
	}
	wait := background(func() error { _, err := s.Accept(context.Background()); return err })
	time.Sleep(5 * time.Millisecond)
	require.NoError(t, s.Close())
	require.ErrorIs(t, within(t, "Accept", wait), os.ErrClosed)
	require.NoError(t, s.Close())
}

// TestDevicePauses: a device that hangs up at once does not cause a busy loop.
func TestDevicePauses(t *testing.T) {
	link := filepath.Join(t.TempDir(), "gs")
	plug(t, link)
	s := listen(t, link).(*deviceServer)
	require.Equal(t, reopenPause, s.pause)
	s.pause = 20 * time.Millisecond
	began := time.Now()
	for range 4 { // the first time the device is open already
		require.NoError(t, accept(t, s).Close())
	}
	require.GreaterOrEqual(t, time.Since(began), 3*s.pause)
}

// TestDeviceLastingProblems: Accept waits for a missing device without a limit. It reports
// problems that only a person can solve, unless they disappear soon.
func TestDeviceLastingProblems(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	link := filepath.Join(t.TempDir(), "gs")
	host, unplug := plug(t, link)
	s := serveDevice(t, link)
	require.Equal(t, reopenPatience, s.patience)
	s.patience = 10 * time.Millisecond
	require.NoError(t, accept(t, s).Close())

	acceptError := func() error {
		return within(t, "Accept", background(func() error { _, err := s.Accept(context.Background()); return err }))
	}
	other := open(t, "pty:"+link)
	err := acceptError()
	require.ErrorIs(t, err, ErrBusy)
	require.ErrorContains(t, err, "accepting on "+link+": in use by another program")
	require.NoError(t, other.Close())
	token := accept(t, s)
	exchange(t, token, host)

	unplug()
	require.NoError(t, token.Close())
	require.NoError(t, os.WriteFile(link, nil, 0o600)) // created by a shell that wrote to the missing device
	require.ErrorIs(t, acceptError(), ErrAddress)
	require.NoError(t, os.Remove(link))

	requireWaiting := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), 10*s.patience)
		defer cancel()
		_, err := s.Accept(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded, "Accept waits for a missing device")
	}
	requireWaiting()
	// A node without a loaded driver; the number is for local use.
	if unix.Mknod(link, unix.S_IFCHR|0o600, int(unix.Mkdev(120, 77))) == nil { // succeeds as root
		requireWaiting()
		require.NoError(t, os.Remove(link))
	}

	s.patience = patience
	host, _ = plug(t, link)
	other = open(t, "pty:"+link)
	next := acceptLater(s)
	time.Sleep(5 * time.Millisecond) // let it meet the other host; without this the test is only weaker
	require.NoError(t, other.Close())
	exchange(t, within(t, "Accept", next), host)
}

// TestPyserialDeviceLock: pyserial cannot open a device that is served.
func TestPyserialDeviceLock(t *testing.T) {
	link := filepath.Join(t.TempDir(), "gs")
	plug(t, link)
	s := listen(t, link)
	node, err := filepath.EvalSymlinks(link)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(node, "/dev/pts/"), node)
	runPython(t, exclusiveOpen, node, "busy")
	require.NoError(t, s.Close())
	runPython(t, exclusiveOpen, node, "free")
}
