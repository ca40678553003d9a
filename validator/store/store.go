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

	"github.com/pressly/goose/v3"

	"github.com/d204ef64/fob/internal/errclass"
)

// Errors to test for with errors.Is.
var (
	ErrNotFound    = errclass.New(errclass.Usage, "not found")
	ErrExists      = errclass.New(errclass.Usage, "exists already")
	ErrUnavailable = errclass.New(errclass.Unreachable, "the database is not available")
	ErrAddress     = errclass.New(errclass.Usage, "invalid database address")
	ErrNoDatabase  = errclass.New(errclass.Usage, "not an SQLite database")
	ErrNoBank      = errclass.New(errclass.Usage, "there is no bank in this database")
	ErrUnfinished  = errclass.New(errclass.Usage, "the restoration of a bank into this database is not finished: wait for fob validator restore, or run it again")
	ErrBusy        = errclass.New(errclass.Unreachable, "another fob process is restoring a bank into this database, or changing its tables: wait until it has finished")
	ErrClosed      = errclass.New(errclass.Failed, "the store is closed")
	ErrVersion     = errclass.New(errclass.Usage, "the database has another version")
)

// MAC returns a message authentication code over the parts, each with its length. Its
// key is not in the database.
type MAC func(parts ...[]byte) []byte

// DB is a database. Any number of goroutines may call its methods.
type DB struct {
	dialect *dialect
	label   string // begins errors about the database; "" where its name has a password
	read    *sql.DB
	write   *sql.DB
	mac     atomic.Pointer[MAC]

	observer atomic.Pointer[Observer] // never nil
	guard    atomic.Pointer[guard]

	patience time.Duration // see the constant

	jobs    chan *job
	writers sync.WaitGroup

	mu     sync.RWMutex // read-locked while a job is handed over
	closed atomic.Bool  // changed while mu is held
}

// Open opens a database: PostgreSQL for "postgres://…" or "postgresql://…", and
// otherwise a file of SQLite. With create, it creates a missing file, creates the
// tables or brings them up to date. Without create, a database that is older or newer
// than this program is an error.
//
// The URL may contain PostgreSQL's password; no error contains it.
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
		return nil, errors.Join(fmt.Errorf("%s%w", db.label, err), db.closePools())
	}
	db.startWriters()
	return db, nil
}

// OpenOutdated opens a database with tables that may be from an older program, for
// [DB.Backup] only. It returns the version of the tables, and the newest one of this
// program.
func OpenOutdated(ctx context.Context, name string) (db *DB, now, newest int64, err error) {
	if db, err = connect(name, false); err != nil {
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

// SetAuditMAC sets the function that authenticates the audit log. Call it before the first
// record is written.
func (db *DB) SetAuditMAC(mac MAC) { db.mac.Store(&mac) }

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
	return fn(&Tx{ctx: ctx, db: db, q: sqlTx{tx, db.dialect}})
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

// A dialect describes the differences between the databases. Only connect and
// [BackupReader.Restore], which have no DB yet, ask which database it is: see
// [IsPostgres].
type dialect struct {
	system  string                    // name of the database system
	text    func(query string) string // converts a statement to its syntax
	prepare bool                      // keep statements prepared, because the driver does not
	tables  string                    // a query for the names of the tables
	goose   func() (goose.Dialect, []goose.ProviderOption, error)

	begin string         // starts a transaction that writes
	view  *sql.TxOptions // of a transaction that reads

	// bound limits the time of a transaction that reads.
	bound func(context.Context, time.Duration) (context.Context, context.CancelFunc)

	// lock follows a SELECT of rows that are then written, and share one of rows that
	// must not be dropped meanwhile. The texts in free follow a SELECT of the first row
	// that is free, and are tried in turn.
	lock, share string
	free        []string

	// lockBank keeps others from creating a bank until the end of a transaction; "" is
	// not necessary. The other two lock all tables for a restoration.
	lockBank                   string
	tableLock, sharedTableLock *lockStatements

	writers     int           // number of writers; if several, a single update needs none of them
	connections int           // maximum number of connections that may be lost while idle
	connected   string        // statement for each new connection of a writer; "" is none
	busyWait    time.Duration // how long a writer waits for another process

	classify func(error) kind  // of the driver's errors
	explain  func(error) error // a more specific error; nil is none
	wire     func(*sql.Conn) io.Closer
}

// lockStatements lock something by a number.
type lockStatements struct {
	try    string // returns whether it has the lock
	unlock string
}

// kind is the meaning of a driver's error.
type kind uint8

const (
	kindOther       kind = iota
	kindExists           // a unique index was violated
	kindMissing          // a foreign key was violated
	kindAgain            // deadlock, serialization: run it again
	kindUnavailable      // connection lost, disk full
)

// wrap converts a driver's error to one that callers can test for. The driver's text
// may contain a row's values; the new text has fewer details.
func (d *dialect) wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrExists), errors.Is(err, ErrNotFound):
		return err
	}
	if explained := d.explain(err); explained != nil {
		return explained
	}
	switch d.classify(err) {
	case kindExists:
		return fmt.Errorf("%w (%v)", ErrExists, oneLine(err))
	case kindMissing:
		return fmt.Errorf("%w: an entry that this one refers to", ErrNotFound)
	case kindUnavailable, kindAgain:
		return fmt.Errorf("%w: %v", ErrUnavailable, oneLine(err))
	}
	return err
}

// oneLine returns an error on one line.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
