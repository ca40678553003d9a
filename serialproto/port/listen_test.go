// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/tooltest"
)

func TestListenNeedsPasswordBeyondLoopback(t *testing.T) {
	for _, addr := range []string{
		"tcp::0", "tcp:0.0.0.0:0", "tcp:[::]:0", "tcp:192.0.2.1:0", "tcp:example.org:0",
		"tcp:localhost.example.org:0", "rfc2217://:0", "rfc2217://0.0.0.0:0", "tcp:[::ffff:0.0.0.0]:0",
	} {
		_, err := Listen(addr)
		require.ErrorIs(t, err, ErrExposed, addr)
		require.ErrorContains(t, err, "require a password")
		_, err = Listen(addr, WithPassword(""))
		require.ErrorIs(t, err, ErrExposed, "an empty password does not count")
	}
	for _, addr := range []string{"tcp:localhost:0", "tcp:127.1.2.3:0"} {
		if runtime.GOOS != "linux" && strings.Contains(addr, "127.1") {
			continue // only Linux has all of 127/8 on loopback
		}
		l := listen(t, addr)
		exchange(t, open(t, l.Addr()), accept(t, l))
	}
	for _, addr := range []string{"tcp:0.0.0.0:0", "rfc2217://0.0.0.0:0"} {
		l := listen(t, addr, WithPassword("s3cret"))
		require.Contains(t, l.Addr(), "0.0.0.0:", "IPv4 only")
		exchange(t, open(t, l.Addr(), WithPassword("s3cret")), accept(t, l))
	}
}

// TestUnknownHost: a name that does not resolve gives ErrNotFound.
func TestUnknownHost(t *testing.T) {
	err := openError("opening", "tcp:nowhere:1", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere"}})
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, "nowhere")
}

func TestWrongPassword(t *testing.T) {
	quick := func(o *options) { o.wait = 50 * time.Millisecond }
	long := strings.Repeat("x", 10_000)
	for name, first := range map[string]string{
		"wrong password": "token s3cres\n", "no prefix": "s3cret\n", "prefix of the password": "token s3cre\n",
		"longer": "token s3cret2\n", "empty line": "\n", "empty password": "token \n", "endless line": long,
		"no line in time": "token s3cret",
	} {
		for _, addr := range []string{"tcp:127.0.0.1:0", "rfc2217://127.0.0.1:0", "unix:" + t.TempDir() + "/s"} {
			t.Run(name+" "+addr[:3], func(t *testing.T) {
				tooltest.CheckLeaks(t, "serialproto/port.")
				l := listen(t, addr, WithPassword("s3cret"), quick)
				host, err := Open(t.Context(), l.Addr()) // fails if the server's wait ends before the host's negotiation
				if err == nil {
					t.Cleanup(func() { host.Close() })
					_, _ = host.Write([]byte(first)) // may fail if the server has already closed the connection
					require.NoError(t, host.SetReadDeadline(time.Now().Add(patience)))
					_, err = host.Read(make([]byte, 1))
				}
				require.ErrorIs(t, err, ErrGone)
				require.NotContains(t, err.Error(), "s3cret")
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
				defer cancel()
				_, err = l.Accept(ctx)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			})
		}
	}
}

