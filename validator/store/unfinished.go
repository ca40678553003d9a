// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/sqldb"
)

// unfinishedID returns the ID of a bank whose rows are being restored and whose tables
// are not up to date yet. A bank that can be opened has the ID 1. The ID is random, so
// that a restoration finishes only its own rows.
func unfinishedID() int64 { return -1 - rand.Int64N(1<<62) }

// noBank returns why there is no bank: [ErrNoBank] or [ErrUnfinished].
func (tx *Tx) noBank() error {
	var unfinished int
	if err := tx.sql.Row("SELECT COUNT(*) FROM bank WHERE id <= 0", nil, &unfinished); err != nil {
		return err
	}
	if unfinished > 0 {
		return ErrUnfinished
	}
	return ErrNoBank
}

// prepareTables checks that a database of PostgreSQL has no bank, and reverts tables that are
// newer than the backup.
func (b *BackupReader) prepareTables(ctx context.Context, sql *sqldb.DB) error {
	db := newDB(sql)
	version := int64(0)
	err := db.LongView(ctx, func(tx *Tx) error {
		have, err := tx.sql.Tables()
		if err != nil || !slices.Contains(have, "bank") {
			return err
		}
		if err := tx.mustHaveNoBank(); err != nil || !slices.Contains(have, versionsTable) {
			return err
		}
		version, err = tx.sql.Version()
		return err
	})
	if err != nil || version <= b.Schema {
		return err
	}
	if err := db.Long(ctx, (*Tx).removeUnfinished); err != nil {
		return err
	}
	return sql.RevertTo(ctx, b.Schema)
}

func (tx *Tx) mustHaveNoBank() error {
	_, err := tx.Meta()
	switch {
	case err == nil:
		return fmt.Errorf("a bank %w in this database: name another database", ErrExists)
	case errors.Is(err, ErrNoBank), errors.Is(err, ErrUnfinished):
		return nil
	}
	return err
}

// removeUnfinished checks that there is no bank, and removes the rows that an interrupted
// restoration left in PostgreSQL. If another process is creating a bank, that process
// waits, and then finds the restoration.
func (tx *Tx) removeUnfinished() error {
	if err := tx.sql.LockTable("bank"); err != nil {
		return err
	}
	if err := tx.mustHaveNoBank(); err != nil {
		return err
	}
	for _, table := range slices.Backward(savedTables) {
		if _, err := tx.sql.Exec("DELETE FROM " + table); err != nil {
			return err
		}
	}
	return nil
}

// placeDatabase gives a closed file of SQLite its name, unless that name is taken.
func placeDatabase(at, name string) error {
	f, err := os.OpenFile(at, os.O_RDWR, 0)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err == nil {
		err = atomicfile.Place(at, name)
	}
	switch {
	case errors.Is(err, os.ErrExist):
		return fmt.Errorf("database %s %w: name a new file", name, ErrExists)
	case err != nil:
		return fmt.Errorf("database %s: %w", name, atomicfile.Cause(err))
	}
	return nil
}
