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

// OpenReader opens a journal without its keys, for reading only: no function that writes
// works. The error wraps [ErrNone] if the database has no journal.
func OpenReader(ctx context.Context, database string) (*Journal, error) {
	db, err := schema.Open(ctx, database, false)
	if err != nil {
		return nil, err
	}
	j := &Journal{db: db, now: time.Now}
	err = j.read(ctx, func(tx *sqldb.Tx) error {
		var public []byte
		err := tx.Row("SELECT station, public FROM journal WHERE id = 1", nil, &j.station, &public)
		switch {
		case errors.Is(err, sqldb.ErrNotFound):
			return ErrNone
		case err == nil && len(public) != ed25519.PublicKeySize:
			return errors.New("its public key is malformed")
		}
		j.public = public
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the journal %s: %w", database, err), db.Close())
	}
	j.keys = chain.Public(j.public)
	return j, nil
}

// Public returns the key that checks the signatures of the station.
func (j *Journal) Public() ed25519.PublicKey { return j.public }

// Snapshot is one state of the tables, as they are, for an audit.
type Snapshot struct {
	*sqldb.Tx
	journal *Journal
}

// Snapshot runs a function that reads one state of the journal.
func (j *Journal) Snapshot(ctx context.Context, fn func(*Snapshot) error) error {
	return broken(j.db.LongView(ctx, func(tx *sqldb.Tx) error { return fn(&Snapshot{tx, j}) }))
}

// Verify is [Journal.Verify]. It calls each with every record, in their order.
func (s *Snapshot) Verify(since string, each func(Record)) (chain.Report, error) {
	return s.journal.verify(s.Tx, since, each)
}
