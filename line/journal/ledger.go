// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sqldb"
)

var (
	// ErrComplete is the error of an order that needs no more units: all of its units are
	// done or in work.
	ErrComplete = errclass.New(errclass.Refused, "the order needs no more tokens")

	// ErrNumbers is the error of an order of which every serial number was used up before
	// its units were done.
	ErrNumbers = errclass.New(errclass.Refused, "the order has no serial numbers left")

	// ErrLedger is the error of a ledger that cannot be reached. The numbers in the
	// station's last block are used up.
	ErrLedger = errclass.New(errclass.Unreachable, "the ledger of serial numbers")
)

// Ledger hands out the serial numbers of orders in blocks, to one or several stations. A
// station that has numbers left does not need it.
type Ledger interface {
	// Order adds an order. Another order with the same id is refused with [ErrOrder].
	Order(ctx context.Context, o OrderRef) error

	// Block returns the station's first block that begins after a number, or a new block
	// of at most size numbers if there is none. A call can therefore be repeated if its
	// answer was lost. Void is the number of units that the station has given up. The
	// error wraps [ErrComplete], [ErrNumbers] or [ErrLedger].
	Block(ctx context.Context, order, station string, after, void, size int64) (Block, error)
}

// OrderRef is the part of an order that a ledger keeps.
type OrderRef struct {
	Name    string // id of the order
	Digest  [32]byte
	Wanted  int64 // good tokens
	Serials int64 // serial numbers in the range
}

// Block is a block of serial numbers of an order, which are counted from 0.
type Block struct{ First, Count int64 }

// databaseLedger is a ledger in a database with the tables of a journal.
type databaseLedger struct {
	db  *sqldb.DB
	now func() time.Time
}

var _ Ledger = (*databaseLedger)(nil)

// SharedLedger is a ledger in a database of its own, for several stations.
type SharedLedger struct{ databaseLedger }

// OpenLedger opens a shared ledger: "postgres://…", or a file of SQLite. With create, it
// creates its tables or brings them up to date.
func OpenLedger(ctx context.Context, name string, create bool) (*SharedLedger, error) {
	db, err := schema.Open(ctx, name, create)
	if err != nil {
		return nil, err
	}
	return &SharedLedger{databaseLedger{db, time.Now}}, nil
}

// Close closes the database.
func (l *SharedLedger) Close() error { return l.db.Close() }

// Order implements [Ledger].
func (l *databaseLedger) Order(ctx context.Context, o OrderRef) error {
	return l.wrap(l.db.Update(ctx, func(tx *sqldb.Tx) error {
		var digest []byte
		err := tx.Row("SELECT digest FROM ledger_order WHERE name = $1", []any{o.Name}, &digest)
		switch {
		case errors.Is(err, sqldb.ErrNotFound):
			return tx.ExecOne("INSERT INTO ledger_order (name, digest, wanted, serials) VALUES ($1, $2, $3, $4)", o.Name, o.Digest[:], o.Wanted, o.Serials)
		case err != nil:
			return err
		case string(digest) != string(o.Digest[:]):
			return otherOrder(o.Name)
		}
		return nil
	}))
}

func otherOrder(name string) error {
	return fmt.Errorf("%w: %s was begun with other content: give the changed order another id", ErrOrder, name)
}

// Block implements [Ledger].
func (l *databaseLedger) Block(ctx context.Context, order, station string, after, void, size int64) (b Block, err error) {
	err = l.db.Update(ctx, func(tx *sqldb.Tx) error {
		var wanted, serials int64
		err := tx.Row("SELECT wanted, serials FROM ledger_order WHERE name = $1"+tx.Locked(), []any{order}, &wanted, &serials)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO ledger_void (name, station, void) VALUES ($1, $2, $3) ON CONFLICT (name, station) DO UPDATE SET void = excluded.void",
			order, station, void); err != nil {
			return err
		}
		err = tx.Row("SELECT first, count FROM ledger_block WHERE name = $1 AND station = $2 AND first > $3 ORDER BY first LIMIT 1",
			[]any{order, station, after}, &b.First, &b.Count)
		if !errors.Is(err, sqldb.ErrNotFound) {
			return err
		}
		var used, voided int64
		if err := tx.Row("SELECT COALESCE(SUM(count), 0) FROM ledger_block WHERE name = $1", []any{order}, &used); err != nil {
			return err
		}
		if err := tx.Row("SELECT COALESCE(SUM(void), 0) FROM ledger_void WHERE name = $1", []any{order}, &voided); err != nil {
			return err
		}
		missing := wanted - (used - voided)
		switch {
		case missing <= 0:
			return ErrComplete
		case used >= serials:
			return fmt.Errorf("%w: %d were used up, and %d tokens are missing: issue an order for them", ErrNumbers, used, missing)
		}
		b = Block{used, min(size, missing, serials-used)}
		return tx.ExecOne("INSERT INTO ledger_block (name, first, count, station, made) VALUES ($1, $2, $3, $4, $5)",
			order, b.First, b.Count, station, l.now().UnixMilli())
	})
	return b, l.wrap(err)
}

// wrap adds [ErrLedger] to an error of the database.
func (l *databaseLedger) wrap(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrComplete), errors.Is(err, ErrNumbers), errors.Is(err, ErrOrder), errors.Is(err, context.Canceled):
		return err
	}
	return fmt.Errorf("%w: %w", ErrLedger, err)
}
