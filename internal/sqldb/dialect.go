// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// A dialect describes the differences between the databases. Only callers
// that have no DB yet ask which database it is: see [IsPostgres].
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

	// lockTable keeps others from writing to the table %s until the end of a
	// transaction; "" is not necessary. The other two lock all tables for a change.
	lockTable                  string
	tableLock, sharedTableLock *lockStatements

	writers     int           // number of writers; if several, a single update needs none of them
	connections int           // maximum number of connections that may be lost while idle
	opened      string        // statement for a database that has the tables; "" is none
	connected   string        // statement for each new connection of a writer; "" is none
	busyWait    time.Duration // how long a writer waits for another process

	classify func(error) kind   // of the driver's errors
	unique   func(error) string // the key of an error of kindExists
	explain  func(error) error  // a more specific error; nil is none
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
		return &ExistsError{Key: d.unique(err), text: oneLine(err)}
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

// An ExistsError is the violation of a unique key. It wraps [ErrExists].
type ExistsError struct {
	// Key is the table and the columns, such as "item.id" or "item.batch, item.number".
	// It is the same for both databases. For a key of expressions, it is the name of
	// the index.
	Key string

	text string
}

// Error returns for example "exists already (UNIQUE constraint failed: item.id)".
func (e *ExistsError) Error() string { return ErrExists.Error() + " (" + e.text + ")" }

// Unwrap returns [ErrExists].
func (e *ExistsError) Unwrap() error { return ErrExists }
