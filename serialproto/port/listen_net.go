// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/d204ef64/fob/internal/loopback"
)

// listenTCP serves TCP and RFC 2217. Without a password it stays on loopback.
func listenTCP(a Addr, o options) (Listener, error) {
	name := a.String()
	exposed := &OpError{Op: "listening on", Addr: name, Err: fmt.Errorf(
		"%w: anyone on the network could use the token; listen on 127.0.0.1, or require a password (fob run --port-password-file)", ErrExposed)}
	if o.password == "" && !loopback.Host(a.Host) {
		return nil, exposed
	}
	network := "tcp"
	if ip, err := netip.ParseAddr(a.Host); err == nil && ip.Is4() {
		network = "tcp4" // otherwise 0.0.0.0 would include IPv6
	}
	inner, err := net.Listen(network, a.hostPort())
	if err != nil {
		return nil, openError("listening on", name, err)
	}
	bound, ok := inner.Addr().(*net.TCPAddr)
	if !ok || (o.password == "" && !bound.IP.IsLoopback()) {
		// /etc/hosts can map "localhost" to any address.
		inner.Close()
		return nil, exposed
	}
	a.Host, a.Port = bound.IP.String(), bound.Port
	return newSocketListener(inner, a, o), nil
}

// probeWait is how long a probe of a socket file may take before the socket counts as
// in use: a full backlog shows that a process is listening.
const probeWait = time.Second

// listenUnix serves a Unix socket to which only this user can connect.
func listenUnix(a Addr, o options) (Listener, error) {
	if err := removeStaleSocket(a.Path); err != nil {
		return nil, openError("listening on", a.String(), err)
	}
	// Set the mode before the file exists: no other user can connect in between.
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return privateSocket(c)
	}}
	inner, err := config.Listen(context.Background(), "unix", a.Path)
	if err != nil {
		return nil, openError("listening on", a.String(), err)
	}
	if err := os.Chmod(a.Path, 0o600); err != nil {
		inner.Close()
		return nil, openError("listening on", a.String(), err)
	}
	return newSocketListener(inner, a, o), nil
}

// removeStaleSocket removes the socket of a killed process. It removes nothing else.
func removeStaleSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%w: the file exists and is not a socket", ErrAddress)
	}
	conn, err := net.DialTimeout("unix", path, probeWait)
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return ErrBusy
	}
	return os.Remove(path)
}
