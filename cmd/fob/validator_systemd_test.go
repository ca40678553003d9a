// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank/banktest"
)

// notifySocket takes the place of systemd's socket.
type notifySocket struct {
	path string
	conn *net.UnixConn
}

func newNotifySocket(t *testing.T) notifySocket {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return notifySocket{path, conn}
}

// next returns the next notification.
func (n notifySocket) next(t *testing.T) string {
	t.Helper()
	b := make([]byte, 1000)
	require.NoError(t, n.conn.SetReadDeadline(time.Now().Add(patience)))
	size, err := n.conn.Read(b)
	require.NoError(t, err)
	return string(b[:size])
}

// TestNotify checks the messages that sd_notify(3) and Type=notify-reload of
// systemd.service(5) require.
func TestNotify(t *testing.T) {
	socket := newNotifySocket(t)
	t.Setenv("NOTIFY_SOCKET", socket.path)
	t.Setenv("WATCHDOG_USEC", "2000000")
	t.Setenv("WATCHDOG_PID", "")
	log := newBankLog(&app{stderr: io.Discard}, false)
	log.reloading()
	state, at, ok := strings.Cut(socket.next(t), "\nMONOTONIC_USEC=")
	require.True(t, ok)
	require.Equal(t, "RELOADING=1", state)
	require.Regexp(t, `^[1-9][0-9]+$`, at)

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		log.watchdog(ctx, banktest.New(t, banktest.SQLite(t)).Bank)
	}()
	require.Equal(t, "WATCHDOG=1", socket.next(t))
	require.Equal(t, "WATCHDOG=1", socket.next(t))
	stop()
	<-ended
}
