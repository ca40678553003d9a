// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package port

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// reopenPause is how long the server waits before it opens a device again. It is
// shorter than the time in which a host finds a token that was plugged in, and long
// enough to cost nothing while the cable is out.
const reopenPause = 200 * time.Millisecond

// reopenPatience is how long opening an existing device may fail before the error is
// reported: a new node gets its permissions a little later.
const reopenPatience = 5 * time.Second

// deviceServer serves a serial device whose other end is a host at the end of a cable.
// The device of a USB gadget hangs up whenever the cable is pulled or the host
// enumerates again. One listener therefore returns many Ports, one after the other.
type deviceServer struct {
	addr, path      string
	pause, patience time.Duration

	// idle holds one element while no caller has the Port: the Port itself if the
	// device is open, nil if it must be opened.
	idle chan Port
	once sync.Once
	done chan struct{}

	mu   sync.Mutex // held while the device is opened, because Close must not leave it open
	port *servedDevice
}

func listenDevice(a Addr) (Listener, error) {
	s := &deviceServer{
		addr: a.String(), path: a.Path, pause: reopenPause, patience: reopenPatience,
		idle: make(chan Port, 1), done: make(chan struct{}),
	}
	p, err := s.open()
	if err != nil {
		return nil, openError("listening on", s.addr, err)
	}
	s.idle <- newLossy(p)
	return s, nil
}

func (s *deviceServer) open() (*servedDevice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if isDone(s.done) {
		return nil, os.ErrClosed
	}
	tty, err := openTTY(s.path, s.addr)
	if err != nil {
		return nil, err
	}
	last, err := duplicate(tty.file)
	if err != nil {
		tty.Close()
		return nil, err
	}
	s.port = &servedDevice{ttyPort: tty, server: s, last: last, released: make(chan struct{})}
	return s.port, nil
}

func (s *deviceServer) Accept(ctx context.Context) (Port, error) {
	p, err := acceptNext(ctx, s.addr, s.idle, s.done)
	if err != nil || p != nil {
		return p, err
	}
	again, err := s.reopen(ctx)
	if err != nil {
		s.idle <- nil
		return nil, openError("accepting on", s.addr, err)
	}
	return newLossy(again), nil
}

// reopen opens the device as soon as that is possible. It pauses first, because a
// device may hang up as soon as it is opened.
func (s *deviceServer) reopen(ctx context.Context) (*servedDevice, error) {
	tick := time.NewTicker(s.pause)
	defer tick.Stop()
	var since time.Time // when opening first failed
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.done:
			return nil, os.ErrClosed
		}
		p, err := s.open()
		switch {
		case err == nil:
			return p, nil
		case errors.Is(err, fs.ErrNotExist), isAny(err, goneErrors): // the device will come back
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) >= s.patience:
			return nil, err // needs a person's help
		}
	}
}

func (s *deviceServer) Addr() string { return s.addr }

// Close also closes the Port, even if a caller uses it.
func (s *deviceServer) Close() error {
	s.once.Do(func() { close(s.done) })
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.port.Close()
}

// servedDevice is the token's end. After it has been closed the server may open the
// device again.
type servedDevice struct {
	*ttyPort
	server *deviceServer
	// last is a second descriptor, which keeps the device open when the first is
	// closed. Closing last may take long: the driver of a USB gadget waits up to 15 s
	// for a host that does not read, and cannot be made to discard its bytes.
	last     int
	ending   sync.Once
	released chan struct{}
}

// Close ends blocked calls at once. It gives the host a moment to read the last bytes.
func (p *servedDevice) Close() error {
	err := p.ttyPort.Close()
	p.ending.Do(func() { go p.release() })
	select {
	case <-p.released:
	case <-time.After(lingerWait):
	}
	return err
}

func (p *servedDevice) release() {
	unix.Close(p.last)
	close(p.released)
	select {
	case p.server.idle <- nil:
	default: // the Port was never accepted: this is the listener's Close
	}
}
