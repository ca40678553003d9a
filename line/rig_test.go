// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/line/linetest"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

const patience = linetest.Patience

var quick = linetest.Quick

// bench is a workbench: virtual tokens, sockets in which they are plugged in, and a station.
type bench struct {
	t       testing.TB
	rig     *linetest.Rig
	dir     string // of the journal
	sockets string // folder of the sockets
	fleet   *fleet.Fleet
	model   *virtual.Model
	order   *order.Order
	batch   *journal.Batch
	config  line.Config

	mu      sync.Mutex // guards the fields below
	changed *sync.Cond
	events  []line.Event
	stop    func() error
}

// newBench makes a bench, without devices.
func newBench(t testing.TB, replacements ...string) *bench {
	t.Helper()
	r := linetest.NewRig(t, replacements...)
	b := &bench{t: t, rig: r, dir: r.Dir, sockets: r.Sockets, order: r.Order}
	b.changed = sync.NewCond(&b.mu)
	w, err := virtual.NewWorld(virtual.Config{Mode: virtual.Real, Seed: 7})
	require.NoError(t, err)
	b.model, err = virtual.ModelByName("button-6")
	require.NoError(t, err)
	b.fleet, err = fleet.New(w, fleet.Config{Model: b.model})
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%+v", b.events)
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- b.fleet.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-served)
		require.NoError(t, b.fleet.Close())
	})
	b.batch = journaltest.Batch(t, r.Dir, r.Order, r.Content)
	b.config = line.Config{
		Job: line.JobOf(b.order), Journal: b.batch, Key: host.InsecureTestStationKey(), Find: r.Find(t), Report: b.report,
		HostClock: func(context.Context) error { return nil }, Poll: 10 * time.Millisecond,
	}
	return b
}

// device makes a blank token.
func (b *bench) device(options ...virtual.Option) fleet.Member {
	b.t.Helper()
	m, err := b.fleet.Add(b.fleet.World().NewToken(b.model, options...))
	require.NoError(b.t, err)
	return m
}

// plug plugs a token into a socket.
func (b *bench) plug(m fleet.Member, socket int) *fleet.Port {
	b.t.Helper()
	return b.attach(m, b.rig.Socket(socket))
}

func (b *bench) attach(m fleet.Member, addr string) *fleet.Port {
	b.t.Helper()
	for {
		p, err := b.fleet.Attach(m, addr)
		if errors.Is(err, port.ErrBusy) { // a program that this process starts now holds its files
			time.Sleep(time.Millisecond)
			continue
		}
		require.NoError(b.t, err)
		return p
	}
}

// pull pulls a token out for good.
func (b *bench) pull(p *fleet.Port) {
	b.t.Helper()
	require.NoError(b.t, b.fleet.Detach(p))
}

// close closes the journal, for a station that is a process of its own.
func (b *bench) close() { require.NoError(b.t, b.batch.Journal.Close()) }

func (b *bench) report(e line.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
	b.changed.Broadcast()
}

// start starts the station, which stops at the end of the test or by b.stop.
func (b *bench) start() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- line.New(b.config).Run(ctx) }()
	var once sync.Once
	var err error
	b.stop = func() error {
		once.Do(func() {
			cancel()
			err = <-ended
		})
		return err
	}
	b.t.Cleanup(func() { _ = b.stop() })
}

// wait waits for an event from the n-th on, and returns the number of events until then.
func (b *bench) wait(n int, what string, f func(line.Event) bool) (line.Event, int) {
	b.t.Helper()
	late := false
	timer := time.AfterFunc(patience, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		late = true
		b.changed.Broadcast()
	})
	defer timer.Stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		for ; n < len(b.events); n++ {
			if f(b.events[n]) {
				return b.events[n], n + 1
			}
		}
		if late {
			require.FailNow(b.t, "no event: "+what, "%+v", b.events)
		}
		b.changed.Wait()
	}
}

// result waits for the result of the device in a socket.
func (b *bench) result(n int, socket int) (line.Event, int) {
	b.t.Helper()
	return b.wait(n, "result", func(e line.Event) bool {
		return strings.HasSuffix(e.Socket, fmt.Sprintf("/s%02d", socket)) && (e.Result == line.Pass || e.Result == line.Fail || e.Result == line.Known)
	})
}

// count returns the number of events so far.
func (b *bench) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.events)
}

// one plugs a token in, waits for its result and pulls it out.
func (b *bench) one(m fleet.Member, socket int) line.Event {
	b.t.Helper()
	n := b.count()
	p := b.plug(m, socket)
	e, n := b.result(n, socket)
	b.pull(p)
	b.wait(n, "wait", func(e line.Event) bool {
		return strings.HasSuffix(e.Socket, fmt.Sprintf("/s%02d", socket)) && e.Result == line.Waiting
	})
	return e
}

// oathtool returns the code of a seed at a time.
func oathtool(t testing.TB, seed token.Seed, at time.Time) string {
	cmd := exec.CommandContext(t.Context(), tooltest.Find(t, "oathtool"), "--totp=sha1", "-s", "60", "-d", "6",
		"--now", at.UTC().Format("2006-01-02 15:04:05 UTC"), "-")
	cmd.Stdin = strings.NewReader(seed.ExposeHex())
	out, err := cmd.Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// check checks all devices against the journal: each unit that is done is a locked device,
// which shows the codes of the seed that the customer gets, by oathtool.
func (b *bench) check() {
	b.t.Helper()
	seeds := journaltest.Seeds(b.t, b.batch)
	list, next, err := b.batch.Units(b.t.Context(), b.order.ID, journal.UnitFilter{State: journal.Done})
	require.NoError(b.t, err)
	require.Empty(b.t, next)
	require.Len(b.t, seeds, len(list))
	for _, u := range list {
		m, err := b.fleet.Find(u.HardwareID.String())
		require.NoError(b.t, err)
		require.Equal(b.t, serialproto.StateLocked, m.Token.State())
		serial, expiry := m.Token.BackLabel()
		require.Equal(b.t, u.Serial, serial)
		require.Equal(b.t, u.Expiry, expiry)
		c, err := m.Code(b.t.Context(), fleet.CodeOptions{MinLeft: time.Second})
		require.NoError(b.t, err)
		seed, ok := seeds[u.Serial.String()]
		require.True(b.t, ok)
		require.Equal(b.t, oathtool(b.t, seed, time.Unix(c.Step*60, 0)), c.Text, u.Serial)
	}
	report, err := b.batch.Verify(b.t.Context(), "")
	require.NoError(b.t, err)
	require.Empty(b.t, report.Faults)
	station, _, err := b.batch.SeedsLeft(b.t.Context(), b.order.ID)
	require.NoError(b.t, err)
	unfinished, err := b.batch.Unfinished(b.t.Context(), b.order.ID)
	require.NoError(b.t, err)
	early := 0
	for _, u := range unfinished {
		switch u.State {
		case journal.Allocated, journal.Sent, journal.Confirmed:
			early++
		}
	}
	require.EqualValues(b.t, early, station, "the station keeps only the seeds that it needs")
}
