// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"

	"github.com/d204ef64/fob/internal/atomicfile"
)

// unfinishedID returns the ID of a bank whose rows are being restored and whose tables
// are not up to date yet. A bank that can be opened has the ID 1. The ID is random, so
// that a restoration finishes only its own rows.
func unfinishedID() int64 { return -1 - rand.Int64N(1<<62) }

// noBank returns why there is no bank: [ErrNoBank] or [ErrUnfinished].
func (tx *Tx) noBank() error {
	var unfinished int
	if err := tx.row("SELECT COUNT(*) FROM bank WHERE id <= 0", nil, &unfinished); err != nil {
		return err
	}
	if unfinished > 0 {
		return ErrUnfinished
	}
	return ErrNoBank
}

// tablesLock is the key of PostgreSQL's advisory lock for changes of the tables. Only one
// restoration or migration has it at a time. It is "fob" and "tables" in ASCII.
const tablesLock = int64(0x666f62_7461626c65)

// lockTables acquires that lock, exclusive or shared, until release is called or the
// connection ends. The error wraps [ErrBusy]. SQLite does not need a lock, because a
// restoration creates its own file.
func (db *DB) lockTables(ctx context.Context, shared bool) (release func() error, err error) {
	statements := db.dialect.tableLock
	if shared {
		statements = db.dialect.sharedTableLock
	}
	if statements == nil {
		return func() error { return nil }, nil
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return nil, db.readError(ctx, err)
	}
	var ours bool
	err = db.readError(ctx, conn.QueryRowContext(ctx, statements.try, tablesLock).Scan(&ours))
	if err == nil && !ours {
		err = ErrBusy
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		_, err := conn.ExecContext(context.Background(), statements.unlock, tablesLock)
		return errors.Join(db.dialect.wrap(err), conn.Close())
	}, nil
}

// lockForRestore locks a database of PostgreSQL for a restoration, until release is called. It
// checks that there is no bank before it changes anything, and reverts tables that are
// newer than the backup.
func (b *BackupReader) lockForRestore(ctx context.Context, name string) (release func() error, err error) {
	db, err := connect(name, true)
	if err != nil {
		return nil, err
	}
	unlock, err := db.lockTables(ctx, false)
	if err != nil {
		return nil, errors.Join(err, db.closePools())
	}
	release = func() error { return errors.Join(unlock(), db.closePools()) }
	if err = b.prepareTables(ctx, db); err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}

// prepareTables checks that a database of PostgreSQL has no bank, and reverts tables that are
// newer than the backup.
func (b *BackupReader) prepareTables(ctx context.Context, db *DB) error {
	version := int64(0)
	err := db.LongView(ctx, func(tx *Tx) error {
		have, err := tx.tables()
		if err != nil || !slices.Contains(have, "bank") {
			return err
		}
		if err := tx.mustHaveNoBank(); err != nil || !slices.Contains(have, "goose_db_version") {
			return err
		}
		version, err = tx.schema()
		return err
	})
	if err != nil || version <= b.Schema {
		return err
	}
	if err := db.Long(ctx, (*Tx).removeUnfinished); err != nil {
		return err
	}
	return db.revertTo(ctx, b.Schema)
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
	if lock := tx.db.dialect.lockBank; lock != "" {
		if _, err := tx.exec(lock); err != nil {
			return err
		}
	}
	if err := tx.mustHaveNoBank(); err != nil {
		return err
	}
	for _, table := range slices.Backward(savedTables) {
		if _, err := tx.exec("DELETE FROM " + table); err != nil {
			return err
		}
	}
	return nil
}

const (
	restorePrefix = ".fob-restore-" // of the folder in which a SQLite file is restored
	restoreLock   = "lock"          // file in that folder, locked during the restoration
)

// restoreFolder creates a folder for a restoration, and removes the folders that killed
// restorations left.
func restoreFolder(in string) (dir string, remove func(), err error) {
	left, _ := filepath.Glob(filepath.Join(in, restorePrefix+"*", restoreLock))
	for _, name := range left {
		lock := flock.New(name, flock.SetFlag(os.O_RDWR))
		if killed, err := lock.TryLock(); err == nil && killed {
			_ = os.RemoveAll(filepath.Dir(name))
			_ = lock.Close()
		}
	}
	if dir, err = os.MkdirTemp(in, restorePrefix); err != nil {
		return "", nil, err
	}
	lock := flock.New(filepath.Join(dir, restoreLock), flock.SetPermissions(0o600))
	_, _ = lock.TryLock() // on a file system without locks the folder of a killed restoration stays
	return dir, func() {
		_ = lock.Close()
		_ = os.RemoveAll(dir)
	}, nil
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
