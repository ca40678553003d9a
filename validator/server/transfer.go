// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// slowest is how many bytes a second a client must send or read on average, so
	// that one byte now and then does not hold a connection for ever.
	slowest = 512

	// lingering is how long the rest of a body may still take that the handler did
	// not read. net/http reads up to 256 KB of it before it sends the answer.
	lingering = 2 * time.Second

	// piece is how much of an answer is written under one deadline.
	piece = 16 << 10
)

// transfers are the requests whose bodies arrive and whose answers leave. They may
// take as long as they need, but must not stand still.
type transfers struct {
	stall time.Duration

	mu        sync.Mutex
	running   map[*transfer]bool
	fewer     chan struct{} // closed and replaced when one ends
	stopRead  time.Time     // bodies must be there by then; zero: the server does not stop
	stopWrite time.Time     // answers must be gone by then
}

func newTransfers(stall time.Duration) *transfers {
	return &transfers{stall: stall, running: map[*transfer]bool{}, fewer: make(chan struct{})}
}

// transfer is one request. It is its own answer's writer and its body's reader, and
// decides on all deadlines of the connection, also on those that handlers ask for.
type transfer struct {
	http.ResponseWriter
	all  *transfers
	rc   *http.ResponseController
	body io.ReadCloser

	mu        sync.Mutex
	open      bool // the body may have more
	begun     bool // the answer has begun
	in, out   pace
	askedRead time.Time // by the handler; zero: it did not
	askedSend time.Time
}

// pace is how a client keeps up in one direction.
type pace struct {
	bytes int64
	spent time.Duration // waiting for the client
}

// until returns when the client must have sent or read something.
func (p pace) until(now time.Time, stall time.Duration) time.Time {
	credit := stall + time.Duration(p.bytes)*time.Second/slowest - p.spent
	return now.Add(min(stall, credit))
}

// earliest returns the earliest of the times that are not zero.
func earliest(t time.Time, others ...time.Time) time.Time {
	for _, o := range others {
		if !o.IsZero() && o.Before(t) {
			t = o
		}
	}
	return t
}

// watched sets the deadlines of all requests.
func (a *transfers) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &transfer{ResponseWriter: w, all: a, rc: http.NewResponseController(w), body: r.Body}
		t.open = r.Body != nil && r.Body != http.NoBody
		if t.open {
			r = r.WithContext(r.Context()) // a copy: net/http has another use for the body's type
			r.Body = t
		}
		a.mu.Lock()
		a.running[t] = true
		a.mu.Unlock()
		defer func() {
			t.finish()
			a.mu.Lock()
			defer a.mu.Unlock()
			delete(a.running, t)
			close(a.fewer)
			a.fewer = make(chan struct{})
		}()
		next.ServeHTTP(t, r)
	})
}

// stops returns until when bodies and answers may take; zero is no limit.
func (a *transfers) stops() (read, write time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stopRead, a.stopWrite
}

// stop leaves clients a quarter of the patience to send what they began, and a half
// to read their answers.
func (a *transfers) stop(patience time.Duration) {
	a.mu.Lock()
	now := time.Now()
	a.stopRead, a.stopWrite = now.Add(patience/4), now.Add(patience/2)
	var all []*transfer
	for t := range a.running {
		all = append(all, t)
	}
	a.mu.Unlock()
	for _, t := range all {
		t.hurry()
	}
}

// wait reports whether all handlers returned before the context ended.
func (a *transfers) wait(ctx context.Context) bool {
	for {
		a.mu.Lock()
		n, fewer := len(a.running), a.fewer
		a.mu.Unlock()
		if n == 0 {
			return true
		}
		select {
		case <-fewer:
		case <-ctx.Done():
			return false
		}
	}
}

// hurry shortens the deadlines of a read and a write that are under way.
func (t *transfer) hurry() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.readBefore(t.in.until(time.Now(), t.all.stall))
	t.writeBefore()
}

// readBefore sets the deadline of reads, if there is more to read. A deadline without
// a reader would end the request's context. t.mu is held.
func (t *transfer) readBefore(at time.Time) {
	if t.open {
		stop, _ := t.all.stops()
		_ = t.rc.SetReadDeadline(earliest(at, t.askedRead, stop))
	}
}

// writeBefore sets the deadline of writes. t.mu is held.
func (t *transfer) writeBefore() {
	_, stop := t.all.stops()
	_ = t.rc.SetWriteDeadline(earliest(t.out.until(time.Now(), t.all.stall), t.askedSend, stop))
}

// Read reads from the body.
func (t *transfer) Read(p []byte) (int, error) {
	t.mu.Lock()
	began := time.Now()
	t.readBefore(t.in.until(began, t.all.stall))
	t.mu.Unlock()
	n, err := t.body.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.in.bytes += int64(n)
	t.in.spent += time.Since(began)
	if err == io.EOF {
		t.open = false
		_ = t.rc.SetReadDeadline(time.Time{})
	}
	// After another error the deadline stays: net/http reads on before it answers.
	return n, err
}

// Close closes the body.
func (t *transfer) Close() error { return t.body.Close() }

// answers is called before the answer begins.
func (t *transfer) answers() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.begun {
		t.begun = true
		t.readBefore(time.Now().Add(min(lingering, t.all.stall/4))) // it counts as time of the first write
	}
	t.writeBefore()
}

// WriteHeader begins the answer.
func (t *transfer) WriteHeader(status int) {
	t.answers()
	t.ResponseWriter.WriteHeader(status)
}

// Write writes a part of the answer.
func (t *transfer) Write(p []byte) (n int, err error) {
	for {
		t.answers()
		began := time.Now()
		m, err := t.ResponseWriter.Write(p[:min(len(p), piece)])
		t.mu.Lock()
		t.out.bytes += int64(m)
		t.out.spent += time.Since(began)
		t.mu.Unlock()
		n += m
		if p = p[m:]; err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// FlushError sends what was written.
func (t *transfer) FlushError() error {
	t.answers()
	return t.rc.Flush()
}

// finish is called when the handler has returned; net/http sends the rest.
func (t *transfer) finish() { t.answers() }

// SetReadDeadline is for [http.ResponseController]: the earlier deadline holds.
func (t *transfer) SetReadDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.askedRead = at
	t.readBefore(t.in.until(time.Now(), t.all.stall))
	return nil
}

// SetWriteDeadline is for [http.ResponseController]: the earlier deadline holds.
func (t *transfer) SetWriteDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.askedSend = at
	if !at.IsZero() {
		t.writeBefore()
	}
	return nil
}
