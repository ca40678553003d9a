// SPDX-License-Identifier: Apache-2.0

// Package fleet runs many virtual tokens in one process: it creates them, finds them,
// moves them through time, attaches their ports, logs their events, and stores them on
// disk. The fleet grows and shrinks while it runs.
//
//	f, err := fleet.New(world, fleet.Config{Count: 3, Model: model, Ports: fleet.Ports{PTY: true}})
//	defer f.Close()
//	err = f.Serve(ctx)
package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/virtual"
)

var (
	// ErrCount is the error of a fleet with too many tokens, or of a store with none.
	ErrCount = errclass.New(errclass.Usage, "invalid number of tokens")
	// ErrNotFound is the error of a token, port or snapshot that the fleet does not have.
	ErrNotFound = errclass.New(errclass.Usage, "not in the fleet")
)

const (
	// MaxCount is the largest number of tokens in a fleet.
	MaxCount = 1_000_000
	// MaxStored is the largest number of tokens in a fleet that has a store.
	MaxStored = 4000
)

// Config is the configuration of a fleet.
type Config struct {
	Count int            // number of tokens, 0 to MaxCount; ignored if Store holds a fleet
	Model *virtual.Model // model of new tokens

	// Lots are made instead of Count and Model, unless Store holds a fleet.
	Lots []Lot

	// Keyed, if it has a key, makes the serial numbers, seeds and crystals of all lots,
	// also of those that are made later.
	Keyed Keyed

	// Make creates the tokens, instead of Count and Model. It is not called if Store
	// holds a fleet.
	Make func() ([]*virtual.Token, error)

	Ports   Ports                // of each token of the start
	Store   *Store               // nil: nothing is stored
	Line    virtual.ServeOptions // options of the serial lines; Fleet sets Before, Faults and Tap itself
	LogSize int                  // entries that the log holds; 0: DefaultLogSize

	// Events, if not nil, receives every event as a JSON line, from the first on. Serve
	// ends if it fails, and Close writes the last events.
	Events io.Writer
}

// Fleet is a set of running tokens with their ports. It is safe for concurrent use.
type Fleet struct {
	world *virtual.World
	store *Store
	keyed Keyed
	line  virtual.ServeOptions
	log   *Log

	adding sync.Mutex // held while tokens are added to a fleet with a store
	saving sync.Mutex // held while the world is written to the store
	fresh  freshSteps

	// The world's clock may be moved while an operation on a token waits for it, so the
	// scheduler must reach the tokens without mu.
	blocks atomic.Pointer[[]*block]

	mu       sync.RWMutex // guards the fields below, and changes of the blocks
	last     uint32       // the highest tag given so far
	count    int
	bySerial index
	byID     index
	ports    map[string]*Port
	made     int // number of ports made so far

	snapshots map[string]*Snapshot
	gone      map[uint32][8]byte // hardware ids of removed tokens, for the log
	lots      []addedLot         // in the order of their tags
	pending   *newLot            // the lot that is saved and not added yet; nil: none

	events *eventFile // nil: none
	sched  scheduler
	serve  server
}

// Member is one token of a fleet.
type Member struct {
	Token *virtual.Token
	fleet *Fleet
	tag   uint32
}

// blockSize is the number of tokens that are looked through at once for events that are
// due.
const blockSize = 1024

type block struct {
	slots [blockSize]slot
	has   blockTraits

	mu   sync.Mutex // guards next
	next virtual.WorldTime
}

// slot is the place of a token. It is empty after the token was removed.
type slot struct {
	token atomic.Pointer[virtual.Token]
	extra *extra // nil for a token without a port that is not stored
}

// extra holds the fields that only some tokens need.
type extra struct {
	mu      sync.Mutex // guards the next fields, held while the token's file is written
	saved   uint64     // Token.Changes at the last save
	fresh   freshStep  // at the last save
	removed bool       // from the fleet: the file must not be written again

	ports []*Port // guarded by Fleet.mu
}

