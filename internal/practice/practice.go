// SPDX-License-Identifier: Apache-2.0

package practice

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/line/printer"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// Config describes a practice.
type Config struct {
	Order      *order.Order
	Content    []byte // the order's file
	Recipients []journal.Recipient
	Plan       *Plan // nil: nothing goes wrong
	Tokens     int   // in the hands of all operators
	Stations   int   // each has a journal in Dir
	Ports      int   // sockets of each station
	Dir        string
	Baud       int              // bits per second on each wire; 0: no limit
	Unix       bool             // the ports are Unix sockets, and not pseudo-terminals
	Report     func(line.Event) // the second station's sockets follow the first one's; may be nil

	// Station is called with each station before it runs, and returns a function that is
	// called with its events. It may be nil.
	Station func(name string, s *line.Station) (report func(line.Event))

	// LeaveLabels makes the operators leave the labels to another person, who confirms
	// them at the stations.
	LeaveLabels bool
}

// pollInterval is the time between two looks for tokens. Virtual plugs do not bounce.
const pollInterval = 20 * time.Millisecond

// Room is a room with stations, operators and their tokens. After [Room.Run], its tokens
// and its journals can be used until [Room.Close].
type Room struct {
	Config
	world    *virtual.World
	fleet    *fleet.Fleet
	sockets  string // folder
	devices  []*device
	enrolled line.Enrolment
	ledger   *journal.SharedLedger // nil with one station
	stations []*station
	now      func() time.Time // the stations' clock; nil: this machine's
	counts   bool             // the operators count the bytes on the wires
	together bool             // a station begins when each of its sockets has a token
	job      func(*line.Job)  // changes the requirements of the order; may be nil
}

// station is a station with its journal and its operators.
type station struct {
	journal   *journal.Journal
	batch     *journal.Batch
	line      *line.Station
	operators []*operator
}

// Run programs all tokens of a room of its own, and compares the result with a perfect
// line's.
func Run(ctx context.Context, c Config) (r *Result, err error) {
	m, err := NewRoom(c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	return m.Run(ctx)
}

// NewRoom makes the tokens. The caller must close the room.
func NewRoom(c Config) (_ *Room, err error) {
	if err := c.Plan.Check(c.Tokens); err != nil {
		return nil, err
	}
	m := &Room{Config: c}
	if m.Report == nil {
		m.Report = func(line.Event) {}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.Close())
		}
	}()
	if m.sockets, err = os.MkdirTemp("", "fob"); err != nil { // short: the path of a socket is limited
		return nil, fmt.Errorf("making a folder for the ports: %w", err)
	}
	if err := m.makeTokens(); err != nil {
		return nil, err
	}
	return m, nil
}

// Run programs all tokens, and compares the result with a perfect line's. It is called
// once.
func (m *Room) Run(ctx context.Context) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- m.fleet.Serve(ctx) }()
	began := time.Now()
	err := m.prepareAndWork(ctx)
	took := time.Since(began)
	cancel()
	if err = errors.Join(err, <-served); err != nil {
		return nil, err
	}
	return m.result(context.WithoutCancel(ctx), took)
}

// World returns the world of the tokens.
func (m *Room) World() *virtual.World { return m.world }

// Made returns the tokens that were made.
func (m *Room) Made() (made []fleet.Member) {
	for _, d := range m.devices {
		if d.outcome == Made {
			made = append(made, d.member)
		}
	}
	return made
}

// Journal returns the journal of a station. 0 is the first.
func (m *Room) Journal(station int) *journal.Journal { return m.stations[station].journal }

// prepareAndWork enrols the tokens and has the operators work on them.
func (m *Room) prepareAndWork(ctx context.Context) error {
	if err := m.enrol(ctx); err != nil {
		return err
	}
	for i := range m.Stations {
		if err := m.addStation(ctx, i); err != nil {
			return err
		}
	}
	stationsCtx, stop := context.WithCancel(ctx)
	defer stop()
	running, stationsCtx := errgroup.WithContext(stationsCtx)
	working, operatorsCtx := errgroup.WithContext(stationsCtx) // ends if a station fails
	for _, s := range m.stations {
		running.Go(func() error { return s.line.Run(stationsCtx) })
		for _, o := range s.operators {
			working.Go(func() error { return o.run(operatorsCtx) })
		}
	}
	err := working.Wait()
	stop()
	if fail := running.Wait(); fail != nil {
		return fail // the operators stopped because of it
	}
	return err
}

// line is a good line.
func (m *Room) line() virtual.LineFaults { return virtual.LineFaults{Baud: m.Baud} }

// makeTokens makes the fleet of tokens, as the plan describes them.
func (m *Room) makeTokens() error {
	good, err := virtual.ModelByName(m.Order.Model)
	if err != nil {
		return err
	}
	wrong := good
	for _, p := range token.Profiles() {
		if p.Name != good.Name {
			if wrong, err = virtual.ModelByName(p.Name); err != nil {
				return err
			}
			break
		}
	}
	if m.world, err = virtual.NewWorld(virtual.Config{Mode: virtual.Real}); err != nil {
		return err
	}
	if m.fleet, err = fleet.New(m.world, fleet.Config{Model: good, Line: virtual.ServeOptions{In: m.line(), Out: m.line()}}); err != nil {
		return err
	}
	for n := 1; n <= m.Tokens; n++ {
		d := &device{number: n, fault: m.Plan.of(n)}
		model, options := good, []virtual.Option{}
		switch d.fault {
		case WrongModel:
			model = wrong
		case SlowClock:
			options = append(options, virtual.Trim(slowCrystal))
		}
		t := m.world.NewToken(model, options...)
		if d.fault == StuckSegment {
			stuck, err := virtual.ParseSegments("d0.g")
			if err != nil {
				return err
			}
			t.Break(stuck, virtual.Segments{})
		}
		if d.member, err = m.fleet.Add(t); err != nil {
			return err
		}
		m.devices = append(m.devices, d)
	}
	return nil
}

