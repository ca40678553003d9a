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

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestNotify reads what sd_notify(3) and Type=notify-reload of systemd.service(5) ask
// for from the socket that systemd would have.
func TestNotify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	defer func() { _ = socket.Close() }()
	next := func() string {
		b := make([]byte, 1000)
		n, err := socket.Read(b)
		require.NoError(t, err)
		return string(b[:n])
	}
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "2000000")
	t.Setenv("WATCHDOG_PID", "")
	log := newBankLog(&app{stderr: io.Discard}, false)
	log.reloading()
	state, at, ok := strings.Cut(next(), "\nMONOTONIC_USEC=")
	require.True(t, ok)
	require.Equal(t, "RELOADING=1", state)
	require.Regexp(t, `^[1-9][0-9]+$`, at)

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		log.watchdog(ctx, banktest.New(t, banktest.SQLite(t)).Bank)
	}()
	require.Equal(t, "WATCHDOG=1", next())
	require.Equal(t, "WATCHDOG=1", next())
	stop()
	<-ended
}
