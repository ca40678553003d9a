// SPDX-License-Identifier: Apache-2.0

package line

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto/host"
)

// Config is the equipment of a station.
type Config struct {
	Job       Job
	Journal   *journal.Batch
	Key       host.StationKey // seals provisioning messages
	Find      Finder          // finds devices
	Enrolment Enrolment       // keys of the devices that may be programmed; nil: all
	Printer   Printer         // nil: no labels
	Report    func(Event)     // is called with every event, one after the other; may be nil
	Random    io.Reader       // of seeds; nil: crypto/rand
	Resume    bool            // finish the units that were begun before, and begin no other

	// HostClock returns an error unless the station's clock can be trusted; nil asks this
	// machine with [HostClock]. With Unsynchronised, the station works in spite of the
	// error, which goes on record.
	HostClock      func(context.Context) error
	Unsynchronised bool

	// Now is the station's clock; nil is time.Now. Sleep waits by that clock; nil is for
	// clocks that keep the time of this machine.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error

	Poll time.Duration // time between two looks for devices; 0: 250 ms
}

// pollInterval is the time between two looks for devices. A device is used when two looks
// in a row have found it, because a plug bounces.
const pollInterval = 250 * time.Millisecond

// Station programs the devices in all of its sockets at once.
type Station struct {
	job            Job
	journal        *journal.Batch
	key            host.StationKey
	find           Finder
	enrolment      Enrolment
	printer        Printer
	report         func(Event)
	random         io.Reader
	hostClock      func(context.Context) error
	unsynchronised bool
	resume         bool
	now            func() time.Time
	sleep          func(context.Context, time.Duration) error
	scaled         bool // now is not the clock of this machine
	poll           time.Duration
	sockets        map[string]*socket // only Run uses it

	keyAccepted atomic.Bool // a device has accepted the station's key in this run

	mu       sync.Mutex // guards the fields below
	seq      uint64
	order    []*socket               // as they were found; only Run changes it
	working  map[host.HardwareID]int // socket that works on a device
	clockErr error                   // why the clock cannot be trusted now
}

// New returns a station. Nothing is opened before [Station.Run].
func New(c Config) *Station {
	s := &Station{
		job: c.Job, journal: c.Journal, key: c.Key, find: c.Find, enrolment: c.Enrolment, printer: c.Printer,
		report: c.Report, random: c.Random, hostClock: c.HostClock, unsynchronised: c.Unsynchronised, resume: c.Resume, now: c.Now, sleep: c.Sleep,
		scaled: c.Sleep != nil, poll: c.Poll, sockets: map[string]*socket{}, working: map[host.HardwareID]int{},
	}
	if s.report == nil {
		s.report = func(Event) {}
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	if s.hostClock == nil {
		s.hostClock = HostClock(hostClockLimit)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.sleep == nil {
		s.sleep = sleep
	}
	if s.poll == 0 {
		s.poll = pollInterval
	}
	return s
}

// Run programs devices until ctx ends, which is not an error, or the journal fails. A unit
// that is being programmed is left as it is: the next run goes on with it. The error wraps
// [ErrClock] if the station's clock cannot be trusted, [ErrStationKey] if the first device
// refuses the station's key, or [journal.ErrJournal].
func (s *Station) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel(nil)
	for _, prepare := range []func(context.Context) error{s.checkClock, s.owed} {
		if err := prepare(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	work := func(list []*socket) {
		for _, k := range list {
			workers.Go(func() {
				if err := k.run(ctx); err != nil {
					cancel(err)
				}
			})
		}
	}
	work(s.order) // only this function adds to it
	if !s.resume {
		s.journal.Reserve()
	}
	workers.Go(func() { s.watchClock(ctx) })
	tick := time.NewTicker(s.poll)
	defer tick.Stop()
	for {
		found, err := s.find()
		if err != nil {
			return fmt.Errorf("looking for devices: %w", err)
		}
		fresh, err := s.update(ctx, found)
		if err != nil && ctx.Err() == nil {
			return err
		}
		work(fresh)
		select {
		case <-ctx.Done():
			workers.Wait()
			if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
				return cause
			}
			return nil
		case <-tick.C:
		}
	}
}

// update passes the addresses of devices to the workers, and returns the workers of new
// sockets.
func (s *Station) update(ctx context.Context, found []Socket) (fresh []*socket, err error) {
	present := map[string]string{}
	for _, f := range found {
		present[f.Name] = f.Addr
		k, err := s.socket(ctx, f.Name)
		if err != nil {
			return nil, err
		}
		if k != nil {
			fresh = append(fresh, k)
		}
	}
	for name, k := range s.sockets {
		k.seen(present[name])
	}
	return fresh, nil
}

// socket adds a socket, and returns it. It returns nil if the station has it already.
func (s *Station) socket(ctx context.Context, name string) (*socket, error) {
	if s.sockets[name] != nil {
		return nil, nil
	}
	number, err := s.journal.SocketNumber(ctx, name)
	if err != nil {
		return nil, err
	}
	k := &socket{station: s, name: name, number: number, changed: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
	s.sockets[name] = k
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = append(s.order, k)
	return k, nil
}

// claim keeps other workers from a device that has several ports, until release is called.
// If another worker has it, claim returns the number of its socket.
func (s *Station) claim(id host.HardwareID, number int) (release func(), other int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.working[id]; other != 0 {
		return nil, other
	}
	s.working[id] = number
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.working, id)
	}, 0
}

// emit numbers an event and reports it.
func (s *Station) emit(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	e.Seq, e.Time = s.seq, time.Now().UTC()
	s.report(e)
}
