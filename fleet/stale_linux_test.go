// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bytes"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/d204ef64/fob/serialproto/port"
)

// TestHostThatDoesNotRead: on every kind of port a host sends more requests than the
// line can hold answers, and reads none of them. Other hosts are answered, whether the
// first one leaves or stays.
func TestHostThatDoesNotRead(t *testing.T) {
	dir := socketDir(t)
	f, err := New(testWorld(t), Config{Count: 1, Model: testModel(t), Ports: Ports{
		PTY: true, UnixDir: dir, TCP: "127.0.0.1:0", RFC2217: "127.0.0.1:0",
	}})
	require.NoError(t, err)
	defer f.Close()
	stop := serve(t, f)
	defer stop()
	// An echo, PROTOCOL.md section 2.
	requests := bytes.Repeat([]byte("\x06\x09ABMCAAAJAAAEAKFhZGVoZWxsb3Qo\n"), 24<<10/31)
	ports := addresses(members(f)[0])
	for _, addr := range ports {
		t.Run(addr, func(t *testing.T) {
			flood := openRaw(t, addr)
			defer flood.Close()
			// Only the host that does not read may be unable to write more.
			_ = flood.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = flood.Write(requests)
			if strings.HasPrefix(addr, "pty:") { // a PTY has one host at a time
				require.NoError(t, flood.Close())
			}
			text, err := client(t, addr).Echo(t.Context(), "hello")
			require.NoError(t, err)
			require.Equal(t, "hello", text)
		})
	}
}

// rawHost is a host that does not use the client library.
type rawHost interface {
	Write(p []byte) (int, error)
	SetWriteDeadline(t time.Time) error
	Close() error
}

func openRaw(t *testing.T, addr string) rawHost {
	t.Helper()
	a, err := port.ParseAddr(addr)
	require.NoError(t, err)
	var h rawHost
	switch a.Scheme {
	case port.PTY:
		h, err = os.OpenFile(a.Path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	case port.Unix:
		h, err = net.Dial("unix", a.Path)
	default:
		_, address, _ := strings.Cut(strings.ReplaceAll(addr, "//", ""), ":")
		h, err = net.Dial("tcp", address)
	}
	require.NoError(t, err)
	return h
}
