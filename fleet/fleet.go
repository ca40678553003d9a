// SPDX-License-Identifier: Apache-2.0

// Package fleet runs many virtual tokens in one process: it creates them, opens the
// ports of each, and stores them on disk.
//
//	f, err := fleet.New(world, fleet.Config{Count: 3, Model: model, Ports: fleet.Ports{PTY: true}})
//	defer f.Close()
//	err = f.Serve(ctx)
package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// ErrCount is the error of a fleet with no tokens or with too many.
var ErrCount = errclass.New(errclass.Usage, "invalid number of tokens")

// errSave marks a token that could not be saved.
var errSave = errors.New("cannot save a token's state")

// MaxCount is the largest number of tokens in a fleet.
const MaxCount = 4000

// Config is the configuration of a fleet.
type Config struct {
	Count int            // number of tokens, 1 to MaxCount; ignored if Store holds a fleet
	Model *virtual.Model // model of new tokens

	// Make creates the tokens, instead of Count and Model. It is not called if Store
	// holds a fleet.
	Make func() ([]*virtual.Token, error)

	Ports Ports
	Store *Store               // nil: nothing is stored
	Line  virtual.ServeOptions // options of the serial lines; Fleet sets Before itself
}

// Fleet is a set of running tokens with their ports.
type Fleet struct {
	members []*Member
	store   *Store
	line    virtual.ServeOptions
}

// Member is one token of a fleet.
type Member struct {
	Token     *virtual.Token
	listeners []port.Listener

	mu    sync.Mutex // guards saved
	saved uint64     // Token.Changes at the last save
}

// Ports returns the addresses at which the token can be opened.
func (m *Member) Ports() []string {
	var addrs []string
	for _, l := range m.listeners {
		addrs = append(addrs, l.Addr())
	}
	return addrs
}

// New creates the tokens, or loads them from the store, and opens their ports. If it
// returns an error, no port is left open.
func New(w *virtual.World, c Config) (*Fleet, error) {
	f := &Fleet{store: c.Store, line: c.Line}
	var stored []*virtual.Token
	if c.Store != nil {
		var err error
		if stored, err = c.Store.load(w); err != nil {
			return nil, err
		}
		for _, t := range stored {
			f.members = append(f.members, &Member{Token: t, saved: t.Changes()})
		}
	}
	if len(f.members) == 0 && c.Make != nil {
		made, err := c.Make()
		if err != nil {
			return nil, err
		}
		for _, t := range made {
			f.members = append(f.members, &Member{Token: t})
		}
	}
	if len(f.members) == 0 {
		if c.Count < 1 || c.Count > MaxCount {
			return nil, fmt.Errorf("%w: %d, want 1 to %d", ErrCount, c.Count, MaxCount)
		}
		for range c.Count {
			f.members = append(f.members, &Member{Token: w.NewToken(c.Model)})
		}
	}
	err := f.open(c.Ports)
	if err == nil {
		// Saved last: a fleet that cannot be served leaves no files.
		err = f.saveStart(w, len(stored) > 0)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// open opens the ports. Hosts may connect at once; Serve answers them.
func (f *Fleet) open(p Ports) error {
	if err := p.Check(len(f.members)); err != nil { // a store has a fixed number of tokens
		return err
	}
	for i, m := range f.members {
		var err error
		if m.listeners, err = p.Listen(i); err != nil {
			return err
		}
	}
	return nil
}

// saveStart writes the fleet to the store at the start of a run. If the tokens came
// from the store, it writes only the world, whose clock may have changed.
func (f *Fleet) saveStart(w *virtual.World, stored bool) error {
	if f.store == nil {
		return nil
	}
	if stored {
		return f.store.saveWorld(w, len(f.members))
	}
	if err := f.store.begin(); err != nil {
		return err
	}
	if err := f.Save(w); err != nil {
		return err
	}
	return f.store.finish()
}

// Members returns the tokens in order, starting with token 0.
func (f *Fleet) Members() []*Member { return f.members }

// Serve carries bytes between the tokens and their hosts until ctx ends or a
// token's state cannot be saved. It returns nil when ctx ends.
func (f *Fleet) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var once sync.Once
	var failure error
	fail := func(err error) {
		once.Do(func() { failure = err })
		cancel()
	}
	var wait sync.WaitGroup
	for i, m := range f.members {
		for _, l := range m.listeners {
			wait.Go(func() {
				f.accept(ctx, i, m, l, fail)
			})
		}
	}
	<-ctx.Done()
	wait.Wait()
	return failure
}

// accept serves every host that connects to one listener. It calls failed for errors
// that must end the whole fleet.
func (f *Fleet) accept(ctx context.Context, i int, m *Member, l port.Listener, failed func(error)) {
	var wait sync.WaitGroup
	defer wait.Wait()
	o := f.line
	o.Before = func() error { return f.saveMember(i, m) }
	for {
		p, err := l.Accept(ctx)
		if err != nil {
			if ctx.Err() == nil {
				failed(err)
			}
			return
		}
		wait.Go(func() {
			// A host that disconnects is not a failure of the fleet.
			if err := m.Token.Serve(ctx, p, o); errors.Is(err, errSave) {
				failed(err)
			}
		})
	}
}

// saveMember writes the token to the store if the token has changed.
func (f *Fleet) saveMember(i int, m *Member) error {
	if f.store == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	changes := m.Token.Changes()
	if changes == m.saved {
		return nil
	}
	if err := f.store.saveToken(i, m.Token); err != nil {
		return fmt.Errorf("%w: %w", errSave, err)
	}
	m.saved = changes
	return nil
}

// Save writes everything to the store, including the world's clock.
func (f *Fleet) Save(w *virtual.World) error {
	if f.store == nil {
		return nil
	}
	for i, m := range f.members {
		m.saved = m.Token.Changes()
		if err := f.store.saveToken(i, m.Token); err != nil {
			return err
		}
	}
	return f.store.saveWorld(w, len(f.members))
}

// Close closes the ports. It may be called more than once.
func (f *Fleet) Close() error {
	var errs []error
	for _, m := range f.members {
		for _, l := range m.listeners {
			errs = append(errs, l.Close())
		}
		m.listeners = nil
	}
	return errors.Join(errs...)
}
