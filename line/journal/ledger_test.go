// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/line/order"
)

// member is a station that shares a ledger.
type member struct {
	*journal.Batch
	t      *testing.T
	config journal.Config

	mu      sync.Mutex
	notices []journal.Notice
}

// join begins an order at a station that shares a ledger. Each station has its own key.
func join(t *testing.T, l *journal.SharedLedger, name string, o *order.Order, content []byte) *member {
	t.Helper()
	m := &member{t: t, config: journaltest.Config(t, t.TempDir(), journaltest.Master())}
	seed := sha256.Sum256([]byte("key of " + name))
	m.config.Station, m.config.Ledger, m.config.Key = name, l, ed25519.NewKeyFromSeed(seed[:])
	m.config.Notify = func(n journal.Notice) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.notices = append(m.notices, n)
	}
	m.open(o, content)
	return m
}

// open opens the journal of a member.
func (m *member) open(o *order.Order, content []byte) {
	m.t.Helper()
	j, err := journal.Open(m.t.Context(), m.config)
	require.NoError(m.t, err)
	m.t.Cleanup(func() { require.NoError(m.t, j.Close()) })
	m.Batch = journaltest.Begin(m.t, j, o, content)
}

// noticed waits for a notice.
func (m *member) noticed(what string, f func(journal.Notice) bool) {
	m.t.Helper()
	require.Eventually(m.t, func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, n := range m.notices {
			if f(n) {
				return true
			}
		}
		return false
	}, 4*time.Minute, 10*time.Millisecond, what)
}

// copies checks that the ledger has all records of a member, and returns their number.
func (m *member) copies(l *journal.SharedLedger) (count int64) {
	t := m.t
	t.Helper()
	require.NoError(t, m.Sync(t.Context()))
	var want, have []journal.Record
	require.NoError(t, m.Records(t.Context(), 0, func(r journal.Record) error {
		want = append(want, r)
		return nil
	}))
	require.NoError(t, l.Snapshot(t.Context(), func(s *journal.SharedSnapshot) error {
		list, err := s.Copies()
		require.NoError(t, err)
		for _, c := range list {
			if c.Station != m.Station() {
				continue
			}
			r, err := s.Verify(c, func(r journal.Record) { have = append(have, r) })
			require.NoError(t, err)
			require.Empty(t, r.Faults)
		}
		return nil
	}))
	require.Equal(t, want, have)
	return int64(len(have))
}

// TestShared has two stations make all units of an order, whose void units are replaced.
func TestShared(t *testing.T) {
	eachLedger(t, func(t *testing.T, name string) {
		l := openLedger(t, name)
		o, content := journaltest.Order(t)
		one, two := join(t, l, "station-1", o, content), join(t, l, "station-2", o, content)
		numbers := map[int64]string{}
		n := 0
		finished := 0
		for ; finished < 10; n++ {
			m := one
			if n%3 == 0 {
				m = two
			}
			if n == 4 {
				u, err := m.Allocate(t.Context(), device(n), seed(t, n))
				require.NoError(t, err)
				require.NotContains(t, numbers, u.Number)
				numbers[u.Number] = m.Station()
				require.NoError(t, m.Void(t.Context(), &u, "x", journal.BinRepair))
				continue
			}
			u := finish(t, m.Batch, n)
			require.NotContains(t, numbers, u.Number)
			numbers[u.Number] = m.Station()
			finished++
		}
		for _, m := range []*member{one, two} {
			_, err := m.Allocate(t.Context(), device(n), seed(t, n))
			require.ErrorIs(t, err, journal.ErrComplete)
			require.Positive(t, m.copies(l))
		}
		require.Len(t, numbers, 11)
		orders, err := l.Orders(t.Context())
		require.NoError(t, err)
		require.Len(t, orders, 1)
		require.Len(t, orders[0].Stations, 2)
		s := orders[0].Stations
		require.EqualValues(t, 10, s[0].Done+s[1].Done)
		require.EqualValues(t, 1, s[0].Void+s[1].Void)
		require.Zero(t, s[0].Unused+s[1].Unused)
		conflicts, err := l.Conflicts(t.Context())
		require.NoError(t, err)
		require.Empty(t, conflicts)
	})
}

