// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package port

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// lingerWait is how long closing a PTY waits for the host to read what it was
// sent. Hanging up throws unread bytes away.
const lingerWait = 250 * time.Millisecond

// lingerStep is how often the wait looks whether the host is done.
const lingerStep = time.Millisecond

// ptyServer is a terminal offered to hosts: the Listener and its one Port.
type ptyServer struct {
	master *os.File
	// slave is held open as long as the token is plugged in. Without it the
	// master would report EIO over and over while no host has the terminal open.
	slave *os.File
	addr  string
	link  *ptyLink // nil if none was asked for

	ready  chan Port
	once   sync.Once
	closed atomic.Bool
	done   chan struct{}
	err    error
}

func listenPTY(a Addr) (Listener, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, openError("listening on", a.String(), err)
	}
	s := &ptyServer{master: master, slave: slave, ready: make(chan Port, 1), done: make(chan struct{})}
	if err := s.prepare(a.Path); err != nil {
		s.master.Close()
		s.slave.Close()
		return nil, openError("listening on", a.String(), err)
	}
	s.ready <- &ptyServerPort{s}
	return s, nil
}

func (s *ptyServer) prepare(path string) error {
	polled, err := pollable(s.master)
	if err != nil {
		return err
	}
	s.master.Close()
	s.master = polled
	if err := setRaw(s.slave); err != nil {
		return err
	}
	if path == "" {
		path = s.slave.Name()
	} else if s.link, err = makeLink(path, s.slave.Name()); err != nil {
		return err
	}
	s.addr = Addr{Scheme: PTY, Path: path}.String()
	return nil
}

// pollable returns a duplicate of f for the runtime's poller. The PTY library
// has taken the original out of it by asking for its number.
func pollable(f *os.File) (*os.File, error) {
	dup, err := duplicate(f)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(dup, true); err != nil {
		unix.Close(dup)
		return nil, err
	}
	return os.NewFile(uintptr(dup), f.Name()), nil
}

// duplicate returns a second descriptor of what f has open.
func duplicate(f *os.File) (dup int, err error) {
	err = control(f, func(fd int) (err error) {
		dup, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		return err
	})
	return dup, err
}

func (s *ptyServer) Accept(ctx context.Context) (Port, error) {
	return acceptNext(ctx, s.addr, s.ready, s.done)
}

func (s *ptyServer) Addr() string { return s.addr }

// Close unplugs the token: the host's end hangs up and the link disappears.
func (s *ptyServer) Close() error {
	s.once.Do(func() {
		s.closed.Store(true)
		close(s.done)
		if s.link != nil {
			s.err = openError("closing", s.addr, s.link.remove()) // no new host from here on
		}
		past := time.Unix(1, 0)
		_ = s.master.SetDeadline(past) // ends a blocked Read and Write
		s.linger()
		s.slave.Close()
		s.master.Close()
	})
	return s.err
}

// linger waits until the host has read everything, within limits.
func (s *ptyServer) linger() {
	for end := time.Now().Add(lingerWait); time.Now().Before(end); time.Sleep(lingerStep) {
		if !hasInput(s.slave) {
			return
		}
	}
}

// hasInput reports whether a host has bytes to read on the terminal. poll(2)
// first delivers what the kernel has still on the way, FIONREAD would not.
func hasInput(slave *os.File) bool {
	fds := []unix.PollFd{{Events: unix.POLLIN}}
	err := control(slave, func(fd int) error {
		fds[0].Fd = int32(fd)
		_, err := unix.Poll(fds, 0)
		return err
	})
	return err == unix.EINTR || (err == nil && fds[0].Revents&unix.POLLIN != 0)
}

// ptyServerPort is the token's end. Closing it unplugs the token.
type ptyServerPort struct{ server *ptyServer }

var _ Port = (*ptyServerPort)(nil)

func (p *ptyServerPort) Read(b []byte) (int, error) {
	n, err := p.server.master.Read(b)
	return n, p.fail("reading", err)
}

func (p *ptyServerPort) Write(b []byte) (int, error) {
	n, err := p.server.master.Write(b)
	return n, p.fail("writing", err)
}

func (p *ptyServerPort) SetReadDeadline(t time.Time) error {
	return p.setDeadline(p.server.master.SetReadDeadline, t)
}

func (p *ptyServerPort) SetWriteDeadline(t time.Time) error {
	return p.setDeadline(p.server.master.SetWriteDeadline, t)
}

// setDeadline leaves the one alone by which Close ends a blocked call.
func (p *ptyServerPort) setDeadline(set func(time.Time) error, t time.Time) error {
	if p.server.closed.Load() {
		return p.fail("setting a deadline on", os.ErrClosed)
	}
	return p.fail("setting a deadline on", set(t))
}

func (p *ptyServerPort) Close() error { return p.server.Close() }

// Line returns what the host has set on its end.
func (p *ptyServerPort) Line() (Line, bool) { return readLine(p.server.slave) }

func (p *ptyServerPort) fail(op string, err error) error {
	return ioError(op, p.server.addr, err, p.server.closed.Load())
}
