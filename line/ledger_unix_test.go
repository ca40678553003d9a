// SPDX-License-Identifier: Apache-2.0

//go:build unix

package line_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	cryptorand "crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/audit"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
)

// sharingEnv has the parameters of a child process.
const sharingEnv = "FOB_LINE_SHARING"

// sharingChild are the parameters of a child process.
type sharingChild struct{ Dir, Sockets, Master, Ledger string }

// sharedConfig returns the configuration of a journal that shares a ledger.
func sharedConfig(t testing.TB, dir, master, name, ledger string) journal.Config {
	c := journaltest.Config(t, dir, master)
	seed := sha256.Sum256([]byte("key of " + name))
	c.Station, c.Key, c.Ledger = name, ed25519.NewKeyFromSeed(seed[:]), journal.NewLedger(ledger)
	return c
}

// sharing is a station that shares a ledger. Its sockets are s10 to s19 for station 1.
type sharing struct {
	*bench
	dir     string
	name    string
	number  int
	ledger  *journal.SharedLedger
	journal *journal.Journal
	batch   *journal.Batch
	stop    func() error
	pause   *sync.RWMutex // is locked while the operators must not begin a device
}

// open opens the journal of a station.
func (s *sharing) open(ledger string) {
	s.t.Helper()
	c := sharedConfig(s.t, s.dir, journaltest.Master(), s.name, ledger)
	j, err := journal.Open(s.t.Context(), c)
	require.NoError(s.t, err)
	s.ledger, s.journal = c.Ledger, j
	recipients, err := journal.Recipients(s.order, nil)
	require.NoError(s.t, err)
	s.batch, err = j.Batch(s.t.Context(), s.order, s.rig.Content, recipients)
	require.NoError(s.t, err)
}

func (s *sharing) close() {
	s.t.Helper()
	s.batch.Close()
	require.NoError(s.t, s.journal.Close())
	require.NoError(s.t, s.ledger.Close())
}

// start starts the station in this process.
func (s *sharing) start() {
	s.t.Helper()
	c := s.config
	c.Journal, c.Find = s.batch, s.finder()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- line.New(c).Run(ctx) }()
	s.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	s.t.Cleanup(func() { _ = s.stop() })
}

func (s *sharing) finder() line.Finder {
	find, err := line.Ports(fmt.Sprintf("pty:%s/s%d?", s.sockets, s.number))
	require.NoError(s.t, err)
	return find
}

// newSharing makes a bench and two stations that share a ledger.
func newSharing(t *testing.T, ledger string, count int) (*bench, [2]*sharing) {
	b := newBench(t, append(quick, "count: 10", "count: "+strconv.Itoa(count), "ZZFB00000012", fmt.Sprintf("ZZFB%08d", count+30))...)
	b.config.Job.DriftLimit = 0
	var list [2]*sharing
	pause := new(sync.RWMutex)
	for i := range list {
		list[i] = &sharing{bench: b, dir: t.TempDir(), name: fmt.Sprintf("station-%d", i+1), number: i + 1, pause: pause}
		list[i].open(ledger)
	}
	return b, list
}

// work has an operator make tokens in a socket until the order needs no more. A device that
// got no serial number is plugged in again.
func (s *sharing) work(socket int, passed *atomic.Int64, over func() bool) {
	socket += 10 * s.number
	m := s.device()
	for !over() {
		s.pause.RLock()
		e := s.one(m, socket)
		if e.Result == line.Pass {
			passed.Add(1)
		}
		s.pause.RUnlock()
		switch {
		case e.Result == line.Pass:
			m = s.device()
		case strings.Contains(e.Reason, journal.ErrComplete.Error()), strings.Contains(e.Reason, journal.ErrNumbers.Error()):
			// A unit of the other station may still become void.
		case strings.Contains(e.Reason, journal.ErrLedger.Error()), strings.Contains(e.Reason, journal.ErrElsewhere.Error()):
		default:
			s.t.Errorf("%s: %+v", s.name, e)
			return
		}
	}
}