// slowCrystal is the error of the crystal of a slow clock, far beyond the limit of [NewOrder].
const slowCrystal virtual.PPM = -10_000

// enrol reads the key of each token, as its maker does, if the plan has counterfeits.
// Those are not in the list.
func (m *Room) enrol(ctx context.Context) error {
	list := line.Enrolment{}
	counterfeits := 0
	for _, d := range m.devices {
		if d.fault == Counterfeit {
			counterfeits++
		}
	}
	if counterfeits == 0 {
		return nil
	}
	for _, d := range m.devices {
		if d.fault == Counterfeit {
			continue
		}
		key, err := deviceKey(ctx, d)
		if err != nil {
			return fmt.Errorf("enrolling token %d: %w", d.number, err)
		}
		list[d.member.Token.HardwareID()] = key
	}
	m.enrolled = list
	return nil
}

// deviceKey reads the key of a token over a line in memory.
func deviceKey(ctx context.Context, d *device) (key [32]byte, err error) {
	far, near := port.Pipe()
	served := make(chan error, 1)
	go func() { served <- d.member.Token.Serve(ctx, far, virtual.ServeOptions{}) }()
	key, _, err = host.New(near).DeviceKey(ctx)
	err = errors.Join(err, near.Close())
	if fail := <-served; fail != nil && !errors.Is(fail, port.ErrGone) {
		err = errors.Join(err, fail)
	}
	return key, err
}

// StationName returns the name of a station; 0 is the first.
func StationName(i int) string { return fmt.Sprintf("station-%d", i+1) }

// addStation makes a station with its journal, its printer and its operators.
func (m *Room) addStation(ctx context.Context, i int) (err error) {
	name := StationName(i)
	dir := filepath.Join(m.Dir, name)
	if err := os.MkdirAll(filepath.Join(dir, "labels"), 0o700); err != nil {
		return fmt.Errorf("making the folder of a station: %w", err)
	}
	jc := journal.Config{Database: filepath.Join(dir, "line.db"), Create: true, Station: name}
	if m.Stations > 1 {
		if m.ledger == nil {
			if m.ledger, err = journal.OpenLedger(ctx, filepath.Join(m.Dir, "ledger.db"), true); err != nil {
				return err
			}
		}
		jc.Ledger = m.ledger
	}
	s := &station{}
	m.stations = append(m.stations, s)
	if s.journal, err = journal.OpenFile(ctx, jc); err != nil {
		return err
	}
	if s.batch, err = s.journal.Batch(ctx, m.Order, m.Content, m.Recipients); err != nil {
		return err
	}
	labels, err := printer.Open("file:" + filepath.Join(dir, "labels"))
	if err != nil {
		return err
	}
	scheme := port.PTY
	if m.Unix {
		scheme = port.Unix
	}
	var addrs []string
	b := newBox(m.Ports)
	mails := map[string]*mail{}
	for k := range m.Ports {
		addr := fmt.Sprintf("%s:%s/s%d-p%02d", scheme, m.sockets, i+1, k+1)
		o := &operator{room: m, box: b, number: k + 1, addr: addr, mail: newMail()}
		s.operators = append(s.operators, o)
		mails[addr] = o.mail
		addrs = append(addrs, addr)
	}
	for n, d := range m.devices { // the tokens are dealt out to the stations
		if n%m.Stations == i {
			b.devices = append(b.devices, d)
		}
	}
	find, err := line.Ports(addrs...)
	if err != nil {
		return err
	}
	if m.together {
		find = together(find, min(len(addrs), len(b.devices)))
	}
	job := line.JobOf(m.Order)
	if m.job != nil {
		m.job(&job)
	}
	report := func(line.Event) {}
	s.line = line.New(line.Config{
		Job: job, Journal: s.batch, Key: host.InsecureTestStationKey(), Find: find, Enrolment: m.enrolled,
		Printer:   line.NewPrinter(m.Order, labels, line.LabelOptions{Format: printer.ZPL, DPI: 300}),
		HostClock: func(context.Context) error { return nil }, // virtual tokens keep this machine's time
		Poll:      pollInterval,
		Now:       m.now,
		Report: func(e line.Event) {
			mails[e.Socket].add(e)
			report(e)
			e.Number += i * m.Ports
			m.Report(e)
		},
	})
	if m.Station != nil {
		report = m.Station(name, s.line)
	}
	for _, o := range s.operators {
		o.station = s.line
	}
	return nil
}

// Close closes the journals and removes the ports.
func (m *Room) Close() (err error) {
	for _, s := range m.stations {
		if s.batch != nil {
			s.batch.Close()
		}
		if s.journal != nil {
			err = errors.Join(err, s.journal.Close())
		}
	}
	if m.ledger != nil {
		err = errors.Join(err, m.ledger.Close())
	}
	if m.fleet != nil {
		err = errors.Join(err, m.fleet.Close())
	}
	if m.sockets != "" {
		err = errors.Join(err, os.RemoveAll(m.sockets))
	}
	return err
}
