// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"
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

	// ErrElsewhere is the error of an order whose unused serial numbers are all with other
	// stations.
	ErrElsewhere = errclass.New(errclass.Refused, "other stations have the rest of the order's serial numbers")

	// ErrLedger is the error of a ledger that cannot be reached. The numbers in the
	// station's last block are used up.
	ErrLedger = errclass.New(errclass.Unreachable, "the shared ledger of the stations")

	// ErrConflict is the error of a station that must not go on: it, or another one, has
	// used a serial number or a seed twice, or its journal is not the one that the ledger
	// has copied.
	ErrConflict = errclass.New(errclass.Failed, "the station contradicts the shared ledger")

	// ErrNoLedger is the error of a database without a shared ledger.
	ErrNoLedger = errclass.New(errclass.Usage, "there is no ledger in this database")
)

var ledgerSchema = sqldb.Schema{
	Program: "fob line", Init: "fob line run --db", Update: "fob line run --db", Thing: "ledger", Migrations: must(fs.Sub(migrations, "migrations/ledger")),
	Versions: "ledger_version", ErrNone: ErrNoLedger, ErrBusy: errBusy,
}

// SharedLedger is the database that several stations share. It hands out serial numbers
// in blocks, keeps a copy of each station's records, and finds values that two units have in
// common. A station that has numbers left does not need it. It is safe for concurrent use.
type SharedLedger struct {
	name   string
	create bool
	now    func() time.Time

	mu     sync.Mutex // guards the fields below
	db     *sqldb.DB  // nil: not opened yet
	uid    string
	secret []byte
	closed bool
}

// NewLedger returns a shared ledger that is opened when it is first used, and again after
// that failed: "postgres://…", or a file of SQLite. Its tables are created, or brought up
// to date.
func NewLedger(name string) *SharedLedger {
	return &SharedLedger{name: name, create: true, now: time.Now}
}

// OpenLedger opens a shared ledger. With create, it creates its tables or brings them up
// to date.
func OpenLedger(ctx context.Context, name string, create bool) (*SharedLedger, error) {
	l := &SharedLedger{name: name, create: create, now: time.Now}
	if _, err := l.database(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// database opens the database.
func (l *SharedLedger) database(ctx context.Context) (_ *sqldb.DB, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, sqldb.ErrClosed
	}
	if l.db != nil {
		return l.db, nil
	}
	db, err := ledgerSchema.Open(ctx, l.name, l.create)
	if err != nil {
		return nil, err
	}
	if err := l.identify(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	l.db = db
	return db, nil
}

// identify reads the identity of the ledger, or makes it.
func (l *SharedLedger) identify(ctx context.Context, db *sqldb.DB) error {
	read := func(tx *sqldb.Tx) error {
		return tx.Row("SELECT uid, secret FROM ledger WHERE id = 1", nil, &l.uid, &l.secret)
	}
	err := db.View(ctx, read)
	if !errors.Is(err, sqldb.ErrNotFound) {
		return err
	}
	if !l.create {
		return ErrNoLedger
	}
	return db.Update(ctx, func(tx *sqldb.Tx) error {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret) // never fails
		if _, err := tx.Exec("INSERT INTO ledger (id, uid, secret, created) VALUES (1, $1, $2, $3) ON CONFLICT (id) DO NOTHING",
			rand.Text(), secret, l.now().UnixMilli()); err != nil {
			return err
		}
		return read(tx)
	})
}

// Close closes the database.
func (l *SharedLedger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed = true; l.db == nil {
		return nil
	}
	return l.db.Close()
}

// update runs a function that writes.
func (l *SharedLedger) update(ctx context.Context, fn func(*sqldb.Tx) error) error {
	db, err := l.database(ctx)
	if err == nil {
		err = db.Update(ctx, fn)
	}
	return l.wrap(err)
}

// view runs a function that reads.
func (l *SharedLedger) view(ctx context.Context, fn func(*sqldb.Tx) error) error {
	db, err := l.database(ctx)
	if err == nil {
		err = db.LongView(ctx, fn)
	}
	return l.wrap(err)
}

// wrap adds [ErrLedger] to an error of the database. The errors that a caller can act on
// stay as they are.
func (l *SharedLedger) wrap(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	for _, known := range []error{ErrComplete, ErrNumbers, ErrElsewhere, ErrOrder, ErrStation, ErrConflict, ErrLedger} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrLedger, err)
}

// fingerprint identifies a seed in a ledger, for all of its stations.
func fingerprint(secret, seed []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(seed)
	return hex.EncodeToString(mac.Sum(nil))
}
