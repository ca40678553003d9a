// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/sqldb"
)

// SharedOrder is an order in a shared ledger.
type SharedOrder struct {
	Name     string
	Digest   [32]byte
	Wanted   int64 // good tokens
	Free     int64 // serial numbers that were given back, and can be handed out again
	Stations []SharedWork
}

// SharedWork is the work of a station on an order, as far as its records were copied.
type SharedWork struct {
	Station               string
	Allocated, Done, Void int64
	Unfinished            int64
	Unused                int64 // serial numbers that it has left
	WrittenOff            int64 // of these, numbers that were written off
}

// SharedUnit is a unit in the copies of a shared ledger.
type SharedUnit struct {
	Order      string
	Station    string
	Serial     string
	State      State
	HardwareID string
	Changed    time.Time
	Reason     string
	Bin        Bin
}

// SharedCopy is the copy of a station's records.
type SharedCopy struct {
	Station string
	Public  ed25519.PublicKey
	Records int64
	Copied  time.Time // when the last ones were copied; zero: never
}

// Orders returns the orders of the ledger in the order of their names.
func (l *SharedLedger) Orders(ctx context.Context) (list []SharedOrder, err error) {
	err = l.view(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (o SharedOrder, err error) {
			var digest []byte
			err = s.Scan(&o.Name, &digest, &o.Wanted, &o.Free)
			copy(o.Digest[:], digest)
			return o, err
		}, `SELECT name, digest, wanted, (SELECT COALESCE(SUM(count), 0) FROM ledger_free WHERE ledger_free.name = ledger_order.name)
			FROM ledger_order ORDER BY name`)
		if err != nil {
			return err
		}
		for i := range list {
			o := &list[i]
			o.Stations, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (w SharedWork, err error) {
				err = s.Scan(&w.Station, &w.Allocated, &w.Done, &w.Void, &w.Unused, &w.WrittenOff)
				w.Unfinished = w.Allocated - w.Done - w.Void
				return w, err
			}, `SELECT station, SUM(used), SUM(done), SUM(void), SUM(count - used), SUM(CASE lost WHEN 0 THEN 0 ELSE count - used END)
				FROM ledger_block WHERE name = $1 GROUP BY station ORDER BY station`, o.Name)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// EachUnit calls fn with the units of an order, until fn returns an error. State "" is any.
func (l *SharedLedger) EachUnit(ctx context.Context, order string, state State, fn func(SharedUnit) error) error {
	var stopped error
	err := l.view(ctx, func(tx *sqldb.Tx) error {
		var w sqldb.Where
		w.Add("name = $", order)
		if state != "" {
			w.Add("state = $", string(state))
		}
		return tx.Rows("SELECT station, serial, state, hardware_id, changed, reason, bin FROM ledger_unit"+w.String()+" ORDER BY name, station, unit", w.Args(), func(s sqldb.Scanner) error {
			u := SharedUnit{Order: order}
			var changed int64
			if err := s.Scan(&u.Station, &u.Serial, &u.State, &u.HardwareID, &changed, &u.Reason, &u.Bin); err != nil {
				return err
			}
			u.Changed = fromMillis(changed)
			stopped = fn(u)
			return stopped
		})
	})
	if stopped != nil {
		return stopped
	}
	return err
}

// Copies returns the copies of the records of all stations.
func (l *SharedLedger) Copies(ctx context.Context) (list []SharedCopy, err error) {
	err = l.view(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = copies(tx)
		return err
	})
	return list, err
}

func copies(tx *sqldb.Tx) ([]SharedCopy, error) {
	return sqldb.QueryAll(tx, func(s sqldb.Scanner) (c SharedCopy, err error) {
		var public []byte
		var at int64
		err = s.Scan(&c.Station, &public, &c.Records, &at)
		c.Copied = fromMillis(at)
		if err == nil && len(public) != ed25519.PublicKeySize {
			err = fmt.Errorf("station %s: its public key is malformed", c.Station)
		}
		c.Public = public
		return c, err
	}, "SELECT name, public, seq, copied FROM ledger_station ORDER BY name")
}

// Conflicts returns all conflicts, the oldest first.
func (l *SharedLedger) Conflicts(ctx context.Context) (list []Conflict, err error) {
	err = l.view(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = conflicts(tx)
		return err
	})
	return list, err
}

func conflicts(tx *sqldb.Tx) ([]Conflict, error) {
	return sqldb.QueryAll(tx, func(s sqldb.Scanner) (Conflict, error) {
		c, err := scanConflict(s)
		return c.Conflict, err
	}, selectConflict+" ORDER BY c.id")
}

// SharedSnapshot is one state of a ledger, for an audit.
type SharedSnapshot struct{ *sqldb.Tx }

// Snapshot runs a function that reads one state of the ledger.
func (l *SharedLedger) Snapshot(ctx context.Context, fn func(*SharedSnapshot) error) error {
	return l.view(ctx, func(tx *sqldb.Tx) error { return fn(&SharedSnapshot{tx}) })
}

// Copies is [SharedLedger.Copies].
func (s *SharedSnapshot) Copies() ([]SharedCopy, error) { return copies(s.Tx) }

// Conflicts is [SharedLedger.Conflicts].
func (s *SharedSnapshot) Conflicts() ([]Conflict, error) { return conflicts(s.Tx) }

// Verify finds records of a station's copy that were changed, added or removed, and calls
// each with every record in their order.
func (s *SharedSnapshot) Verify(c SharedCopy, each func(Record)) (chain.Report, error) {
	h := chain.Head{ID: 1}
	err := s.Row("SELECT seq, mac, seal FROM ledger_station WHERE name = $1", []any{c.Station}, &h.Seq, &h.Code, &h.Seal)
	if err != nil && !errors.Is(err, sqldb.ErrNotFound) {
		return chain.Report{}, err
	}
	keys := chain.Public(c.Public)
	if h.Seq == 0 { // nothing was copied
		return chain.Report{}, nil
	}
	v, err := records.Verifier(keys, []chain.Head{h}, "")
	if err != nil {
		return chain.Report{}, err
	}
	err = s.Rows("SELECT 1, seq, at, unit, kind, data, mac FROM ledger_record WHERE station = $1 ORDER BY seq", []any{c.Station}, func(row sqldb.Scanner) error {
		r, code, proper, err := scanRecord(row)
		out := chain.Record{Chain: 1, Seq: r.Seq, Code: code, Improper: !proper}
		if proper && err == nil {
			out.Bytes = r.canonical()
			each(r)
		}
		v.Add(out)
		return err
	})
	if err != nil {
		return chain.Report{}, err
	}
	return v.End(), nil
}
