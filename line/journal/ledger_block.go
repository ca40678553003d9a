// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/sqldb"
)

// OrderRef is the part of an order that a ledger keeps.
type OrderRef struct {
	Name    string // id of the order
	Digest  [32]byte
	Wanted  int64 // good tokens
	Serials int64 // serial numbers in the range
}

// Block is a block of serial numbers of an order, which are counted from 0. A number can
// be in several blocks if it was given back in between. The number of a later block is
// higher.
type Block struct{ ID, First, Count int64 }

// BlockSize is the greatest number of serial numbers in a block.
const BlockSize = 100

// blockSize returns the size of the next block, which is a part of the missing numbers: all
// stations of a small order have work, and are busy until its end.
func blockSize(missing, stations int64) int64 {
	return min(BlockSize, (missing+2*stations-1)/(2*stations))
}

// Order adds an order, and the station to its members. Another order with the same id is
// refused with [ErrOrder].
func (l *SharedLedger) Order(ctx context.Context, o OrderRef, station string) error {
	return l.update(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec("INSERT INTO ledger_order (name, digest, wanted, serials, next, added) VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT (name) DO NOTHING",
			o.Name, o.Digest[:], o.Wanted, o.Serials, l.now().UnixMilli()); err != nil {
			return err
		}
		var digest []byte
		if err := tx.Row("SELECT digest FROM ledger_order WHERE name = $1", []any{o.Name}, &digest); err != nil {
			return err
		}
		if string(digest) != string(o.Digest[:]) {
			return otherOrder(o.Name)
		}
		_, err := tx.Exec("INSERT INTO ledger_member (name, station, asks) VALUES ($1, $2, 0) ON CONFLICT (name, station) DO NOTHING", o.Name, station)
		return err
	})
}

func otherOrder(name string) error {
	return fmt.Errorf("%w: %s was begun with other content: give the changed order another id", ErrOrder, name)
}

// account is the state of an order's numbers.
type account struct {
	wanted, serials, next int64
	good                  int64 // units that are done or may still be: numbers of good devices
	free                  int64 // that were given back
	stations              int64
	elsewhere             []string // other stations with unused numbers
}

func (a *account) missing() int64 { return a.wanted - a.good }

// account locks an order and reads its account, for one of its stations.
func (l *SharedLedger) account(tx *sqldb.Tx, order, station string) (a account, err error) {
	err = tx.Row("SELECT wanted, serials, next FROM ledger_order WHERE name = $1"+tx.Locked(), []any{order}, &a.wanted, &a.serials, &a.next)
	if errors.Is(err, sqldb.ErrNotFound) {
		return a, fmt.Errorf("%w: the ledger has no order %s", ErrOrder, order)
	} else if err != nil {
		return a, err
	}
	if err := tx.Row("SELECT COALESCE(SUM(CASE lost WHEN 0 THEN count - void ELSE done END), 0) FROM ledger_block WHERE name = $1", []any{order}, &a.good); err != nil {
		return a, err
	}
	if err := tx.Row("SELECT COALESCE(SUM(count), 0) FROM ledger_free WHERE name = $1", []any{order}, &a.free); err != nil {
		return a, err
	}
	if err := tx.Row("SELECT COUNT(*) FROM ledger_member WHERE name = $1", []any{order}, &a.stations); err != nil {
		return a, err
	}
	a.elsewhere, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (string, error) {
		var name string
		var n int64
		err := s.Scan(&name, &n)
		return fmt.Sprintf("%s (%d)", name, n), err
	}, `SELECT station, SUM(count - used) FROM ledger_block WHERE name = $1 AND station <> $2 AND lost = 0 AND count > used
		GROUP BY station ORDER BY station`, order, station)
	return a, err
}