// TestGiveBack has a station give its numbers back, which another one uses. A repeated
// answer takes none of them.
func TestGiveBack(t *testing.T) {
	eachLedger(t, func(t *testing.T, name string) {
		l := openLedger(t, name)
		o, content := journaltest.Order(t, "ZZFB00000012", "ZZFB00000010")
		one := join(t, l, "station-1", o, content)
		first := finish(t, one.Batch, 0)
		two := join(t, l, "station-2", o, content)
		finish(t, two.Batch, 1)
		back, err := one.GiveBack(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 4, back, "of a block of 5")
		again, err := one.GiveBack(t.Context())
		require.NoError(t, err)
		require.Zero(t, again)
		seen := map[int64]bool{first.Number: true}
		for n := 2; n < 10; n++ {
			u := finish(t, two.Batch, n)
			require.False(t, seen[u.Number])
			seen[u.Number] = true
		}
		_, err = two.Allocate(t.Context(), device(10), seed(t, 10))
		require.ErrorIs(t, err, journal.ErrComplete)
		_, err = one.Allocate(t.Context(), device(10), seed(t, 10))
		require.ErrorIs(t, err, journal.ErrComplete)
		one.copies(l)
		two.copies(l)
	})
}

// TestAsked has a station that needs numbers get them from one that has some left.
func TestAsked(t *testing.T) {
	l := openLedger(t, filepath.Join(t.TempDir(), "ledger.db"))
	o, content := journaltest.Order(t)
	one := join(t, l, "station-1", o, content)
	finish(t, one.Batch, 0) // of a block of 5
	two := join(t, l, "station-2", o, content)
	for n := 1; n < 10; n++ {
		finish(t, two.Batch, n)
	}
	_, err := one.Allocate(t.Context(), device(10), seed(t, 10))
	require.ErrorIs(t, err, journal.ErrComplete)
}

// TestElsewhere has a station that ends with unused numbers, and stays away until it
// is written off. Its numbers are never used by others, and it gives them back later.
func TestElsewhere(t *testing.T) {
	eachLedger(t, func(t *testing.T, name string) {
		l := openLedger(t, name)
		o, content := journaltest.Order(t, "ZZFB00000012", "ZZFB00000099")
		one := join(t, l, "station-1", o, content)
		used := finish(t, one.Batch, 0)
		require.NoError(t, one.Journal.Close()) // with 4 numbers
		two := join(t, l, "station-2", o, content)
		for n := 1; n < 6; n++ {
			finish(t, two.Batch, n)
		}
		_, err := two.Allocate(t.Context(), device(6), seed(t, 6))
		require.ErrorIs(t, err, journal.ErrElsewhere)
		require.ErrorContains(t, err, "station-1 (4)")
		_, err = l.WriteOff(t.Context(), "station-9")
		require.ErrorIs(t, err, journal.ErrStation)
		lost, err := l.WriteOff(t.Context(), "station-1")
		require.NoError(t, err)
		require.EqualValues(t, 4, lost)
		for n := 6; n < 10; n++ {
			u := finish(t, two.Batch, n)
			require.Greater(t, u.Number, used.Number+4)
		}
		_, err = two.Allocate(t.Context(), device(10), seed(t, 10))
		require.ErrorIs(t, err, journal.ErrComplete)

		one.open(o, content) // gives back the numbers that were written off
		_, err = one.Allocate(t.Context(), device(10), seed(t, 10))
		require.ErrorIs(t, err, journal.ErrComplete)
		orders, err := l.Orders(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 4, orders[0].Free)
	})
}

