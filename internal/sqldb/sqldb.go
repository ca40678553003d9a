// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

// Errors to test for with errors.Is.
var (
	ErrNotFound    = errclass.New(errclass.Usage, "not found")
	ErrExists      = errclass.New(errclass.Usage, "exists already") // see also [ExistsError]
	ErrUnavailable = errclass.New(errclass.Unreachable, "the database is not available")
	ErrAddress     = errclass.New(errclass.Usage, "invalid database address")
	ErrNoDatabase  = errclass.New(errclass.Usage, "not an SQLite database")
	ErrClosed      = errclass.New(errclass.Failed, "the store is closed")
	ErrVersion     = errclass.New(errclass.Usage, "the database has another version")
)

// A Schema describes the tables of a program.
type Schema struct {
	// Program is a command such as "fob validator". PostgreSQL shows it as the name of
	// the application.
	Program string

	// Init and Update are the commands that create the tables and bring them up to date,
	// for messages; "": init and migrate of the program.
	Init, Update string

	// Thing names the content of a database in messages, such as "bank".
	Thing string

	// Migrations has the files of goose, such as 00001_bank.sql, at its root.
	Migrations fs.FS

	// Versions is the name of the table in which goose records the version of the
	// tables. Programs with different tables need different names: a program then does
	// not change the tables of another one.
	Versions string

	// ErrNone is the error for a database without the tables, and ErrBusy for one whose
	// tables another process is changing.
	ErrNone, ErrBusy error

	// Erase makes SQLite overwrite deleted rows with zeros. An older copy of a page may
	// remain in the write-ahead log until the database is closed, or until [DB.Purge].
	Erase bool

	// CheckOld, if not nil, examines tables of an older version that [Schema.Open] does
	// not migrate. If it returns an error, Open returns it instead of [ErrVersion].
	CheckOld func(*Tx) error
}

// initCommand returns the command that creates the tables.
func (s *Schema) initCommand() string { return cmp.Or(s.Init, s.Program+" init") }

// DB is a database. Any number of goroutines may call its methods.
type DB struct {
	schema  *Schema
	dialect *dialect
	label   string // begins errors about the database; "" where its name has a password
	read    *sql.DB
	write   *sql.DB

	took  atomic.Pointer[func(Operation, time.Duration)] // nil: not observed
	guard atomic.Pointer[guard]

	patience time.Duration // see the constant

	jobs    chan *job
	writers sync.WaitGroup

	mu     sync.RWMutex // read-locked while a job is handed over
	closed atomic.Bool  // changed while mu is held
}

// Open opens a database: PostgreSQL for "postgres://…" or "postgresql://…", and
// otherwise a file of SQLite. With create, it creates a missing file, creates the
// tables or brings them up to date. Without create, a database that is older or newer
// than this program is an error, and is not changed.
//
// The URL may contain PostgreSQL's password; no error contains it.
func (s *Schema) Open(ctx context.Context, name string, create bool) (*DB, error) {
	db, err := s.connect(name, create)
	if err != nil {
		return nil, err
	}
	if create {
		err = db.migrate(ctx)
	}
	if err == nil {
		err = db.mustBeCurrent(ctx)
	}
	if err == nil && db.dialect.opened != "" {
		_, err = db.write.ExecContext(ctx, db.dialect.opened)
		err = db.readError(ctx, err)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s%w", db.label, err), db.closePools())
	}
	db.startWriters()
	return db, nil
}

// OpenOld opens a database with tables that may be from an older program, to read them.
// It returns the version of the tables, and the newest one of this program.
func (s *Schema) OpenOld(ctx context.Context, name string) (db *DB, now, newest int64, err error) {
	if db, err = s.connect(name, false); err != nil {
		return nil, 0, 0, err
	}
	now, newest, err = db.versions(ctx)
	if err == nil && (now == 0 || now > newest) {
		err = db.mustBeCurrent(ctx)
	}
	if err != nil {
		return nil, 0, 0, errors.Join(fmt.Errorf("%s%w", db.label, err), db.closePools())
	}
	db.startWriters()
	return db, now, newest, nil
}

// connect opens a database without checking its tables or starting its writers.
func (s *Schema) connect(name string, create bool) (db *DB, err error) {
	if IsPostgres(name) {
		db, err = s.openPostgres(name)
	} else {
		db, err = s.openSQLite(name, create)
	}
	if err != nil {
		return nil, err
	}
	db.patience = patience
	return db, nil
}

// IsPostgres reports whether a database's name is an address of PostgreSQL.
func IsPostgres(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// guard is the function of [DB.Guard].
type guard func(context.Context) error

// Guard sets a function that is called before each transaction. If it returns an error,
// the transaction does not take place and has that error.
func (db *DB) Guard(f func(context.Context) error) { db.guard.Store((*guard)(&f)) }

// admit calls the function of Guard.
func (db *DB) admit(ctx context.Context) error {
	if f := db.guard.Load(); f != nil {
		return (*f)(ctx)
	}
	return nil
}

// System returns "SQLite" or "PostgreSQL".
func (db *DB) System() string { return db.dialect.system }

// Close waits for started functions, and closes the database.
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

// View runs a function that reads one consistent state of the database.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	if err := db.admit(ctx); err != nil {
		return err
	}
	defer db.timed(Read)()
	return db.readWithin(ctx, func(ctx context.Context) error { return db.view(ctx, fn) })
}

// LongView is [DB.View] for functions that read very many rows. Only the context limits
// its time.
func (db *DB) LongView(ctx context.Context, fn func(*Tx) error) error {
	if err := db.admit(ctx); err != nil {
		return err
	}
	defer db.timed(LongRead)()
	return db.readError(ctx, db.view(ctx, fn))
}

func (db *DB) view(ctx context.Context, fn func(*Tx) error) error {
	tx, err := db.read.BeginTx(ctx, db.dialect.view)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return fn(&Tx{ctx: ctx, db: db, q: readingTx{tx, db.dialect}})
}

// readWithin runs a function that reads, with a context that ends when the time allowed
// for PostgreSQL is over.
func (db *DB) readWithin(ctx context.Context, fn func(context.Context) error) error {
	within, cancel := db.dialect.bound(ctx, db.patience)
	defer cancel()
	err := fn(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: no answer within %v", ErrUnavailable, db.patience)
	}
	return db.readError(ctx, err)
}

// readError converts the error of a function that reads.
func (db *DB) readError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if gone := ctx.Err(); gone != nil {
		return gone // takes precedence over the driver's error
	}
	if db.closed.Load() {
		return ErrClosed
	}
	return db.dialect.wrap(err)
}
