// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"
	"layeh.com/radius/rfc2869"
)

// TestReload runs a server as systemd does, and checks the notifications that
// sd_notify(3) requires, and for a reload Type=notify-reload of systemd.service(5): one
// datagram with RELOADING=1 and the time of CLOCK_MONOTONIC, then READY=1. On each
// SIGHUP the server reads its RADIUS clients and secrets again. Invalid files change
// nothing and are logged.
func TestReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		require.NoError(t, os.WriteFile(path(name), []byte(text), mode))
		require.NoError(t, os.Chmod(path(name), mode))
	}
	const first, second, third = "the first shared secret", "the second shared secret", "the third shared secret"
	write("pw", "correct horse battery\n", 0o600)
	write("secret", first, 0o600)
	write("clients", "vpn 127.0.0.1 secret\n", 0o644)
	code, out, errs := fob(t, "", "validator", "init", "--db", path("bank.db"), "--key-file", path("bank.key"),
		"--first-clerk", "tanaka", "--password-file", path("pw"))
	require.Zero(t, code, out+errs)

	socket := newNotifySocket(t)
	cmd := exec.Command("fob", "validator", "serve", "--db", path("bank.db"), "--key-file", path("bank.key"),
		"--listen", "127.0.0.1:0", "--radius", "127.0.0.1:0", "--radius-clients-file", path("clients"), "--json")
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket.path)
	var log logged
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer cmd.Process.Kill()
	var ready serving
	require.NoError(t, json.NewDecoder(stdout).Decode(&ready))
	require.Equal(t, "READY=1", socket.next(t))

	answers := func(secret string) error {
		request := wire.New(wire.CodeStatusServer, []byte(secret))
		require.NoError(t, signStatus(request))
		ctx, stop := context.WithTimeout(t.Context(), patience)
		defer stop()
		_, err := (&wire.Client{Retry: time.Second}).Exchange(ctx, request, ready.RADIUS)
		return err
	}
	reload := func() {
		t.Helper()
		before, err := monotonic()
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
		state, at, ok := strings.Cut(socket.next(t), "\nMONOTONIC_USEC=")
		require.True(t, ok)
		require.Equal(t, "RELOADING=1", state)
		began, err := strconv.ParseInt(at, 10, 64)
		require.NoError(t, err)
		after, err := monotonic()
		require.NoError(t, err)
		require.LessOrEqual(t, before, began)
		require.LessOrEqual(t, began, after)
		require.Equal(t, "READY=1", socket.next(t))
	}
	refused := func(secret string) {
		t.Helper()
		before := strings.Count(log.String(), "wrong authenticator")
		conn, err := net.Dial("udp", ready.RADIUS)
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		request := wire.New(wire.CodeStatusServer, []byte(secret))
		require.NoError(t, signStatus(request))
		raw, err := request.Encode()
		require.NoError(t, err)
		_, err = conn.Write(raw)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return strings.Count(log.String(), "wrong authenticator") > before }, patience, 10*time.Millisecond)
	}
	require.NoError(t, answers(first))

	write("secret", second, 0o600)
	reload()
	require.NoError(t, answers(second))
	refused(first)

	const kept = "RADIUS could not be reloaded: its previous configuration stays in use"
	for name, spoil := range map[string]func(){
		"mode":       func() { write("secret", third, 0o644) },
		"empty":      func() { write("secret", "", 0o600) },
		"no network": func() { write("secret", third, 0o600); write("clients", "vpn somewhere secret\n", 0o644) },
		"no clients": func() { write("clients", "# none\n", 0o644) },
		"no file":    func() { require.NoError(t, os.Remove(path("clients"))) },
	} {
		spoil()
		before := strings.Count(log.String(), kept)
		reload()
		require.NoError(t, answers(second), name)
		require.Eventually(t, func() bool { return strings.Count(log.String(), kept) == before+1 }, patience, 10*time.Millisecond, name)
	}
	require.NotContains(t, log.String(), third)

	write("secret", third, 0o600)
	write("clients", "vpn 127.0.0.1 secret\n", 0o644)
	reload()
	require.NoError(t, answers(third))

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Equal(t, "STOPPING=1", socket.next(t))
	require.NoError(t, cmd.Wait(), log.String())
	require.Equal(t, 2, strings.Count(log.String(), "RADIUS reloaded"))
}

// signStatus adds the Message-Authenticator that RFC 5997, section 3, requires in
// Status-Server: HMAC-MD5 over the packet with the value zeroed.
func signStatus(p *wire.Packet) error {
	p.Set(rfc2869.MessageAuthenticator_Type, make([]byte, 16))
	raw, err := p.MarshalBinary()
	if err != nil {
		return err
	}
	h := hmac.New(md5.New, p.Secret)
	h.Write(raw)
	p.Set(rfc2869.MessageAuthenticator_Type, h.Sum(nil))
	return nil
}