// TestAway has PostgreSQL away: a station goes on with its numbers, and copies later. Lost
// answers waste no number.
func TestAway(t *testing.T) {
	server := pgtest.Start(t)
	l := openLedger(t, server.Database(t))
	o, content := journaltest.Order(t, "count: 10", "count: 400", "ZZFB00000012", "ZZFB00000400")
	one := join(t, l, "station-1", o, content)
	finish(t, one.Batch, 0)
	server.Kill(t)
	n := 1
	for ; n < 100; n++ {
		finish(t, one.Batch, n)
	}
	_, err := one.Allocate(t.Context(), device(n), seed(t, n))
	require.ErrorIs(t, err, journal.ErrLedger)
	one.noticed("away", func(n journal.Notice) bool { return n.Away != nil })
	require.ErrorIs(t, one.Sync(t.Context()), journal.ErrLedger)

	// It starts without the ledger, too.
	require.NoError(t, one.Journal.Close())
	one.config.Ledger = journal.NewLedger(server.DSN("test_1"))
	defer func() { require.NoError(t, one.config.Ledger.Close()) }()
	one.open(o, content)
	_, err = one.Allocate(t.Context(), device(n), seed(t, n))
	require.ErrorIs(t, err, journal.ErrLedger)
	server.Restart(t)
	require.Eventually(t, func() bool { return one.Sync(t.Context()) == nil }, 4*time.Minute, 10*time.Millisecond)
	u := finish(t, one.Batch, n)
	require.EqualValues(t, 100, u.Number)
	one.copies(l)
}

// TestLostAnswers has answers of PostgreSQL get lost. No number is lost or used twice.
func TestLostAnswers(t *testing.T) {
	proxy, through := pgtest.NewProxy(t, pgtest.Database(t))
	l := openLedger(t, through)
	o, content := journaltest.Order(t, "count: 10", "count: 40", "ZZFB00000012", "ZZFB00000040")
	members := []*member{join(t, l, "station-1", o, content), join(t, l, "station-2", o, content)}
	seen := map[int64]bool{}
	for n := 0; len(seen) < 40; n++ {
		m := members[n%2]
		if n%3 == 0 {
			proxy.LoseCommit()
		}
		if n%7 == 0 {
			if _, err := m.GiveBack(t.Context()); err != nil {
				require.ErrorIs(t, err, journal.ErrLedger)
			}
		}
		u, err := m.Allocate(t.Context(), device(n), seed(t, n))
		if errors.Is(err, journal.ErrLedger) || errors.Is(err, journal.ErrComplete) || errors.Is(err, journal.ErrElsewhere) {
			continue
		}
		require.NoError(t, err)
		require.False(t, seen[u.Number], "number %d", u.Number)
		seen[u.Number] = true
	}
	for _, m := range members {
		require.Eventually(t, func() bool { return m.Sync(t.Context()) == nil }, 4*time.Minute, 10*time.Millisecond)
		m.copies(l)
		_, err := m.Allocate(t.Context(), device(9999), seed(t, 9999))
		require.ErrorIs(t, err, journal.ErrComplete)
	}
}

// TestDeviceConflict has a device with the key of one that another station has finished.
// Its unit must be given up. A unit that is void is in no conflict any more.
func TestDeviceConflict(t *testing.T) {
	eachLedger(t, func(t *testing.T, name string) {
		l := openLedger(t, name)
		o, content := journaltest.Order(t)
		one, two := join(t, l, "station-1", o, content), join(t, l, "station-2", o, content)
		finish(t, one.Batch, 1)
		require.NoError(t, one.Sync(t.Context()))
		clone := device(2)
		clone.Key = device(1).Key
		u, err := two.Allocate(t.Context(), clone, seed(t, 2))
		require.NoError(t, err)
		require.NoError(t, two.Sync(t.Context()))
		two.noticed("conflict", func(n journal.Notice) bool { return n.Conflict != nil && n.Conflict.Kind == "device key" })
		err = two.Begin(t.Context(), &u, "usb 1-1")
		require.ErrorIs(t, err, journal.ErrDevice)
		require.ErrorContains(t, err, "station-1")
		require.NoError(t, two.Void(t.Context(), &u, err.Error(), journal.BinSuspect))
		require.NoError(t, two.Sync(t.Context()))
		list, err := l.Conflicts(t.Context())
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.True(t, list[0].Settled)

		// The operator takes an unfinished device to the other station.
		left, err := one.Allocate(t.Context(), device(3), seed(t, 3))
		require.NoError(t, err)
		require.NoError(t, one.Sync(t.Context()))
		finish(t, two.Batch, 4)
		taken, err := two.Allocate(t.Context(), device(3), seed(t, 5))
		require.NoError(t, err)
		require.NoError(t, two.Sync(t.Context()))
		require.NoError(t, two.Begin(t.Context(), &taken, "usb 1-1"))
		list, err = l.Conflicts(t.Context())
		require.NoError(t, err)
		require.Len(t, list, 3, "key and hardware id")
		require.False(t, list[1].Settled || list[2].Settled)
		require.NoError(t, one.Void(t.Context(), &left, "the device did not come back", journal.BinSuspect))
		require.NoError(t, one.Sync(t.Context()))
		list, err = l.Conflicts(t.Context())
		require.NoError(t, err)
		require.True(t, list[1].Settled && list[2].Settled)
		one.copies(l)
		two.copies(l)
	})
}

