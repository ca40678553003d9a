// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package port

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// lingerWait is how long closing a PTY waits for the host to read the last bytes.
// Hanging up discards unread bytes.
const lingerWait = 250 * time.Millisecond

// lingerStep is the interval at which linger checks whether the host has finished.
const lingerStep = time.Millisecond

// ptyServer is a terminal served to hosts: the Listener and its one Port.
type ptyServer struct {
	master *os.File
	name   string // of the host's end
	addr   string
	link   *ptyLink // nil if no link was requested

	ready  chan Port
	once   sync.Once
	closed atomic.Bool
	done   chan struct{}
	err    error

	mu sync.Mutex // guards the fields below
	// slave is open as long as the token is plugged in, except for short moments.
	// Without it the master would report EIO over and over while no host has the
	// terminal open.
	slave       *os.File
	watched     bool // the watch calls hostLeft
	hostPresent bool // a host was connected, and no host has left since
	recheck     *time.Timer
	limit       time.Time // the caller's deadline for Writes
}

func listenPTY(a Addr) (Listener, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, openError("listening on", a.String(), err)
	}
	s := &ptyServer{master: master, name: slave.Name(), ready: make(chan Port, 1), done: make(chan struct{})}
	err = s.prepare(a.Path, slave)
	slave.Close()
	if err != nil {
		s.master.Close()
		if s.slave != nil {
			s.slave.Close()
		}
		return nil, openError("listening on", a.String(), err)
	}
	s.watched = watchHosts(s)
	s.ready <- newLossy(&ptyServerPort{s})
	return s, nil
}

func (s *ptyServer) prepare(path string, slave *os.File) error {
	polled, err := pollable(s.master)
	if err != nil {
		return err
	}
	s.master.Close()
	s.master = polled
	if err := setRaw(slave); err != nil {
		return err
	}
	if s.slave, err = openOwnSlave(s.name); err != nil {
		return err
	}
	if path == "" {
		path = s.name
	} else if s.link, err = makeLink(path, s.name); err != nil {
		return err
	}
	s.addr = Addr{Scheme: PTY, Path: path}.String()
	return nil
}

// pollable returns a duplicate of f that uses the runtime's poller. The PTY library has
// removed the original from the poller by calling Fd.
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

// duplicate returns a second descriptor for the open file of f.
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
			s.err = openError("closing", s.addr, s.link.remove()) // no new host can connect from here on
		}
		past := time.Unix(1, 0)
		_ = s.master.SetDeadline(past) // ends a blocked Read and Write
		s.linger()
		unwatchHosts(s)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.recheck != nil {
			s.recheck.Stop()
			s.recheck = nil
		}
		if s.slave != nil {
			s.slave.Close()
		}
		s.master.Close()
	})
	return s.err
}

// linger waits until the host has read everything, for at most lingerWait.
func (s *ptyServer) linger() {
	for end := time.Now().Add(lingerWait); time.Now().Before(end); time.Sleep(lingerStep) {
		s.mu.Lock()
		waits := s.slave != nil && hasInput(s.slave)
		s.mu.Unlock()
		if !waits {
			return
		}
	}
}

// hasInput reports whether a host has bytes to read on the terminal. poll(2) first
// delivers bytes that the kernel is still processing; FIONREAD would not.
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

// reopenSlavePause is how long Read waits if it cannot open the terminal.
const reopenSlavePause = 10 * time.Millisecond

func (p *ptyServerPort) Read(b []byte) (int, error) {
	for {
		n, err := p.server.master.Read(b)
		if n == 0 && errors.Is(err, unix.EIO) && p.server.isTransientEIO() {
			continue
		}
		return n, p.fail("reading", err)
	}
}

// isTransientEIO reports whether an EIO of the master means only that we had closed the slave
// for a moment.
func (s *ptyServer) isTransientEIO() bool {
	s.mu.Lock()
	if s.watched && s.slave == nil && !s.closed.Load() {
		s.reopenSlaveLocked()
	}
	held, watched := s.slave != nil, s.watched
	s.mu.Unlock()
	switch {
	case s.closed.Load(), !watched:
		return false
	case !held:
		select {
		case <-time.After(reopenSlavePause):
		case <-s.done:
			return false
		}
	}
	return true
}

// writeSlice is how long a Write waits before it checks again whether its host is still
// connected.
const writeSlice = 50 * time.Millisecond

// Write sends b to the host that has the terminal open. Without a host the bytes are
// lost, as on an unconnected cable. The terminal would keep them for the next host, which
// has not requested them.
func (p *ptyServerPort) Write(b []byte) (int, error) {
	s := p.server
	n := 0
	for s.hasHost() {
		if !s.armWrite() {
			return n, p.fail("writing", os.ErrDeadlineExceeded)
		}
		m, err := s.master.Write(b[n:])
		n += m
		switch {
		case err == nil:
			s.dropIfGone()
			return n, nil
		case s.closed.Load(), !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, unix.EIO):
			return n, p.fail("writing", err)
		}
	}
	if s.closed.Load() {
		return n, p.fail("writing", os.ErrClosed)
	}
	return len(b), nil
}

// hasHost reports whether a host has the terminal open.
func (s *ptyServer) hasHost() bool {
	handleHostEvents()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return false
	}
	if !s.hostPresent {
		s.hostPresent = !s.watched || s.slave == nil || s.hasHostLocked()
	}
	return s.hostPresent
}

// dropIfGone discards bytes that were written while the last host was leaving.
func (s *ptyServer) dropIfGone() {
	handleHostEvents()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.hostPresent && s.slave != nil && !s.closed.Load() && !s.hasHostLocked() {
		s.forgetHostLocked()
	}
}

// armWrite sets the deadline of the next slice. It returns false if the caller's
// deadline has passed.
func (s *ptyServer) armWrite() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.limit.IsZero() && !now.Before(s.limit) {
		return false
	}
	_ = s.master.SetWriteDeadline(s.sliceLocked(now))
	return true
}

func (s *ptyServer) sliceLocked(now time.Time) time.Time {
	end := now.Add(writeSlice)
	if !s.limit.IsZero() && s.limit.Before(end) {
		return s.limit
	}
	return end
}

func (p *ptyServerPort) SetReadDeadline(t time.Time) error {
	if p.server.closed.Load() { // keep the deadline by which Close ends a blocked call
		return p.fail("setting a deadline on", os.ErrClosed)
	}
	return p.fail("setting a deadline on", p.server.master.SetReadDeadline(t))
}

func (p *ptyServerPort) SetWriteDeadline(t time.Time) error {
	s := p.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return p.fail("setting a deadline on", os.ErrClosed)
	}
	s.limit = t
	return p.fail("setting a deadline on", s.master.SetWriteDeadline(s.sliceLocked(time.Now())))
}

func (p *ptyServerPort) Close() error { return p.server.Close() }

// Line returns the settings that the host has made at its end.
func (p *ptyServerPort) Line() (Line, bool) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	if p.server.slave == nil {
		return Line{}, false
	}
	return readLine(p.server.slave)
}

func (p *ptyServerPort) fail(op string, err error) error {
	return ioError(op, p.server.addr, err, p.server.closed.Load())
}
