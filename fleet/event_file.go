// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/d204ef64/fob/internal/errclass"
)

// ErrEvents is the error of a fleet whose events cannot be written to Config.Events. The
// fleet ends, because the file would miss the later ones: Serve returns the error.
var ErrEvents = errclass.New(errclass.Failed,
	"the fleet ends, because later events would be missing: make space or repair the folder, and start it again")

// eventFile writes every event of a fleet to a file, as JSON lines. Events are queued
// and written by a goroutine: neither the fleet nor a token waits for the disk.
type eventFile struct {
	fleet *Fleet
	w     *bufio.Writer
	wake  chan struct{} // has room for one
	done  chan struct{} // closed when the goroutine has ended
	err   error         // set before done is closed

	mu     sync.Mutex // guards the fields below
	queue  []Entry
	closed bool
	failed bool // later events are not written
}

// startEventFile begins to write the fleet's events to w.
func startEventFile(f *Fleet, w io.Writer) *eventFile {
	e := &eventFile{
		fleet: f, w: bufio.NewWriterSize(w, 64<<10), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	f.log.SetSink(e.add)
	go e.run()
	return e
}

// add queues entries. The log is locked, and so is a token.
func (e *eventFile) add(entries []Entry) {
	e.mu.Lock()
	if !e.failed && !e.closed {
		e.queue = append(e.queue, entries...)
	}
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// run writes queued entries until the file is closed.
func (e *eventFile) run() {
	defer close(e.done)
	for range e.wake {
		e.mu.Lock()
		entries, closed := e.queue, e.closed
		e.queue = nil
		e.mu.Unlock()
		if err := e.write(entries); err != nil {
			e.err = fmt.Errorf("writing the event log: %w: %w", err, ErrEvents)
			e.mu.Lock()
			e.failed, e.queue = true, nil
			e.mu.Unlock()
			e.fleet.serve.fail(e.err)
			return
		}
		if closed {
			return
		}
	}
}

// write writes entries and flushes: the file is then complete up to the last of them.
func (e *eventFile) write(entries []Entry) error {
	enc := json.NewEncoder(e.w)
	for _, entry := range entries {
		if err := enc.Encode(e.fleet.Line(entry)); err != nil {
			return err
		}
	}
	return e.w.Flush()
}

// close writes the rest. It returns the first error of all, unless Serve has returned it.
func (e *eventFile) close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
	<-e.done
	s := &e.fleet.serve
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.err != nil && s.returned && errors.Is(s.failure, e.err) {
		return nil
	}
	return e.err
}
