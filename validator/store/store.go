// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

// The errors to branch on.
var (
	ErrNotFound    = errclass.New(errclass.Usage, "not found")
	ErrExists      = errclass.New(errclass.Usage, "exists already")
	ErrUnavailable = errclass.New(errclass.Unreachable, "the store is not available")
	ErrAddress     = errclass.New(errclass.Usage, "the address of the database cannot be read")
	ErrNoDatabase  = errclass.New(errclass.Usage, "not a database of SQLite")
	ErrNoBank      = errclass.New(errclass.Usage, "there is no bank in this database")
	ErrUnfinished  = errclass.New(errclass.Usage, "a bank was not restored to the end here: wait for fob validator restore, or run it again")
	ErrBusy        = errclass.New(errclass.Unreachable, "another fob restores a bank into this database, or changes its tables: wait for it")
	ErrClosed      = errclass.New(errclass.Failed, "the store is closed")
	ErrVersion     = errclass.New(errclass.Usage, "the database is of another version")
)

// MAC returns a message authentication code over the parts, each with its length,
// under a key that the database does not have.
type MAC func(parts ...[]byte) []byte

// DB is a database. Its methods may be called by any number of goroutines.
type DB struct {
	dialect dialect
	read    *sql.DB
	write   *sql.DB
	mac     atomic.Pointer[MAC]

	observer atomic.Pointer[Observer] // never nil

	patience time.Duration // see the constant

	jobs    chan *job
	writers sync.WaitGroup

	mu     sync.RWMutex // held for reading while a job is handed over
	closed atomic.Bool  // changed while mu is held
}

// Open opens a database: "postgres://…" or "postgresql://…" is PostgreSQL, all
// else the name of a file of SQLite. With create, a file that is not there is
// made. The tables are made or brought up to date when create is set; without it
// a database that is older or newer than this program is an error.
//
// The password of PostgreSQL may be in the URL; no error has it.
func Open(ctx context.Context, name string, create bool) (*DB, error) {
	db, err := connect(name, create)
	if err != nil {
		return nil, err
	}
	if create {
		err = db.migrate(ctx)
	}
	if err == nil {
		err = db.mustBeCurrent(ctx)
	}
	if err != nil {
		if !db.dialect.postgres {
			err = fmt.Errorf("database %s: %w", name, err)
		}
		return nil, errors.Join(err, db.closePools())
	}
	db.startWriters()
	return db, nil
}

// OpenOutdated opens a database whose tables may be of an older program, for
// [DB.Backup] alone. It returns their version, and the one that this program has.
func OpenOutdated(ctx context.Context, name string) (db *DB, now, newest int64, err error) {
	if db, err = connect(name, false); err != nil {
		return nil, 0, 0, err
	}
	now, newest, err = db.versions(ctx)
	if err == nil && (now == 0 || now > newest) {
		err = db.mustBeCurrent(ctx)
	}
	if err != nil {
		if !db.dialect.postgres {
			err = fmt.Errorf("database %s: %w", name, err)
		}
		return nil, 0, 0, errors.Join(err, db.closePools())
	}
	db.startWriters()
	return db, now, newest, nil
}

// connect opens a database without a look at its tables. Its writers are not
// started yet.
func connect(name string, create bool) (db *DB, err error) {
	if IsPostgres(name) {
		db, err = openPostgres(name)
	} else {
		db, err = openSQLite(name, create)
	}
	if err != nil {
		return nil, err
	}
	db.patience = patience
	db.Observe(Observer{})
	return db, nil
}

// IsPostgres reports whether a database's name is an address of PostgreSQL.
func IsPostgres(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// Chain sets the function that authenticates the audit log. It must be set before
// the first record is written.
func (db *DB) Chain(mac MAC) { db.mac.Store(&mac) }

// Postgres reports whether the database is PostgreSQL.
func (db *DB) Postgres() bool { return db.dialect.postgres }

// Close waits for what was begun, and closes the database.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed.Swap(true) {
		db.mu.Unlock()
		return nil
	}
	close(db.jobs)
	db.mu.Unlock()
	db.writers.Wait()
	return db.closePools()
}

func (db *DB) closePools() error {
	err := db.write.Close()
	if db.read != db.write {
		err = errors.Join(err, db.read.Close())
	}
	return err
}

// View runs a function that reads, on one state of the database.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	defer db.timed(Read)()
	return db.bounded(ctx, func(ctx context.Context) error { return db.view(ctx, fn) })
}

// LongView is [DB.View] for what reads very many rows: it takes as long as the
// context lets it.
func (db *DB) LongView(ctx context.Context, fn func(*Tx) error) error {
	defer db.timed(LongRead)()
	return db.ended(ctx, db.view(ctx, fn))
}

func (db *DB) view(ctx context.Context, fn func(*Tx) error) error {
	tx, err := db.read.BeginTx(ctx, db.dialect.view)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return fn(&Tx{ctx: ctx, db: db, q: sqlTx{tx, db.dialect}})
}

// bounded runs a function that reads, with a context that ends when PostgreSQL has
// had time enough.
func (db *DB) bounded(ctx context.Context, fn func(context.Context) error) error {
	within := ctx
	if db.dialect.postgres {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, db.patience)
		defer cancel()
	}
	err := fn(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: no answer within %v", ErrUnavailable, db.patience)
	}
	return db.ended(ctx, err)
}

// ended returns the error of a function that read.
func (db *DB) ended(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if gone := ctx.Err(); gone != nil {
		return gone // whatever the driver makes of that
	}
	if db.closed.Load() {
		return ErrClosed
	}
	return db.dialect.wrap(err)
}

// A dialect is what differs between the two.
type dialect struct {
	postgres bool
	begin    string           // of a transaction that writes
	view     *sql.TxOptions   // of one that reads
	lock     string           // behind a SELECT whose rows are written afterwards
	classify func(error) kind // of the driver's errors
	wire     func(*sql.Conn) io.Closer
}

// kind is what an error of a driver means.
type kind uint8

const (
	kindOther       kind = iota
	kindExists           // a unique index says no
	kindMissing          // a foreign key says no
	kindAgain            // deadlock, serialization: run it again
	kindUnavailable      // connection lost, disk full
)

// wrap makes of a driver's error one that callers can branch on. What such an
// error says may hold a row's values; ours say less.
func (d dialect) wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrExists), errors.Is(err, ErrNotFound):
		return err
	case !d.postgres && noDatabase(err):
		return ErrNoDatabase
	}
	switch d.classify(err) {
	case kindExists:
		return fmt.Errorf("%w (%v)", ErrExists, shortly(err))
	case kindMissing:
		return fmt.Errorf("%w: what the entry refers to", ErrNotFound)
	case kindUnavailable, kindAgain:
		if !d.postgres && diskFailed(err) { // nothing that waiting or connecting would help
			return errclass.With(errclass.Failed, fmt.Errorf("%w: %v: is the disk full?", ErrUnavailable, shortly(err)))
		}
		return fmt.Errorf("%w: %v", ErrUnavailable, shortly(err))
	}
	return err
}

// shortly returns an error on one line.
func shortly(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
