// SPDX-License-Identifier: Apache-2.0

// Package journal keeps the data of a station that must survive a crash: the orders,
// the serial numbers that were used up, the units, their seeds and labels, and a record
// of everything that happened.
//
// A change is on disk when its function returns. The line makes each intention durable
// before it touches a device, and can be killed at any time.
//
//	j, err := journal.Open(ctx, journal.Config{…})
//	b, err := j.Batch(ctx, o, content, recipients) // an order, begun or continued
//	u, err := b.Allocate(ctx, device, seed)
//
// Seeds are never stored in clear. Until a unit is verified, its seed is encrypted with a
// key of the station, which needs it for another attempt. From then on it is encrypted to
// the recipients of the order, and the station cannot decrypt it. [Journal.Acknowledge]
// deletes it.
//
// All records form a hash chain, whose head is signed. [Journal.Verify] finds records
// that were changed.
package journal

import (
	"context"
	"crypto/ed25519"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/internal/vault"
)

// Realm is the realm of the master key of a journal.
const Realm vault.Realm = "line"

var (
	// ErrJournal is the error of a journal that cannot be written or read. The station must
	// not go on.
	ErrJournal = errclass.New(errclass.Failed, "the journal")

	// ErrNone is the error of a database without a journal.
	ErrNone = errclass.New(errclass.Usage, "there is no journal in this database")

	// ErrStation is the error of a journal that belongs to another station.
	ErrStation = errclass.New(errclass.Usage, "the journal belongs to another station")

	errBusy = errclass.New(errclass.Unreachable, "another process is changing the tables of the journal")
)

//go:embed migrations/*.sql migrations/ledger/*.sql
var migrations embed.FS

var schema = sqldb.Schema{
	Program: "fob line", Init: "fob line run", Update: "fob line run", Thing: "journal", Migrations: must(fs.Sub(migrations, "migrations")),
	Versions: "line_version", ErrNone: ErrNone, ErrBusy: errBusy, Erase: true,
}

func must(f fs.FS, err error) fs.FS {
	if err != nil {
		panic("journal: internal error: " + err.Error())
	}
	return f
}

// keyTable has the data keys.
const keyTable vault.Table = "data_key"

// Config describes a journal.
type Config struct {
	Database string             // a file of SQLite
	Create   bool               // create the journal if there is none, and update its tables
	Station  string             // name of the station; "": the one in the journal
	Master   vault.Master       // opens the keys that encrypt seeds
	Key      ed25519.PrivateKey // the station's SSH key, which signs the records
	Ledger   *SharedLedger      // hands out serial numbers and gets copies; nil: no other station shares the orders
	Notify   func(Notice)       // is called with news about the ledger, one at a time; may be nil
	Now      func() time.Time   // nil: time.Now
}

// Journal is the journal of a station. It is safe for concurrent use.
type Journal struct {
	db      *sqldb.DB
	station string
	ring    *vault.Ring
	key     ed25519.PrivateKey // nil: the journal is only read
	public  ed25519.PublicKey
	keys    chain.Keys
	now     func() time.Time

	blocks sync.Mutex // is held while a block of serial numbers is fetched
	share  *share     // with the shared ledger; nil: there is none
}

// Open opens the journal of a station, or creates it. The error wraps [ErrStation] if the
// journal has another name or key, and [vault.ErrWrongKey] if the master key is wrong.
// The caller must close the journal.
func Open(ctx context.Context, c Config) (*Journal, error) {
	db, err := schema.Open(ctx, c.Database, c.Create)
	if err != nil {
		return nil, err
	}
	public := c.Key.Public().(ed25519.PublicKey)
	j := &Journal{db: db, station: c.Station, key: c.Key, public: public, keys: chain.Signed(c.Key), now: c.Now}
	if j.now == nil {
		j.now = time.Now
	}
	err = j.open(ctx, c)
	if err == nil && c.Ledger != nil {
		err = j.beginSharing(ctx, c)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the journal %s: %w", c.Database, err), db.Close())
	}
	return j, nil
}

// open reads the keys, and makes them in a new journal.
func (j *Journal) open(ctx context.Context, c Config) error {
	var keys []vault.Key
	err := j.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		var station string
		var have []byte
		err = tx.Row("SELECT station, public FROM journal WHERE id = 1", nil, &station, &have)
		switch {
		case errors.Is(err, sqldb.ErrNotFound) && c.Create:
			keys, err = j.create(tx, c.Master)
			return err
		case errors.Is(err, sqldb.ErrNotFound):
			return ErrNone
		case err != nil:
			return err
		case c.Station != "" && station != c.Station:
			return fmt.Errorf("%w: it is %q, and this is %q", ErrStation, station, c.Station)
		case !j.public.Equal(ed25519.PublicKey(have)):
			return fmt.Errorf("%w: the key of the station is not the one that signed its records", ErrStation)
		}
		j.station = station
		keys, err = keyTable.Keys(tx, c.Master)
		return err
	})
	if err != nil {
		return err
	}
	j.ring, err = Realm.NewRing(keys...)
	return err
}

// create makes the keys and the empty chain of records of a new journal.
func (j *Journal) create(tx *sqldb.Tx, master vault.Master) (keys []vault.Key, err error) {
	now := j.millis()
	if err := tx.ExecOne("INSERT INTO journal (id, station, public, created) VALUES (1, $1, $2, $3)", j.station, []byte(j.public), now); err != nil {
		return nil, err
	}
	for _, purpose := range vault.Purposes() {
		k, err := vault.NewKey(purpose, 1)
		if err != nil {
			return nil, err
		}
		if err := keyTable.Add(tx, master, k, now); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, records.Create(tx, j.keys)
}

// Close closes the journal. Records that were not copied to the shared ledger are copied
// when the journal is opened again; see [Journal.Sync].
func (j *Journal) Close() error {
	j.endSharing()
	return j.db.Close()
}

// Station returns the name of the station.
func (j *Journal) Station() string { return j.station }

// millis returns the time for a column of the database.
func (j *Journal) millis() int64 { return j.now().UnixMilli() }

// minMillis and maxMillis are the ends of the years 1 to 9999, the times of JSON.
const (
	minMillis = -62135596800000
	maxMillis = 253402300799999
)

// fromMillis returns the time of a column; zero if JSON has no such time.
func fromMillis(ms int64) time.Time {
	if ms == 0 || ms < minMillis || ms > maxMillis {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// broken adds [ErrJournal] to an error of the database. The errors that a caller can act
// on stay as they are.
func broken(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrDevice), errors.Is(err, ErrComplete), errors.Is(err, ErrNumbers), errors.Is(err, ErrElsewhere), errors.Is(err, ErrLedger),
		errors.Is(err, ErrJournal), errors.Is(err, ErrOrder), errors.Is(err, ErrUnit), errors.Is(err, ErrExport), errors.Is(err, context.Canceled):
		return err
	}
	return fmt.Errorf("%w: %w", ErrJournal, err)
}

// write runs a function that may share its transaction with others.
func (j *Journal) write(ctx context.Context, key string, fn func(*sqldb.Tx) error) error {
	if err := j.halted(); err != nil {
		return err
	}
	return broken(j.db.Grouped(ctx, key, fn))
}

// read runs a function that reads.
func (j *Journal) read(ctx context.Context, fn func(*sqldb.Tx) error) error {
	return broken(j.db.View(ctx, fn))
}
