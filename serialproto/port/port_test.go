// SPDX-License-Identifier: Apache-2.0

package port

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
)

func TestEcho(t *testing.T) {
	const size = 100_000
	forEachKind(t, func(t *testing.T, k kind) {
		token, host := k.connect(t)
		want := make([]byte, size)
		random := rand.NewChaCha8([32]byte{1})
		_, _ = random.Read(want)
		copy(want[5000:], bytes.Repeat([]byte{0xff}, 3000)) // the worst case for telnet

		echo := background(func() error {
			buf := make([]byte, 777)
			for done := 0; done < size; {
				n, err := token.Read(buf)
				if err != nil {
					return err
				}
				if _, err := token.Write(buf[:n]); err != nil {
					return err
				}
				done += n
			}
			return nil
		})
		write := background(func() error {
			for chunk, rest := 1, want; len(rest) > 0; chunk = chunk*7%4099 + 1 {
				n := min(chunk, len(rest))
				if m, err := host.Write(rest[:n]); err != nil || m != n {
					return errors.Join(err, io.ErrShortWrite)
				}
				rest = rest[n:]
			}
			return nil
		})
		got := make([]byte, size)
		require.NoError(t, host.SetReadDeadline(time.Now().Add(patience)))
		_, err := io.ReadFull(host, got)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got), "the bytes were changed")
		require.NoError(t, within(t, "writer", write))
		require.NoError(t, within(t, "echo", echo))
	})
}

func TestReadDeadline(t *testing.T) {
	forEachKind(t, func(t *testing.T, k kind) {
		token, host := k.connect(t)
		for _, p := range []Port{token, host} {
			buf := make([]byte, 10)
			for _, limit := range []time.Duration{-time.Second, 0, 20 * time.Millisecond} {
				require.NoError(t, p.SetReadDeadline(time.Now().Add(limit)))
				n, err := p.Read(buf)
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				require.Zero(t, n)
				var ne net.Error
				require.ErrorAs(t, err, &ne)
				require.True(t, ne.Timeout())
			}
			// Setting a deadline while Read is blocked ends it.
			require.NoError(t, p.SetReadDeadline(time.Time{}))
			read := background(func() error { _, err := p.Read(buf); return err })
			time.Sleep(5 * time.Millisecond)
			require.NoError(t, p.SetReadDeadline(time.Now()))
			require.ErrorIs(t, within(t, "Read", read), os.ErrDeadlineExceeded)
			require.NoError(t, p.SetReadDeadline(time.Time{}))
		}
		exchange(t, token, host) // the connection still works after the time-outs
	})
}

// TestWriteDeadline: exactly the bytes that a timed-out Write has reported arrive.
func TestWriteDeadline(t *testing.T) {
	forEachKind(t, func(t *testing.T, k kind) {
		token, host := k.connect(t)
		n := 0
		for _, p := range []Port{token, host} {
			n = 0
			for limit := 300 * time.Millisecond; n == 0; limit *= 2 { // a slow machine may need more to begin
				require.NoError(t, p.SetWriteDeadline(time.Now().Add(limit)))
				var err error
				n, err = writeUntilError(p)
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				require.Less(t, limit, patience)
			}
		}

		require.NoError(t, host.SetWriteDeadline(time.Time{}))
		end := background(func() error { _, err := host.Write([]byte("END")); return err })
		require.NoError(t, token.SetReadDeadline(time.Now().Add(patience)))
		got, buf := 0, make([]byte, 65536)
		for tail := ""; tail != "END"; {
			m, err := token.Read(buf)
			require.NoError(t, err)
			got += m
			tail += string(buf[:m])
			tail = tail[max(0, len(tail)-3):]
		}
		require.NoError(t, within(t, "Write", end))
		require.Equal(t, n+3, got)
	})
}

// writeUntilError writes to p until that fails. 0xFF is the difficult case for telnet,
// which must not stop between the two halves of an escape.
func writeUntilError(p Port) (n int, err error) {
	chunk := bytes.Repeat([]byte{0xff}, 50_001)
	for err == nil {
		var m int
		m, err = p.Write(chunk)
		n += m
	}
	return n, err
}