// TestDeliverable has a device that two stations have. The unit of the one that the ledger
// heard of last must not be delivered, unless the other one is given up.
func TestDeliverable(t *testing.T) {
	eachLedger(t, func(t *testing.T, name string) {
		l := openLedger(t, name)
		o, content := journaltest.Order(t)
		one, two := join(t, l, "station-1", o, content), join(t, l, "station-2", o, content)
		begin := func(m *member, n, seedOf int) journal.Unit {
			u, err := m.Allocate(t.Context(), device(n), seed(t, seedOf))
			require.NoError(t, err)
			require.NoError(t, m.Sync(t.Context()))
			return u
		}
		moved := begin(one, 1, 1)
		require.NoError(t, two.Deliverable(t.Context(), o.ID))
		taken := begin(two, 1, 11)
		complete(t, two.Batch, &taken)
		err := two.Deliverable(t.Context(), o.ID)
		require.ErrorIs(t, err, journal.ErrTwice)
		require.ErrorContains(t, err, "a unit must not be delivered: "+taken.Serial.String()+": device key ")
		require.ErrorContains(t, err, moved.Serial.String()+" at station-1 (allocated)")
		require.NoError(t, one.Void(t.Context(), &moved, "the device was taken away", journal.BinSuspect))
		require.NoError(t, one.Deliverable(t.Context(), o.ID))
		require.NoError(t, two.Deliverable(t.Context(), o.ID))

		both, clone := begin(one, 2, 2), begin(two, 2, 12)
		complete(t, two.Batch, &clone)
		complete(t, one.Batch, &both)
		require.NoError(t, one.Deliverable(t.Context(), o.ID))
		err = two.Deliverable(t.Context(), o.ID)
		require.ErrorIs(t, err, journal.ErrTwice)
		require.ErrorContains(t, err, clone.Serial.String())
		require.ErrorContains(t, err, both.Serial.String()+" at station-1 (done)")
		require.NotContains(t, err.Error(), taken.Serial.String())

		// Another ledger, or none, does not answer.
		for _, other := range []struct {
			ledger *journal.SharedLedger
			want   error
		}{
			{nil, journal.ErrOrder},
			{openLedger(t, filepath.Join(t.TempDir(), "other.db")), journal.ErrOrder},
			{journal.NewLedger("postgres://nobody@127.0.0.1:1/none"), journal.ErrLedger},
		} {
			c := one.config
			c.Ledger = other.ledger
			j, err := journal.Open(t.Context(), c)
			require.NoError(t, err)
			require.ErrorIs(t, j.Deliverable(t.Context(), o.ID), other.want)
			require.NoError(t, j.Close())
		}
	})
}

