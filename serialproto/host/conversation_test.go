// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// inWorld describes a new button-6 of w, whose clock is stopped.
func inWorld(w *virtual.World) hosttest.Device {
	return hosttest.Device{
		Model: "button-6", Supply: 3200, Temperature: true,
		Now:  func() time.Time { return w.Now().Time() },
		Wait: w.Advance,
	}
}

func TestConversation(t *testing.T) {
	addresses := map[string]func(t *testing.T) string{
		"tcp":     func(*testing.T) string { return "tcp:127.0.0.1:0" },
		"unix":    func(t *testing.T) string { return "unix:" + filepath.Join(t.TempDir(), "s") },
		"rfc2217": func(*testing.T) string { return "rfc2217://127.0.0.1:0" },
	}
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		pty := func(t *testing.T) string { return "pty:" + filepath.Join(t.TempDir(), "tok") }
		addresses["pty"] = pty
		addresses["device"] = pty
	}
	for name, address := range addresses {
		t.Run(name, func(t *testing.T) {
			tooltest.CheckLeaks(t, "serialproto/host.")
			l, err := port.Listen(address(t))
			require.NoError(t, err)
			t.Cleanup(func() { l.Close() })
			at := l.Addr()
			if name == "device" { // the same terminal, opened as a serial port
				at = strings.TrimPrefix(at, "pty:")
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			near, err := port.Open(ctx, at)
			require.NoError(t, err)
			t.Cleanup(func() { near.Close() })
			far, err := l.Accept(ctx)
			require.NoError(t, err)
			w := newWorld(t)
			serve(t, newToken(t, w, "button-6"), far)
			hosttest.Conversation(t, host.New(near, host.WithTimeout(patience)), inWorld(w))
		})
	}
	t.Run("memory", func(t *testing.T) {
		tooltest.CheckLeaks(t, "serialproto/host.")
		w := newWorld(t)
		c := attach(t, newToken(t, w, "button-6"))
		hosttest.Conversation(t, c, inWorld(w))
		s := c.Stats()
		require.Zero(t, s.Repeats)
		require.NotZero(t, s.Sent)
		require.NotZero(t, s.Received)
	})
}

// TestIncompleteMessageOfEarlierHost: a message that one host left incomplete does not
// disturb the next host on the same terminal.
func TestIncompleteMessageOfEarlierHost(t *testing.T) {
	w := newWorld(t)
	far, near := port.Pipe()
	serve(t, newToken(t, w, "button-6"), far)
	t.Cleanup(func() { near.Close() })
	whole := hosttest.Frame(serialproto.Header{Version: serialproto.Version2, Op: serialproto.OpWrite}, make([]byte, 300))
	_, err := near.Write(whole[:200])
	require.NoError(t, err)
	_, err = host.New(near, host.WithTimeout(patience)).Info(t.Context())
	require.NoError(t, err)
}
