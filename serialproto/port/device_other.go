// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !darwin

package port

import (
	"os"
	"sync"
	"time"

	"go.bug.st/serial"
)

// noLock replaces the lock, because Windows itself locks a COM port.
type noLock struct{}

func lockDevice(path string) (string, noLock, error) { return path, noLock{}, nil }

func (noLock) Close() error { return nil }

func (noLock) line(sp serial.Port) deviceLine {
	return &backgroundWriter{serial: sp, turn: make(chan struct{}, 1), closed: make(chan struct{})}
}

// backgroundWriter adds a deadline to the library's Write, by not waiting for it. A
// Write that has timed out continues in the background, and the next one waits for it.
type backgroundWriter struct {
	serial serial.Port
	limit  deadline
	turn   chan struct{} // holds one element while a Write is in progress
	once   sync.Once
	closed chan struct{}
}

type writeResult struct {
	n   int
	err error
}

func (w *backgroundWriter) Write(p []byte) (int, error) {
	if err := w.wait(func(passed <-chan struct{}) error {
		select {
		case w.turn <- struct{}{}:
			return nil
		case <-passed:
			return os.ErrDeadlineExceeded
		case <-w.closed:
			return os.ErrClosed
		}
	}); err != nil {
		return 0, err
	}
	done := make(chan writeResult, 1)
	own := append([]byte(nil), p...) // the caller may reuse p once we have returned
	go func() {
		n, err := w.serial.Write(own)
		<-w.turn
		done <- writeResult{n, err}
	}()
	var r writeResult
	err := w.wait(func(passed <-chan struct{}) error {
		select {
		case r = <-done:
			return r.err
		case <-passed:
			return os.ErrDeadlineExceeded
		case <-w.closed:
			return os.ErrClosed
		}
	})
	return r.n, err
}

// wait runs step with the write deadline. It returns an error at once after Close.
func (w *backgroundWriter) wait(step func(passed <-chan struct{}) error) error {
	if isDone(w.closed) {
		return os.ErrClosed
	}
	return step(w.limit.done())
}

func (w *backgroundWriter) SetWriteDeadline(t time.Time) error {
	w.limit.set(t)
	return nil
}

func (w *backgroundWriter) Close() error {
	w.once.Do(func() { close(w.closed) })
	w.limit.set(time.Time{})
	return nil
}