// TestSeedConflict has two stations make the same seed, as copies of one virtual machine
// might. The second one stops, also after it is opened again without the ledger.
func TestSeedConflict(t *testing.T) {
	eachLedger(t, func(t *testing.T, name string) {
		l := openLedger(t, name)
		o, content := journaltest.Order(t)
		one, two := join(t, l, "station-1", o, content), join(t, l, "station-2", o, content)
		finish(t, one.Batch, 1)
		require.NoError(t, one.Sync(t.Context()))
		u, err := two.Allocate(t.Context(), device(2), seed(t, 1))
		require.NoError(t, err)
		err = two.Sync(t.Context())
		require.ErrorIs(t, err, journal.ErrConflict)
		two.noticed("halt", func(n journal.Notice) bool { return n.Halt != nil })
		for range 2 {
			require.ErrorIs(t, two.Begin(t.Context(), &u, "usb 1-1"), journal.ErrJournal)
			_, err = two.Allocate(t.Context(), device(3), seed(t, 3))
			require.ErrorIs(t, err, journal.ErrConflict)
			require.ErrorContains(t, err, "seed was used twice: for ")
			require.NoError(t, two.Journal.Close())
			two.config.Ledger = journal.NewLedger("postgres://nobody@127.0.0.1:1/none")
			j, err := journal.Open(t.Context(), two.config)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, j.Close()) })
			two.Journal = j
		}
		finish(t, one.Batch, 4)
	})
}

// TestPutBack has the journal of a station be put back to an older state. The ledger has
// more records than the journal, so the station stops before it uses a number again.
func TestPutBack(t *testing.T) {
	eachLedger(t, func(t *testing.T, name string) {
		l := openLedger(t, name)
		o, content := journaltest.Order(t)
		one := join(t, l, "station-1", o, content)
		finish(t, one.Batch, 0)
		require.NoError(t, one.Journal.Close())
		old := t.TempDir()
		require.NoError(t, os.CopyFS(old, os.DirFS(filepath.Dir(one.config.Database))))
		one.open(o, content)
		finish(t, one.Batch, 1)
		require.NoError(t, one.Journal.Close())

		one.config.Database = filepath.Join(old, "line.db")
		j, err := journal.Open(t.Context(), one.config)
		require.NoError(t, err)
		defer func() { require.NoError(t, j.Close()) }()
		recipients, err := journal.Recipients(o, nil)
		require.NoError(t, err)
		_, err = j.Batch(t.Context(), o, content, recipients)
		require.ErrorIs(t, err, journal.ErrConflict)
		require.ErrorContains(t, err, "the journal was put back to an older state")
	})
}

// TestOtherLedger goes on with an order with another ledger, or another station.
func TestOtherLedger(t *testing.T) {
	l := openLedger(t, filepath.Join(t.TempDir(), "ledger.db"))
	o, content := journaltest.Order(t)
	one := join(t, l, "station-1", o, content)
	finish(t, one.Batch, 0)
	require.NoError(t, one.Journal.Close())
	recipients, err := journal.Recipients(o, nil)
	require.NoError(t, err)
	begin := func(c journal.Config, o *order.Order, content []byte) error {
		j, err := journal.Open(t.Context(), c)
		require.NoError(t, err)
		_, err = j.Batch(t.Context(), o, content, recipients)
		require.NoError(t, j.Close())
		return err
	}
	c := one.config
	c.Ledger = nil
	require.ErrorContains(t, begin(c, o, content), "name the ledger")
	c.Ledger = openLedger(t, filepath.Join(t.TempDir(), "other.db"))
	require.ErrorContains(t, begin(c, o, content), "another shared ledger")

	c = journaltest.Config(t, t.TempDir(), journaltest.Master())
	require.NoError(t, begin(c, o, content))
	c.Ledger = l
	c.Station = ""
	require.ErrorIs(t, begin(c, o, content), journal.ErrStation, "the name with another key")

	c = journaltest.Config(t, t.TempDir(), journaltest.Master())
	c.Station, c.Ledger = "station-3", l
	other, otherContent := journaltest.Order(t, "count: 10", "count: 9")
	require.ErrorIs(t, begin(c, other, otherContent), journal.ErrOrder)
	c.Ledger = journal.NewLedger("postgres://nobody@127.0.0.1:1/none")
	third, thirdContent := journaltest.Order(t, "ORD-2026-0001", "ORD-2026-0002")
	require.ErrorIs(t, begin(c, third, thirdContent), journal.ErrLedger)
}