// Block returns the station's first block whose ID is greater than after, or a new block if
// there is none. A call can therefore be repeated if its answer was lost. With ask, it asks
// the other stations for numbers if the ledger has none left. The error wraps [ErrComplete],
// [ErrNumbers], [ErrElsewhere] or [ErrLedger].
//
// The records of the station must have been copied, because void units are replaced.
func (l *SharedLedger) Block(ctx context.Context, order, station string, after int64, ask bool) (b Block, err error) {
	var why error
	err = l.update(ctx, func(tx *sqldb.Tx) error {
		why = nil
		a, err := l.account(tx, order, station)
		if err != nil {
			return err
		}
		err = tx.Row("SELECT id, first, count FROM ledger_block WHERE name = $1 AND station = $2 AND id > $3 AND lost = 0 ORDER BY id LIMIT 1",
			[]any{order, station, after}, &b.ID, &b.First, &b.Count)
		if !errors.Is(err, sqldb.ErrNotFound) {
			return err
		}
		asks := int64(0)
		switch {
		case a.missing() > 0 && (a.free > 0 || a.next < a.serials):
			if b, err = l.newBlock(tx, order, station, &a); err != nil {
				return err
			}
		case len(a.elsewhere) > 0:
			why = fmt.Errorf("%w: %s", ErrElsewhere, strings.Join(a.elsewhere, ", "))
			asks = l.now().UnixMilli()
		case a.missing() > 0:
			why = fmt.Errorf("%w: %d were used up, and %d tokens are missing: issue an order for them", ErrNumbers, a.next, a.missing())
		default:
			why = ErrComplete
		}
		if !ask && asks > 0 {
			return nil
		}
		_, err = tx.Exec("UPDATE ledger_member SET asks = $3 WHERE name = $1 AND station = $2", order, station, asks)
		return err
	})
	if err == nil {
		err = why
	}
	return b, err
}

// newBlock hands out numbers: ones that were given back first.
func (l *SharedLedger) newBlock(tx *sqldb.Tx, order, station string, a *account) (b Block, err error) {
	size := blockSize(a.missing(), a.stations)
	var count int64
	err = tx.Row("SELECT first, count FROM ledger_free WHERE name = $1 ORDER BY first LIMIT 1", []any{order}, &b.First, &count)
	switch {
	case errors.Is(err, sqldb.ErrNotFound):
		b.First, b.Count = a.next, min(size, a.serials-a.next)
		err = tx.ExecOne("UPDATE ledger_order SET next = next + $2 WHERE name = $1", order, b.Count)
	case err == nil:
		b.Count = min(size, count)
		if err = tx.ExecOne("DELETE FROM ledger_free WHERE name = $1 AND first = $2", order, b.First); err == nil && b.Count < count {
			err = tx.ExecOne("INSERT INTO ledger_free (name, first, count) VALUES ($1, $2, $3)", order, b.First+b.Count, count-b.Count)
		}
	}
	if err != nil {
		return b, err
	}
	if err := tx.Row("SELECT COALESCE(MAX(id), 0) + 1 FROM ledger_block WHERE name = $1", []any{order}, &b.ID); err != nil {
		return b, err
	}
	return b, tx.ExecOne("INSERT INTO ledger_block (name, id, first, count, station, made, lost, used, done, void) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0)",
		order, b.ID, b.First, b.Count, station, l.now().UnixMilli())
}

// Returned is a block from whose end a station gave numbers back, durably: it will never
// use them.
type Returned struct {
	Order     string
	ID, Count int64 // Count is the size that is left
}

// giveBack takes numbers back. A block only gets smaller, so a call can be repeated, at any
// later time.
func (l *SharedLedger) giveBack(tx *sqldb.Tx, station string, r Returned) error {
	if err := tx.Row("SELECT next FROM ledger_order WHERE name = $1"+tx.Locked(), []any{r.Order}, new(int64)); err != nil {
		return err
	}
	var first, count, used int64
	err := tx.Row("SELECT first, count, used FROM ledger_block WHERE name = $1 AND id = $2 AND station = $3", []any{r.Order, r.ID, station}, &first, &count, &used)
	switch {
	case errors.Is(err, sqldb.ErrNotFound):
		return fmt.Errorf("%w: %s has no block %d of order %s there", ErrConflict, station, r.ID, r.Order)
	case err != nil:
		return err
	case r.Count < used || r.Count < 0:
		return fmt.Errorf("%w: %s gives back numbers of block %d of order %s that its records use", ErrConflict, station, r.ID, r.Order)
	case r.Count >= count: // a repeated call
		return nil
	}
	if err := tx.ExecOne("UPDATE ledger_block SET count = $3 WHERE name = $1 AND id = $2", r.Order, r.ID, r.Count); err != nil {
		return err
	}
	if err := tx.ExecOne("INSERT INTO ledger_free (name, first, count) VALUES ($1, $2, $3)", r.Order, first+r.Count, count-r.Count); err != nil {
		return err
	}
	_, err = tx.Exec("UPDATE ledger_member SET asks = 0 WHERE name = $1", r.Order)
	return err
}