// TestWrongPasswordIsRefused: a host that sent a wrong password gets ErrRefused. After
// the password has been accepted, a closed connection gives only ErrGone.
func TestWrongPasswordIsRefused(t *testing.T) {
	for _, addr := range []string{"tcp:127.0.0.1:0", "rfc2217://127.0.0.1:0", "unix:" + t.TempDir() + "/s"} {
		l := listen(t, addr, WithPassword("s3cret"))
		wrong := open(t, l.Addr(), WithPassword("s3cres"))
		require.NoError(t, wrong.SetReadDeadline(time.Now().Add(patience)))
		_, err := wrong.Read(make([]byte, 1))
		require.ErrorIs(t, err, ErrRefused)
		require.ErrorIs(t, err, ErrGone)
		class, _ := errclass.Of(err)
		require.Equal(t, errclass.Refused, class)

		right := open(t, l.Addr(), WithPassword("s3cret"))
		token := accept(t, l)
		exchange(t, right, token)
		require.NoError(t, token.Close())
		require.NoError(t, right.SetReadDeadline(time.Now().Add(patience)))
		_, err = right.Read(make([]byte, 1))
		require.ErrorIs(t, err, ErrGone)
		require.NotErrorIs(t, err, ErrRefused)
		_, isLine := LineOf(right)
		require.Equal(t, strings.HasPrefix(addr, "rfc2217"), isLine)
	}
}

// Bytes after the password line in the same packet are for the token.
func TestBytesAfterPasswordLine(t *testing.T) {
	l := listen(t, "tcp:127.0.0.1:0", WithPassword("s3cret"))
	conn, err := net.Dial("tcp", strings.TrimPrefix(l.Addr(), "tcp:"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("token s3cret\r\nfirst"))
	require.NoError(t, err)
	token := accept(t, l)
	require.NoError(t, token.SetReadDeadline(time.Now().Add(patience)))
	buf := make([]byte, 100)
	n, err := token.Read(buf)
	require.NoError(t, err)
	require.Equal(t, "first", string(buf[:n]))
}

// A client that sends nothing delays neither other clients nor Close.
func TestSilentClient(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	l := listen(t, "tcp:127.0.0.1:0", WithPassword("s3cret"), func(o *options) { o.wait = time.Hour })
	silent := open(t, l.Addr())
	exchange(t, open(t, l.Addr(), WithPassword("s3cret")), accept(t, l))
	require.NoError(t, within(t, "Close", background(l.Close)))
	require.NoError(t, silent.SetReadDeadline(time.Now().Add(patience)))
	_, err := silent.Read(make([]byte, 1))
	require.ErrorIs(t, err, ErrGone)
}

func TestUnusablePassword(t *testing.T) {
	for _, password := range []string{"two words", "line\nbreak", "nul\x00", "ümlaut", strings.Repeat("x", 257)} {
		_, err := Listen("tcp:127.0.0.1:0", WithPassword(password))
		require.ErrorIs(t, err, ErrPassword)
		require.NotContains(t, err.Error(), password)
		_, err = Open(context.Background(), "tcp:127.0.0.1:1", WithPassword(password))
		require.ErrorIs(t, err, ErrPassword)
		require.NotContains(t, err.Error(), password)
	}
}

func TestUnixSocketFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows ignores file modes")
	}
	tooltest.CheckLeaks(t, "serialproto/port.")
	path := filepath.Join(t.TempDir(), "s")
	addr := "unix:" + path
	l := listen(t, addr)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	_, err = Listen(addr)
	require.ErrorIs(t, err, ErrBusy)
	exchange(t, open(t, addr), accept(t, discardProbe(t, l)))
	require.NoError(t, l.Close())
	require.NoFileExists(t, path)

	// The socket of a killed process is replaced.
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	stale.SetUnlinkOnClose(false)
	require.NoError(t, stale.Close())
	l = listen(t, addr)
	exchange(t, open(t, addr), accept(t, l))
	require.NoError(t, l.Close())

	require.NoError(t, os.WriteFile(path, []byte("keep"), 0o600))
	_, err = Listen(addr)
	require.ErrorIs(t, err, ErrAddress)
	require.FileExists(t, path)
}

// discardProbe discards the connection by which the second Listen found that the
// socket is in use.
func discardProbe(t *testing.T, l Listener) Listener {
	p := accept(t, l)
	require.NoError(t, p.SetReadDeadline(time.Now().Add(patience)))
	_, err := p.Read(make([]byte, 1))
	require.ErrorIs(t, err, ErrGone)
	return l
}
