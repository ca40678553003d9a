// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"os"
	"sync"
	"time"
)

const (
	// hostPatience is how long a token waits for a host that does not read. The line
	// buffers kilobytes before that: more than the answer to any host that waits for
	// one answer before it sends the next request.
	hostPatience = 500 * time.Millisecond

	// lateWait replaces hostPatience after the host has been too late, until it reads
	// again. Otherwise the token would spend hostPatience on each request that such a
	// host has left behind.
	lateWait = 5 * time.Millisecond
)

// lossy is the token's end of a line that loses bytes if the host does not read them in
// time, like a UART. A host that does not read therefore blocks neither the token nor
// later hosts. A deadline that the caller sets still applies, and gives an error.
type lossy struct {
	Port

	mu    sync.Mutex // guards the fields below
	limit time.Time  // the caller's deadline; zero: none
	until time.Time  // when the current Write gives up; zero: no Write is in progress
	late  bool       // the host did not read the last bytes in time
}

func newLossy(p Port) *lossy { return &lossy{Port: p} }

// Write writes b. If the host does not read in time, the rest is lost, and Write still
// reports success.
func (l *lossy) Write(b []byte) (int, error) {
	l.begin()
	n, err := l.Port.Write(b)
	lost := l.end(err)
	if lost {
		return len(b), nil
	}
	return n, err
}

func (l *lossy) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := hostPatience
	if l.late {
		wait = lateWait
	}
	l.until = time.Now().Add(wait)
	_ = l.applyLocked() // the Write returns the same error
}

// end reports whether the Write ended at our own time limit.
func (l *lossy) end(err error) (lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost = errors.Is(err, os.ErrDeadlineExceeded) && (l.limit.IsZero() || l.until.Before(l.limit))
	l.late = lost
	l.until = time.Time{}
	_ = l.applyLocked()
	return lost
}

// applyLocked sets the earlier of the two deadlines.
func (l *lossy) applyLocked() error {
	t := l.limit
	if !l.until.IsZero() && (t.IsZero() || l.until.Before(t)) {
		t = l.until
	}
	return l.Port.SetWriteDeadline(t)
}

func (l *lossy) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = t
	return l.applyLocked()
}

// Line returns the settings of the inner port.
func (l *lossy) Line() (Line, bool) { return LineOf(l.Port) }