// proved audits both journals and the ledger, and compares all devices with the journals.
func proved(b *bench, ledger string, list ...*sharing) {
	t := b.t
	t.Helper()
	ctx := t.Context()
	numbers := map[int64]string{}
	done := 0
	for _, s := range list {
		require.Eventually(t, func() bool { return s.journal.Sync(ctx) == nil }, patience, 10*time.Millisecond)
		r, err := audit.Run(ctx, s.journal, audit.Options{})
		require.NoError(t, err)
		require.Empty(t, r.Faults)
		seeds := journaltest.Seeds(t, s.batch)
		page := journal.UnitFilter{}
		for next := "x"; next != ""; page.After = next {
			var units []journal.Unit
			units, next, err = s.batch.Units(ctx, b.order.ID, page)
			require.NoError(t, err)
			for _, u := range units {
				require.NotContains(t, numbers, u.Number, "a number was used twice")
				numbers[u.Number] = s.name
				if u.State != journal.Done {
					continue
				}
				done++
				m, err := b.fleet.Find(u.HardwareID.String())
				require.NoError(t, err)
				require.Equal(t, serialproto.StateLocked, m.Token.State())
				serial, _ := m.Token.BackLabel()
				require.Equal(t, u.Serial, serial)
				seed, _ := m.Token.Secrets()
				require.True(t, seed.Equal(seeds[u.Serial.String()]))
			}
		}
	}
	require.Equal(t, b.order.Count, done)
	l, err := journal.OpenLedger(ctx, ledger, false)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	r, err := audit.RunShared(ctx, l)
	require.NoError(t, err)
	require.Empty(t, r.Faults)
	require.Len(t, r.Orders, 1)
	require.EqualValues(t, b.order.Count, r.Orders[0].Done)
	for i, c := range r.Stations { // the copies are complete
		head := int64(0)
		require.NoError(t, list[i].journal.Records(ctx, 0, func(r journal.Record) error { head = r.Seq; return nil }))
		require.Equal(t, head, c.Records)
	}
	t.Logf("%+v", r.Orders[0])
}

// reserve waits until the stations have numbers left.
func reserve(t *testing.T, ledger string, count int64) {
	t.Helper()
	l, err := journal.OpenLedger(t.Context(), ledger, false)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	require.Eventually(t, func() bool {
		orders, err := l.Orders(t.Context())
		require.NoError(t, err)
		left := int64(0)
		for _, s := range orders[0].Stations {
			left += s.Unused
		}
		return left >= count
	}, patience, 10*time.Millisecond)
}

// TestLedgerStopped has two stations work on one order, whose PostgreSQL is stopped, killed
// and started again and again. Nothing is lost, and no number is used twice.
func TestLedgerStopped(t *testing.T) {
	server := pgtest.Start(t)
	ledger := server.Database(t)
	const count, sockets = 60, 3
	b, list := newSharing(t, ledger, count)
	var passed atomic.Int64
	over := func() bool { return passed.Load() >= count || t.Failed() }
	var operators sync.WaitGroup
	for _, s := range list {
		s.start()
		for socket := range sockets {
			operators.Go(func() { s.work(socket, &passed, over) })
		}
	}
	until := func(n int64) {
		require.Eventually(t, func() bool { return passed.Load() >= n || t.Failed() }, patience, time.Millisecond)
	}
	until(6)
	pause := list[0].pause
	pause.Lock() // PostgreSQL may need longer to stop than the stations for the whole order
	reserve(t, ledger, 8)
	server.Stop(t)
	n := passed.Load()
	pause.Unlock()
	until(n + 4) // from the numbers in reserve
	server.Restart(t)
	stops := 1
	for !over() {
		if stops++; stops%2 == 0 {
			server.Kill(t)
		} else {
			server.Stop(t)
		}
		time.Sleep(rand.N(time.Second)) // the stations work meanwhile
		server.Restart(t)
		time.Sleep(rand.N(2 * time.Second))
	}
	operators.Wait()
	require.False(t, t.Failed())
	t.Logf("PostgreSQL was stopped %d times", stops)
	for _, s := range list {
		require.NoError(t, s.stop())
	}
	proved(b, ledger, list[:]...)
	for _, s := range list {
		s.close()
	}
}

// TestLedgerChild is not a test: it is a station that TestLedgerKill kills.
func TestLedgerChild(t *testing.T) {
	text := os.Getenv(sharingEnv)
	if text == "" {
		t.Skip("the child of another test")
	}
	var p sharingChild
	require.NoError(t, json.Unmarshal([]byte(text), &p))
	content, err := os.ReadFile(filepath.Join(p.Dir, "order.yaml"))
	require.NoError(t, err)
	o, err := order.Parse(content)
	require.NoError(t, err)
	j, err := journal.Open(t.Context(), sharedConfig(t, p.Dir, p.Master, "station-2", p.Ledger))
	require.NoError(t, err)
	find, err := line.Ports("pty:" + filepath.Join(p.Sockets, "s2?"))
	require.NoError(t, err)
	job := line.JobOf(o)
	job.DriftLimit = 0
	out := json.NewEncoder(os.Stderr)
	err = line.New(line.Config{
		Job: job, Journal: journaltest.Begin(t, j, o, content), Key: host.InsecureTestStationKey(), Find: find,
		Report: func(e line.Event) { _ = out.Encode(e) }, HostClock: func(context.Context) error { return nil }, Poll: 5 * time.Millisecond,
	}).Run(t.Context())
	require.NoError(t, err)
}

