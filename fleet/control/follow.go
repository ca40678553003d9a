// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/d204ef64/fob/virtual"
)

// Follower is the clock of a fleet's world, read by another process. It asks the fleet
// each time: a reading after an advance always includes the advance.
type Follower struct {
	client Client
	event  func(error)

	mu    sync.Mutex
	last  clockView
	moved chan struct{} // closed when the clock was moved or changed; nil: no one waits
	lost  bool
}

// askTimeout limits one request for the time. retryEvery is how often the Follower tries
// again to reach a fleet that is gone.
const (
	askTimeout = 10 * time.Second
	retryEvery = time.Second
)

// Follow returns the clock of the fleet that a client talks to. It fails if the fleet
// does not answer now. The function event is called with an error when the fleet does
// not answer any more, and with nil when it answers again; it must not block.
func Follow(ctx context.Context, c *Client, event func(error)) (*Follower, error) {
	f := &Follower{client: *c}
	if f.client.HTTP == nil {
		f.client.HTTP = NewHTTPClient(nil) // many requests read the clock at once
	}
	_, err := f.ask(ctx)
	f.event = event
	return f, err
}

// Now returns the world's time. If the fleet does not answer, it returns an error and
// the time of its last answer.
func (f *Follower) Now(ctx context.Context) (time.Time, error) {
	v, err := f.ask(ctx)
	return v.Now, err
}

func (f *Follower) ask(ctx context.Context) (clockView, error) {
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var v clockView
	err := f.client.Do(asking, http.MethodGet, "/v1/time", nil, &v)
	if err != nil && ctx.Err() == nil && asking.Err() != nil {
		err = fmt.Errorf("%w: %s: no answer within %v", ErrUnreachable, f.client.address(), askTimeout)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			f.changedLocked(err)
		}
		return f.last, err
	}
	f.changedLocked(nil)
	f.last = v
	return v, nil
}

// changedLocked reports the loss and the return of the fleet.
func (f *Follower) changedLocked(err error) {
	if lost := err != nil; lost != f.lost {
		f.lost = lost
		if f.event != nil {
			f.event(err)
		}
	}
}

// Run reads the fleet's events until the context ends. Wait needs it to notice when the
// clock is moved, paused, or runs at another rate.
func (f *Follower) Run(ctx context.Context) {
	for ctx.Err() == nil {
		v, err := f.ask(ctx)
		if err == nil {
			f.wake()
			_ = f.read(ctx, v.Seq) // the stream ended: ask again
		}
		f.wake()
		select {
		case <-time.After(retryEvery):
		case <-ctx.Done():
		}
	}
}

// clockEvents are the events of the world's clock.
var clockEvents = []string{
	virtual.EventAdvance.String(), virtual.EventMode.String(), virtual.EventPause.String(), virtual.EventResume.String(),
}

// read reads the events after seq until the stream ends.
func (f *Follower) read(ctx context.Context, seq uint64) error {
	_, err := f.client.events(ctx, &EventQuery{After: seq, Kinds: clockEvents}, func(StreamEvent) error {
		f.wake()
		return nil
	})
	return err
}

func (f *Follower) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.moved != nil {
		close(f.moved)
		f.moved = nil
	}
}

func (f *Follower) movedChannel() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.moved == nil {
		f.moved = make(chan struct{})
	}
	return f.moved
}

// Wait returns nil once the world's time is at or later. It needs Run, and returns the
// context's error if the context ends first. While the fleet is gone, it waits.
func (f *Follower) Wait(ctx context.Context, at time.Time) error {
	for {
		moved := f.movedChannel() // before asking, which makes a move in between visible
		v, err := f.ask(ctx)
		if err == nil && !v.Now.Before(at) {
			return ctx.Err()
		}
		var due <-chan time.Time // never, if the clock stands still or the fleet is gone
		if err == nil && !v.Paused && v.Rate > 0 {
			// Look at least once a minute, because the machine may sleep meanwhile.
			wait := min(at.Sub(v.Now).Seconds()/v.Rate, time.Minute.Seconds())
			due = time.After(time.Duration(wait*float64(time.Second)) + time.Millisecond)
		}
		select {
		case <-moved:
		case <-due:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