func TestCloseEndsBlockedCalls(t *testing.T) {
	forEachKind(t, func(t *testing.T, k kind) {
		for _, end := range []string{"token", "host"} {
			t.Run(end, func(t *testing.T) {
				token, host := k.connect(t)
				p := map[string]Port{"token": token, "host": host}[end]
				read := background(func() error { _, err := p.Read(make([]byte, 1)); return err })
				write := background(func() error { _, err := writeUntilError(p); return err })
				time.Sleep(20 * time.Millisecond) // let both block; without this the test is only weaker
				require.NoError(t, p.Close())
				require.ErrorIs(t, within(t, "Read", read), os.ErrClosed)
				require.ErrorIs(t, within(t, "Write", write), os.ErrClosed)
			})
		}
	})
}

func TestUseAfterClose(t *testing.T) {
	forEachKind(t, func(t *testing.T, k kind) {
		token, host := k.connect(t)
		_, err := token.Write([]byte("unread"))
		require.NoError(t, err)
		for _, p := range []Port{host, token} {
			require.NoError(t, p.Close())
			require.NoError(t, p.Close(), "a second Close is allowed")
			_, err := p.Read(make([]byte, 10))
			require.ErrorIs(t, err, os.ErrClosed)
			_, err = p.Write([]byte("late"))
			require.ErrorIs(t, err, os.ErrClosed)
		}
	})
}

// When the token is unplugged, the host gets its last bytes and then ErrGone.
func TestTokenVanishes(t *testing.T) {
	forEachKind(t, func(t *testing.T, k kind) {
		if k.cable {
			t.Skip("closing a device does not pull its cable")
		}
		token, host := k.connect(t)
		testVanish(t, token, host)
	})
}

func TestHostVanishes(t *testing.T) {
	forEachKind(t, func(t *testing.T, k kind) {
		if k.hosts {
			t.Skip("the token's end of a PTY stays open without hosts: see TestPTYHostsReopen, and TestDeviceReplugged for devices")
		}
		token, host := k.connect(t)
		testVanish(t, host, token)
	})
}

func testVanish(t *testing.T, leaver, stayer Port) {
	last := bytes.Repeat([]byte("last words "), 300)
	_, err := leaver.Write(last)
	require.NoError(t, err)
	closed := background(leaver.Close)
	require.NoError(t, stayer.SetReadDeadline(time.Now().Add(patience)))
	got := make([]byte, len(last))
	_, err = io.ReadFull(stayer, got)
	require.NoError(t, err)
	require.Equal(t, last, got)
	_, err = stayer.Read(got)
	require.ErrorIs(t, err, ErrGone)
	require.NoError(t, within(t, "Close", closed))
	_, err = writeUntilError(stayer)
	require.ErrorIs(t, err, ErrGone)
	_, err = stayer.Read(got)
	require.ErrorIs(t, err, ErrGone, "a second Read gives the same error")
}

func TestAcceptEndsWithContextAndClose(t *testing.T) {
	addrs := []string{"tcp:127.0.0.1:0", "unix:" + t.TempDir() + "/s", "rfc2217://127.0.0.1:0"}
	for _, addr := range addrs {
		t.Run(addr, func(t *testing.T) {
			tooltest.CheckLeaks(t, "serialproto/port.")
			l := listen(t, addr)
			ctx, cancel := context.WithCancel(context.Background())
			wait := background(func() error { _, err := l.Accept(ctx); return err })
			cancel()
			require.ErrorIs(t, within(t, "Accept", wait), context.Canceled)
			wait = background(func() error { _, err := l.Accept(context.Background()); return err })
			require.NoError(t, l.Close())
			require.ErrorIs(t, within(t, "Accept", wait), os.ErrClosed)
			require.NoError(t, l.Close())
		})
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := dir + "/file"
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	l := listen(t, "tcp:127.0.0.1:0")
	free := l.Addr()
	require.NoError(t, l.Close())
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		ctx  context.Context
		addr string
		want error
	}{
		{context.Background(), "unix:" + dir + "/none", ErrNotFound},
		{context.Background(), free, ErrNotFound},
		{context.Background(), "tcp:127.0.0.1:0", ErrAddress},
		{context.Background(), "pty:", ErrAddress},
		{canceled, "tcp:127.0.0.1:1", context.Canceled},
	} {
		_, err := Open(c.ctx, c.addr)
		require.ErrorIs(t, err, c.want, c.addr)
		require.ErrorContains(t, err, c.addr)
	}
}