// TestLedgerKill kills one of two stations with SIGKILL while it works. The other one makes
// its units, and at last the rest of the order, after the journal of the first gave its
// numbers back.
func TestLedgerKill(t *testing.T) {
	const count, sockets = 30, 3
	ledger := pgtest.Database(t)
	b, list := newSharing(t, ledger, count)
	one, two := list[0], list[1]
	two.close()
	require.NoError(t, os.WriteFile(filepath.Join(two.dir, "order.yaml"), b.rig.Content, 0o600))
	child := exec.Command(os.Args[0], "-test.run=^TestLedgerChild$", "-test.count=1")
	text, err := json.Marshal(sharingChild{two.dir, b.sockets, journaltest.Master(), ledger})
	require.NoError(t, err)
	child.Env = append(os.Environ(), sharingEnv+"="+string(text))
	pipe, err := child.StderrPipe()
	require.NoError(t, err)
	var out bytes.Buffer
	child.Stdout = &out
	require.NoError(t, child.Start())
	var reading sync.WaitGroup
	steps := make(chan line.Event, 1<<12)
	other := ""
	reading.Go(func() {
		defer close(steps)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			var e line.Event
			if json.Unmarshal(lines.Bytes(), &e) == nil {
				steps <- e
			} else {
				other += lines.Text() + "\n"
			}
		}
	})
	for socket := range sockets {
		b.plug(b.device(), 20+socket)
	}
	allocated := false
	for after := rand.IntN(25); after > 0 || !allocated; after-- {
		e, open := <-steps
		if !open {
			err := child.Wait()
			require.Fail(t, "the child ended", "%v %s %s", err, other, &out)
		}
		allocated = allocated || e.Serial != ""
	}
	require.NoError(t, child.Process.Kill())
	for range steps {
	}
	reading.Wait()
	_ = child.Wait()

	one.start()
	var passed atomic.Int64
	stuck := make(chan struct{})
	var once sync.Once
	var operators sync.WaitGroup
	ready := atomic.Bool{}
	b.mu.Lock()
	n := len(b.events)
	b.mu.Unlock()
	go func() {
		b.wait(n, "no numbers", func(e line.Event) bool {
			return strings.Contains(e.Reason, journal.ErrElsewhere.Error()) || strings.Contains(e.Reason, journal.ErrComplete.Error())
		})
		once.Do(func() { close(stuck) })
	}()
	for socket := range sockets {
		operators.Go(func() {
			one.work(socket, &passed, func() bool { return ready.Load() && allDone(t, one, two) || t.Failed() })
		})
	}
	<-stuck // the rest of the numbers is with the station that was killed

	two.open(ledger)
	left, err := two.batch.Unfinished(t.Context(), b.order.ID)
	require.NoError(t, err)
	for _, u := range left {
		require.NoError(t, two.batch.Void(t.Context(), &u, "the device did not come back", journal.BinSuspect))
	}
	back, err := two.journal.GiveBack(t.Context())
	require.NoError(t, err)
	t.Logf("%d units were unfinished, and %d numbers given back", len(left), back)
	ready.Store(true)
	operators.Wait()
	require.NoError(t, one.stop())
	proved(b, ledger, list[:]...)
	one.close()
	two.close()
}

// allDone reports whether the stations have done their order together.
func allDone(t *testing.T, list ...*sharing) bool {
	done := int64(0)
	for _, s := range list {
		c, err := s.batch.Counts(t.Context())
		if err != nil {
			t.Error(err)
			return true
		}
		done += c.Done
	}
	return done >= int64(list[0].order.Count)
}

// TestLedgerClone plugs in a device with the key of one that another station has finished.
// The ledger finds that while the device is programmed, and the unit is given up.
func TestLedgerClone(t *testing.T) {
	ledger := filepath.Join(t.TempDir(), "ledger.db")
	b, list := newSharing(t, ledger, 10)
	one, two := list[0], list[1]
	m := b.device()
	p := b.plug(m, 29)
	open, err := port.Open(t.Context(), p.Addr())
	require.NoError(t, err)
	key, _, err := host.New(open).DeviceKey(t.Context())
	require.NoError(t, err)
	require.NoError(t, open.Close())
	b.pull(p)
	seed, err := token.GenerateSeed(cryptorand.Reader, token.DefaultSeedLen)
	require.NoError(t, err)
	u, err := one.batch.Start(t.Context(), journal.Device{HardwareID: m.Token.HardwareID(), Key: key, Socket: "usb 1-1"}, seed)
	require.NoError(t, err)
	require.NoError(t, one.batch.Verified(t.Context(), &u, seed))
	require.NoError(t, one.batch.Advance(t.Context(), &u, journal.Locked, journal.Labelled, journal.Done))
	require.NoError(t, one.journal.Sync(t.Context()))

	report := b.config.Report
	b.config.Report = func(e line.Event) {
		if e.Step == line.StepCodes { // a copy in the background may come too late
			if err := two.journal.Sync(t.Context()); err != nil {
				t.Error(err)
			}
		}
		report(e)
	}
	two.start()
	e := b.one(m, 21)
	require.Equal(t, line.Fail, e.Result, e)
	require.Equal(t, journal.Void, e.State)
	require.Equal(t, journal.BinSuspect, e.Bin)
	require.Contains(t, e.Reason, "at station-1 (done)")
	require.Equal(t, serialproto.StateWiped, m.Token.State())
	require.NoError(t, two.stop())
	one.close()
	two.close()
}
