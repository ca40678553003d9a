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
	// minRate is the average rate, in bytes per second, at which a client must at least
	// send or read. A client that moves one byte now and then cannot hold a connection
	// for ever.
	minRate = 512

	// lingering is how long the unread rest of a request body may still take. Before
	// net/http sends the answer, it reads up to 256 KB that the handler did not read.
	lingering = 2 * time.Second

	// writeSize is the number of answer bytes that are written under one deadline.
	writeSize = 16 << 10
)

// transfers are the requests whose bodies are arriving or whose answers are being sent.
// They may take as long as they need, but must not stall.
type transfers struct {
	stall time.Duration

	mu            sync.Mutex
	running       map[*transfer]bool
	transferEnded chan struct{} // closed and replaced when a transfer ends
	stopRead      time.Time     // deadline of all bodies; zero while the server is not stopping
	stopWrite     time.Time     // deadline of all answers
}

func newTransfers(stall time.Duration) *transfers {
	return &transfers{stall: stall, running: map[*transfer]bool{}, transferEnded: make(chan struct{})}
}

// transfer is one request. It wraps the request's body and its ResponseWriter, and sets
// all deadlines of the connection, including those that handlers ask for.
type transfer struct {
	http.ResponseWriter
	all  *transfers
	rc   *http.ResponseController
	body io.ReadCloser

	mu        sync.Mutex
	open      bool // the body may have more data
	begun     bool // the answer has begun
	in, out   pace
	askedRead time.Time // set by the handler; zero if it set none
	askedSend time.Time
}

// pace measures how well a client keeps up in one direction.
type pace struct {
	bytes int64
	spent time.Duration // time spent waiting for the client
}

// until returns the time by which the client must have sent or read something.
func (p pace) until(now time.Time, stall time.Duration) time.Time {
	credit := stall + time.Duration(p.bytes)*time.Second/minRate - p.spent
	return now.Add(min(stall, credit))
}

// earliest returns the earliest of t and the other times that are not zero.
func earliest(t time.Time, others ...time.Time) time.Time {
	for _, o := range others {
		if !o.IsZero() && o.Before(t) {
			t = o
		}
	}
	return t
}

// Watch returns a handler that ends requests whose clients stall: [Config.Stall] has the
// rules. It does not limit how long an answer or a stream of events takes.
func Watch(h http.Handler, stall time.Duration) http.Handler { return newTransfers(stall).watched(h) }

// watched sets the deadlines of all requests.
func (a *transfers) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &transfer{ResponseWriter: w, all: a, rc: http.NewResponseController(w), body: r.Body}
		t.open = r.Body != nil && r.Body != http.NoBody
		if t.open {
			r = r.WithContext(r.Context()) // a copy, because net/http also uses the type of the original body
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
			close(a.transferEnded)
			a.transferEnded = make(chan struct{})
		}()
		next.ServeHTTP(t, r)
	})
}

// stopDeadlines returns the deadlines of bodies and answers while the server stops. A
// zero time means no limit.
func (a *transfers) stopDeadlines() (read, write time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stopRead, a.stopWrite
}

// stop gives clients a quarter of the patience to finish sending, and half of it to
// read their answers.
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
		t.shortenDeadlines()
	}
}

// wait waits for all handlers. It reports whether they returned before the context
// ended.
func (a *transfers) wait(ctx context.Context) bool {
	for {
		a.mu.Lock()
		n, fewer := len(a.running), a.transferEnded
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

// shortenDeadlines shortens the deadlines of a read and a write in progress.
func (t *transfer) shortenDeadlines() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.readBefore(t.in.until(time.Now(), t.all.stall))
	t.writeBefore()
}

// readBefore sets the read deadline if the body may have more data. Without a reader,
// an expired deadline would cancel the request's context. t.mu must be held.
func (t *transfer) readBefore(at time.Time) {
	if t.open {
		stop, _ := t.all.stopDeadlines()
		_ = t.rc.SetReadDeadline(earliest(at, t.askedRead, stop))
	}
}

// writeBefore sets the write deadline. t.mu must be held.
func (t *transfer) writeBefore() {
	_, stop := t.all.stopDeadlines()
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
	// After any other error the deadline stays, because net/http reads on before it
	// answers.
	return n, err
}

// Close closes the body.
func (t *transfer) Close() error { return t.body.Close() }

// beforeWrite is called before each part of the answer is written.
func (t *transfer) beforeWrite() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.begun {
		t.begun = true
		t.readBefore(time.Now().Add(min(lingering, t.all.stall/4))) // this counts towards the first write
	}
	t.writeBefore()
}

// WriteHeader begins the answer.
func (t *transfer) WriteHeader(status int) {
	t.beforeWrite()
	t.ResponseWriter.WriteHeader(status)
}

// Write writes a part of the answer.
func (t *transfer) Write(p []byte) (n int, err error) {
	for {
		t.beforeWrite()
		began := time.Now()
		m, err := t.ResponseWriter.Write(p[:min(len(p), writeSize)])
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

// FlushError sends the buffered part of the answer.
func (t *transfer) FlushError() error {
	t.beforeWrite()
	return t.rc.Flush()
}

// finish is called when the handler has returned. net/http then sends the rest of the
// answer.
func (t *transfer) finish() { t.beforeWrite() }

// SetReadDeadline implements the deadline of [http.ResponseController]. The earlier of
// the two deadlines applies.
func (t *transfer) SetReadDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.askedRead = at
	t.readBefore(t.in.until(time.Now(), t.all.stall))
	return nil
}

// SetWriteDeadline implements the deadline of [http.ResponseController]. The earlier of
// the two deadlines applies.
func (t *transfer) SetWriteDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.askedSend = at
	if !at.IsZero() {
		t.writeBefore()
	}
	return nil
}
