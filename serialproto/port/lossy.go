// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"os"
	"sync"
	"time"
)

const (
	// hostPatience is how long a token waits for a host that does not read. What
	// the line holds by then, kilobytes, is more than any host has asked for
	// that waits for one answer before it sends the next request.
	hostPatience = 500 * time.Millisecond

	// lateWait takes its place once the host has been too late, until it reads
	// again. Otherwise the token would spend hostPatience on each request that
	// such a host has left behind.
	lateWait = 5 * time.Millisecond
)

// lossy is the token's end of a line that loses what the host does not take in
// time, as a UART does. So a host that does not read holds up neither the token
// nor the hosts after it. A deadline that the caller sets still counts, and is
// an error.
type lossy struct {
	Port

	mu    sync.Mutex // guards what follows
	limit time.Time  // the caller's deadline; zero: none
	until time.Time  // when the Write under way gives up; zero: none is
	late  bool       // the host did not take the last bytes in time
}

func newLossy(p Port) *lossy { return &lossy{Port: p} }

// Write writes b, or loses what is left of it: then it reports success.
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
	_ = l.applyLocked() // an error shows in the Write as well
}

// end reports whether our own patience has ended the Write.
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

// Line passes on the settings of the port inside.
func (l *lossy) Line() (Line, bool) { return LineOf(l.Port) }
