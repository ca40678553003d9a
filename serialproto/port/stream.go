// SPDX-License-Identifier: Apache-2.0

package port

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"time"
)

// bufferSize is how many bytes a stream holds before its writer must wait.
const bufferSize = 64 << 10

// stream is one direction of a connection: a bounded queue of bytes with a deadline at
// each end. Errors are stored without context; the Port that uses the stream adds the
// operation and the address.
type stream struct {
	mu       sync.Mutex
	buf      bytes.Buffer
	readErr  error         // returned to the reader when buf is empty
	writeErr error         // returned to the writer at once
	changed  chan struct{} // closed and replaced at every change of the fields above

	readLimit, writeLimit deadline
}

// streams are both directions of a Port.
type streams struct{ in, out *stream }

func (s *streams) SetReadDeadline(t time.Time) error {
	s.in.readLimit.set(t)
	return nil
}

func (s *streams) SetWriteDeadline(t time.Time) error {
	s.out.writeLimit.set(t)
	return nil
}

func newStream() *stream { return &stream{changed: make(chan struct{})} }

func (s *stream) signalLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// read waits for at least one byte.
func (s *stream) read(p []byte) (int, error) {
	for {
		passed := s.readLimit.done()
		s.mu.Lock()
		changed := s.changed
		switch {
		case errors.Is(s.readErr, os.ErrClosed):
			s.mu.Unlock()
			return 0, os.ErrClosed
		case isDone(passed):
			s.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			s.mu.Unlock()
			return 0, nil
		case s.buf.Len() > 0:
			n, _ := s.buf.Read(p)
			s.signalLocked()
			s.mu.Unlock()
			return n, nil
		case s.readErr != nil:
			defer s.mu.Unlock()
			return 0, s.readErr
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-passed:
		}
	}
}

// write queues all of p, and waits for room as often as necessary.
func (s *stream) write(p []byte) (int, error) {
	n := 0
	for {
		room, err := s.wait(1, s.writeLimit.done)
		if err != nil {
			return n, err
		}
		part := p[n:min(len(p), n+room)]
		s.buf.Write(part)
		s.signalLocked()
		s.mu.Unlock()
		if n += len(part); n == len(p) {
			return n, nil
		}
	}
}

// put queues p, at most bufferSize bytes, as a whole or not at all: an escape sequence
// must not be split. It ignores the write deadline if obeyDeadline is false.
func (s *stream) put(p []byte, obeyDeadline bool) error {
	passed := func() <-chan struct{} { return nil }
	if obeyDeadline {
		passed = s.writeLimit.done
	}
	if _, err := s.wait(len(p), passed); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.buf.Write(p)
	s.signalLocked()
	return nil
}

// wait returns with s.mu held once there is room for n bytes. On error s.mu is
// not held.
func (s *stream) wait(n int, limit func() <-chan struct{}) (room int, err error) {
	for {
		passed := limit()
		s.mu.Lock()
		changed, room := s.changed, bufferSize-s.buf.Len()
		switch {
		case s.writeErr != nil:
			defer s.mu.Unlock()
			return 0, s.writeErr
		case isDone(passed):
			s.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case room >= n:
			return room, nil
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-passed:
		}
	}
}

// shut ends the stream: its reader gets readErr once the queue is empty, and its writer
// gets writeErr. The first error stays, except that a Close at this end
// ([os.ErrClosed]) replaces any earlier error from the other end.
func (s *stream) shut(readErr, writeErr error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readErr == nil || errors.Is(readErr, os.ErrClosed) {
		s.readErr = readErr
	}
	if s.writeErr == nil || errors.Is(writeErr, os.ErrClosed) {
		s.writeErr = writeErr
	}
	if errors.Is(s.readErr, os.ErrClosed) {
		s.buf.Reset()
	}
	s.signalLocked()
}

// discard empties the queue.
func (s *stream) discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Reset()
	s.signalLocked()
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