// askedFor is how long the question of a station for numbers counts. It asks again as
// long as devices are plugged in.
const askedFor = time.Minute

// exchanged is the answer of exchange.
type exchanged struct {
	asked     []string       // orders of which others need numbers
	lost      []Returned     // blocks that were written off, with their present count
	conflicts []conflictFrom // of the station's units
	done      []int64        // units of the orders that were asked for
}

// exchange gives numbers back, and asks for the news for a station and its orders.
func (l *SharedLedger) exchange(ctx context.Context, station string, back []Returned, orders []string) (e exchanged, err error) {
	err = l.update(ctx, func(tx *sqldb.Tx) error {
		e = exchanged{}
		for _, r := range back {
			if err := l.giveBack(tx, station, r); err != nil {
				return err
			}
		}
		var err error
		if e.asked, err = sqldb.QueryAll(tx, sqldb.ScanText, `SELECT DISTINCT other.name FROM ledger_member JOIN ledger_member AS other ON other.name = ledger_member.name
			WHERE ledger_member.station = $1 AND other.station <> $1 AND other.asks > $2 ORDER BY other.name`,
			station, l.now().Add(-askedFor).UnixMilli()); err != nil {
			return err
		}
		if e.lost, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (r Returned, err error) {
			err = s.Scan(&r.Order, &r.ID, &r.Count)
			return r, err
		}, "SELECT name, id, count FROM ledger_block WHERE station = $1 AND lost > 0 AND count > used ORDER BY name, id", station); err != nil {
			return err
		}
		for _, name := range orders {
			var n int64
			if err := tx.Row("SELECT COALESCE(SUM(done), 0) FROM ledger_block WHERE name = $1", []any{name}, &n); err != nil {
				return err
			}
			e.done = append(e.done, n)
		}
		e.conflicts, err = conflictsOf(tx, station)
		return err
	})
	return e, err
}

// WriteOff gives a station up that will not come back: its unused numbers and unfinished
// units are replaced. No other station ever gets these numbers, because the station may
// have used them. It returns how many numbers there are. If the station does come back, it
// gives back the unused ones.
func (l *SharedLedger) WriteOff(ctx context.Context, station string) (numbers int64, err error) {
	err = l.update(ctx, func(tx *sqldb.Tx) error {
		numbers = 0
		if err := tx.Row("SELECT seq FROM ledger_station WHERE name = $1", []any{station}, new(int64)); errors.Is(err, sqldb.ErrNotFound) {
			return fmt.Errorf("%w: the ledger has no station %q", ErrStation, station)
		} else if err != nil {
			return err
		}
		orders, err := sqldb.QueryAll(tx, sqldb.ScanText, "SELECT DISTINCT name FROM ledger_block WHERE station = $1 AND lost = 0 ORDER BY name", station)
		if err != nil {
			return err
		}
		for _, order := range orders {
			if err := tx.Row("SELECT next FROM ledger_order WHERE name = $1"+tx.Locked(), []any{order}, new(int64)); err != nil {
				return err
			}
			var unused int64
			if err := tx.Row("SELECT COALESCE(SUM(count - used), 0) FROM ledger_block WHERE name = $1 AND station = $2 AND lost = 0", []any{order, station}, &unused); err != nil {
				return err
			}
			if _, err := tx.Exec("UPDATE ledger_block SET lost = $3 WHERE name = $1 AND station = $2 AND lost = 0", order, station, l.now().UnixMilli()); err != nil {
				return err
			}
			numbers += unused
		}
		return nil
	})
	return numbers, err
}