// New creates the tokens, or loads them from the store, and opens their ports. If it
// returns an error, no port is left open. A world has only one fleet.
func New(w *virtual.World, c Config) (*Fleet, error) {
	f := &Fleet{world: w, store: c.Store, keyed: c.Keyed, line: c.Line, log: newLog(c.LogSize), ports: map[string]*Port{}, snapshots: map[string]*Snapshot{}, gone: map[uint32][8]byte{}}
	f.blocks.Store(&[]*block{})
	f.sched.init(f)
	lots, stored, err := f.tokens(c)
	if err != nil {
		return nil, err
	}
	count := 0
	for _, l := range lots {
		count += len(l.tokens)
	}
	w.SetObserver(&f.sched)
	if err := c.Ports.Check(count); err != nil {
		return nil, err
	}
	if c.Events != nil {
		f.events = startEventFile(f, c.Events)
	}
	if err = f.addAll(lots...); err == nil {
		err = f.open(c.Ports)
	}
	if err == nil {
		// Saved last: a fleet that cannot be served leaves no files.
		err = f.saveStart(stored)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// newLot is a lot that is about to be added.
type newLot struct {
	name   string // "": its number
	tokens []*virtual.Token
	extras []*extra // of tokens that are stored already; otherwise nil
}

// tokens loads or makes the tokens of the start.
func (f *Fleet) tokens(c Config) (lots []newLot, stored bool, err error) {
	if err := c.Keyed.check(); err != nil {
		return nil, false, err
	}
	if c.Store != nil {
		if lots, stored, err = c.Store.load(f.world, &f.fresh, c.Keyed); err != nil || stored {
			return lots, stored, err
		}
	}
	if c.Make != nil {
		tokens, err := c.Make()
		return []newLot{{tokens: tokens}}, false, err
	}
	for _, l := range c.Lots {
		made, err := f.tokensOf(l)
		if err != nil {
			return nil, false, err
		}
		lots = append(lots, newLot{name: l.Name, tokens: made})
	}
	if c.Lots != nil {
		return lots, false, nil
	}
	if c.Count < 0 || c.Count > MaxCount {
		return nil, false, fmt.Errorf("%w: %d, want 0 to %d", ErrCount, c.Count, MaxCount)
	}
	tokens, err := f.makeAll(c.Count, func(r virtual.Reserved, i int) (*virtual.Token, error) {
		return r.NewToken(i, c.Model), nil
	})
	return []newLot{{tokens: tokens}}, false, err
}

// World returns the world of the tokens.
func (f *Fleet) World() *virtual.World { return f.world }

// Log returns the log of the fleet's events.
func (f *Fleet) Log() *Log { return f.log }

// Len returns the number of tokens.
func (f *Fleet) Len() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.count
}

// open opens the ports of the start. Hosts may connect at once; Serve answers them.
func (f *Fleet) open(p Ports) error {
	for m := range f.All(0) {
		for _, addr := range p.addresses(m.place()) {
			if _, err := f.Attach(m, addr, p.options(addr)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// Add takes a token of the fleet's world into the fleet. A token can be added once.
func (f *Fleet) Add(t *virtual.Token) (Member, error) {
	members, err := f.addNew(newLot{tokens: []*virtual.Token{t}})
	if err != nil {
		return Member{}, err
	}
	return members[0], nil
}

// addNew takes all tokens of a lot into the running fleet, or none. With a store, they
// are saved before: no host or client can see a token that a crash would undo.
func (f *Fleet) addNew(l newLot) ([]Member, error) {
	if f.store != nil {
		f.adding.Lock() // the next places are this lot's
		defer f.adding.Unlock()
		if err := f.saveNew(&l); err != nil {
			return nil, err
		}
	}
	if err := f.addAll(l); err != nil {
		return nil, err
	}
	members := make([]Member, len(l.tokens))
	for i, t := range l.tokens {
		members[i] = Member{t, f, t.Tag()}
	}
	return members, nil
}

// addAll takes all of the tokens into the fleet, or none.
func (f *Fleet) addAll(lots ...newLot) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, l := range lots {
		n += len(l.tokens)
	}
	if err := f.checkRoomLocked(n); err != nil {
		return err
	}
	f.growIndexesLocked(n)
	for _, l := range lots {
		for i, t := range l.tokens {
			var x *extra
			switch {
			case l.extras != nil:
				x = l.extras[i]
			case f.store != nil && t != nil:
				x = &extra{saved: t.Changes(), fresh: f.fresh.of(t)}
			}
			f.addLocked(t, x)
		}
		if len(l.tokens) > 0 {
			f.lots = append(f.lots, f.nextLotLocked(l.name, f.last))
		}
	}
	f.pending = nil
	return nil
}

// checkRoomLocked returns an error if the fleet cannot have n more tokens.
func (f *Fleet) checkRoomLocked(n int) error {
	most := MaxCount
	if f.store != nil {
		most = MaxStored
	}
	if f.count+n > most {
		return fmt.Errorf("%w: %d, want at most %d", ErrCount, f.count+n, most)
	}
	return nil
}

func (f *Fleet) addLocked(t *virtual.Token, x *extra) {
	f.last++
	tag := f.last
	if blocks := *f.blocks.Load(); (tag-1)%blockSize == 0 {
		blocks = append(blocks, &block{next: virtual.Forever})
		f.blocks.Store(&blocks)
	}
	if t == nil { // its place was kept, because it names the files of the others
		return
	}
	s := f.slot(tag)
	s.token.Store(t)
	s.extra = x
	f.count++
	f.indexLocked(tag)
	t.Observe(tag)
	f.setTraits(tag, t)
	f.sched.touch(tag, t)
}

// slot returns the slot of a tag, nil if there is none.
func (f *Fleet) slot(tag uint32) *slot {
	blocks := *f.blocks.Load()
	i := int(tag) - 1
	if i < 0 || i/blockSize >= len(blocks) {
		return nil
	}
	return &blocks[i/blockSize].slots[i%blockSize]
}

// Remove takes a token out of the fleet and closes its ports.
func (f *Fleet) Remove(m Member) error {
	id := m.Token.HardwareID()
	f.mu.Lock()
	s := f.slot(m.tag)
	if s == nil || s.token.Load() != m.Token {
		f.mu.Unlock()
		return fmt.Errorf("%w: the token was removed before", ErrNotFound)
	}
	var ports []*Port
	x := s.extra
	if x != nil {
		ports = x.ports
	}
	for _, p := range ports {
		delete(f.ports, p.id)
	}
	f.gone[m.tag] = id
	s.token.Store(nil)
	s.extra = nil
	f.count--
	f.mu.Unlock()
	var errs []error
	for _, p := range ports {
		errs = append(errs, p.remove())
	}
	m.Token.Report(virtual.EventRemoved, 0)
	return errors.Join(append(errs, f.saveRemoved(m, x))...)
}

// places returns which of the places from the first to the last hold a token, and the
// lots to which they belong. The lot that is saved and not added yet is included.
func (f *Fleet) places() (held []bool, lots []addedLot) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	held = make([]bool, f.last)
	for i := range held {
		held[i] = f.slot(uint32(i)+1).token.Load() != nil
	}
	lots = slices.Clone(f.lots)
	if l := f.pending; l != nil {
		for range l.tokens {
			held = append(held, true)
		}
		lots = append(lots, f.nextLotLocked(l.name, uint32(len(held))))
	}
	return held, lots
}

// All returns the tokens in the order in which they were added, beginning after the
// given tag; 0 begins with the first. Tokens that are added or removed meanwhile may be
// missed.
func (f *Fleet) All(after uint32) iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for tag := after + 1; ; tag++ {
			s := f.slot(tag)
			if s == nil {
				return
			}
			if t := s.token.Load(); t != nil && !yield(Member{t, f, tag}) {
				return
			}
		}
	}
}

// Tag returns the number of the token in the fleet's log, 1 for the first.
func (m Member) Tag() uint32 { return m.tag }

// extraLocked returns the extra of a member, making it if necessary.
func (f *Fleet) extraLocked(m Member) (*extra, error) {
	s := f.slot(m.tag)
	if s == nil || s.token.Load() != m.Token {
		return nil, fmt.Errorf("%w: the token was removed", ErrNotFound)
	}
	if s.extra == nil {
		s.extra = &extra{}
	}
	return s.extra, nil
}

// Serve carries bytes between the tokens and their hosts, and lets the tokens' events
// happen in time, until ctx ends, the state cannot be saved ([ErrSave]), or the events
// cannot be written ([ErrEvents]). It returns nil when ctx ends.
func (f *Fleet) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f.mu.RLock()
	var ports []*Port
	for _, p := range f.ports {
		ports = append(ports, p)
	}
	f.serve.begin(ctx, cancel)
	f.mu.RUnlock()
	for _, p := range ports {
		p.accept()
	}
	f.sched.start()
	<-ctx.Done()
	return f.serve.end()
}

// Close closes the ports and writes the last events. It may be called more than once.
func (f *Fleet) Close() error {
	f.mu.RLock()
	var ports []*Port
	for _, p := range f.ports {
		ports = append(ports, p)
	}
	f.mu.RUnlock()
	var errs []error
	for _, p := range ports {
		errs = append(errs, p.close())
	}
	if f.events != nil {
		errs = append(errs, f.events.close())
	}
	return errors.Join(errs...)
}
