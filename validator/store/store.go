// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"sync/atomic"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sqldb"
)

// Errors to test for with errors.Is.
var (
	ErrNotFound    = sqldb.ErrNotFound
	ErrExists      = sqldb.ErrExists
	ErrUnavailable = sqldb.ErrUnavailable
	ErrClosed      = sqldb.ErrClosed
	ErrVersion     = sqldb.ErrVersion
	ErrNoBank      = errclass.New(errclass.Usage, "there is no bank in this database")
	ErrUnfinished  = errclass.New(errclass.Usage, "the restoration of a bank into this database is not finished: wait for fob validator restore, or run it again")
	ErrBusy        = errclass.New(errclass.Unreachable, "another fob process is restoring a bank into this database, or changing its tables: wait until it has finished")
)

//go:embed migrations/*.sql
var migrations embed.FS

// schema describes the tables of the bank.
var schema = sqldb.Schema{
	Program:    "fob validator",
	Thing:      "bank",
	Migrations: mustSub(migrations, "migrations"),
	Versions:   versionsTable,
	ErrNone:    ErrNoBank,
	ErrBusy:    ErrBusy,
	CheckOld: func(t *sqldb.Tx) error {
		if _, err := (&Tx{sql: t}).Meta(); errors.Is(err, ErrUnfinished) {
			return err
		}
		return nil
	},
}

// versionsTable is where goose records the version of the tables.
const versionsTable = "goose_db_version"

func mustSub(files fs.FS, dir string) fs.FS {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the name is not a path
	}
	return sub
}

// DB is the database of a bank. Any number of goroutines may call its methods.
type DB struct {
	sql      *sqldb.DB
	mac      atomic.Pointer[chain.MAC]
	observer atomic.Pointer[Observer] // never nil
}

// Tx is a transaction. It is valid until the function that received it returns, and
// must be used by one goroutine only.
type Tx struct {
	sql     *sqldb.Tx
	db      *DB
	records []Record
}

func newDB(sql *sqldb.DB) *DB {
	db := &DB{sql: sql}
	db.observer.Store(&Observer{})
	return db
}

// Open opens a database, as described at [sqldb.Schema.Open].
func Open(ctx context.Context, name string, create bool) (*DB, error) {
	sql, err := schema.Open(ctx, name, create)
	if err != nil {
		return nil, err
	}
	return newDB(sql), nil
}

// OpenOutdated opens a database with tables that may be from an older program, for
// [DB.Backup] only. It returns the version of the tables, and the newest one of this
// program.
func OpenOutdated(ctx context.Context, name string) (db *DB, now, newest int64, err error) {
	sql, now, newest, err := schema.OpenOld(ctx, name)
	if err != nil {
		return nil, 0, 0, err
	}
	return newDB(sql), now, newest, nil
}

// Migrate brings the tables of a database up to date, as described at
// [sqldb.Schema.Migrate].
func Migrate(ctx context.Context, name string) error { return schema.Migrate(ctx, name) }

// SetAuditMAC sets the function that authenticates the audit log. Call it before the first
// record is written.
func (db *DB) SetAuditMAC(mac chain.MAC) { db.mac.Store(&mac) }

// Guard sets a function that is called before each transaction. If it returns an error,
// the transaction does not take place and has that error.
func (db *DB) Guard(f func(context.Context) error) { db.sql.Guard(f) }

// System returns "SQLite" or "PostgreSQL".
func (db *DB) System() string { return db.sql.System() }

// Close waits for started functions, and closes the database.
func (db *DB) Close() error { return db.sql.Close() }

// View runs a function that reads one consistent state of the database.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	return db.sql.View(ctx, db.reading(fn))
}

// LongView is [DB.View] for functions that read very many rows. Only the context limits
// its time.
func (db *DB) LongView(ctx context.Context, fn func(*Tx) error) error {
	return db.sql.LongView(ctx, db.reading(fn))
}

// Update runs a function in a transaction, as described at [sqldb.DB.Update].
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	return db.sql.Update(ctx, db.writing(fn))
}

// Long is [DB.Update] for functions that affect very many rows. It may take minutes.
// Meanwhile SQLite runs no other writer.
func (db *DB) Long(ctx context.Context, fn func(*Tx) error) error {
	return db.sql.Long(ctx, db.writing(fn))
}

// Grouped is [DB.Update] for short functions that write one row of a table, identified
// by key. Several share one transaction. A function that returns an error does not make
// the others fail, but costs them time.
func (db *DB) Grouped(ctx context.Context, key string, fn func(*Tx) error) error {
	return db.sql.Grouped(ctx, key, db.writing(fn))
}

func (db *DB) reading(fn func(*Tx) error) func(*sqldb.Tx) error {
	return func(t *sqldb.Tx) error { return fn(&Tx{sql: t, db: db}) }
}

// writing returns a function that calls fn with a Tx. The functions of a group share it,
// and their records are written to the audit log together.
func (db *DB) writing(fn func(*Tx) error) func(*sqldb.Tx) error {
	return func(t *sqldb.Tx) error {
		tx, shared := t.Shared.(*Tx)
		if !shared {
			tx = &Tx{sql: t, db: db}
			t.Shared = tx
			t.Before(tx.appendAudit)
			t.After(tx.recorded)
		}
		return fn(tx)
	}
}
