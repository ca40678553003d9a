// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// socket is a Port over a TCP or Unix socket.
type socket struct {
	conn   net.Conn
	addr   string
	closed atomic.Bool
}

var _ Port = (*socket)(nil)

func newSocket(conn net.Conn, addr string) *socket { return &socket{conn: conn, addr: addr} }

// dialSocket connects to an address of scheme TCP, RFC2217 or Unix.
func dialSocket(ctx context.Context, a Addr) (net.Conn, error) {
	var d net.Dialer
	if a.Scheme == Unix {
		return d.DialContext(ctx, "unix", a.Path)
	}
	return d.DialContext(ctx, "tcp", a.hostPort())
}

func (s *socket) Read(p []byte) (int, error) {
	n, err := s.conn.Read(p)
	return n, ioError("reading", s.addr, err, s.closed.Load())
}

func (s *socket) Write(p []byte) (int, error) {
	n, err := s.conn.Write(p)
	return n, ioError("writing", s.addr, err, s.closed.Load())
}

func (s *socket) SetReadDeadline(t time.Time) error {
	return ioError("setting a deadline on", s.addr, s.conn.SetReadDeadline(t), s.closed.Load())
}

func (s *socket) SetWriteDeadline(t time.Time) error {
	return ioError("setting a deadline on", s.addr, s.conn.SetWriteDeadline(t), s.closed.Load())
}

func (s *socket) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return ioError("closing", s.addr, s.conn.Close(), false)
}
