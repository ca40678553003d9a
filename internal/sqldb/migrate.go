// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pressly/goose/v3"
)

// provider returns the goose provider, which reads and changes the version of the
// tables.
func (db *DB) provider() (*goose.Provider, error) {
	kind, options, err := db.dialect.goose()
	if err != nil {
		return nil, fmt.Errorf("sqldb: internal error: %w", err)
	}
	provider, err := goose.NewProvider(kind, db.write, db.schema.Migrations,
		append(options, goose.WithDisableGlobalRegistry(true), goose.WithTableName(db.schema.Versions))...)
	if err != nil {
		return nil, fmt.Errorf("sqldb: internal error: %w", err)
	}
	return provider, nil
}

// migrateTo creates the tables, or migrates them up to a version. 0 means the newest
// version of this program.
func (db *DB) migrateTo(ctx context.Context, version int64) error {
	provider, err := db.provider()
	if err != nil {
		return err
	}
	newest := int64(0)
	for _, source := range provider.ListSources() {
		newest = max(newest, source.Version)
	}
	if version == 0 {
		version = newest
	}
	if version < 0 || version > newest {
		return fmt.Errorf("the tables have version %d, this program supports versions up to %d: use a newer program", version, newest)
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrating the tables: %w", db.dialect.wrap(unwrapGoose(err)))
	}
	return nil
}

// versions returns the version of the tables, and the newest one of this program. It only
// reads: goose would create its table in the database of another program.
func (db *DB) versions(ctx context.Context) (now, newest int64, err error) {
	provider, err := db.provider()
	if err != nil {
		return 0, 0, err
	}
	for _, source := range provider.ListSources() {
		newest = max(newest, source.Version)
	}
	err = db.readWithin(ctx, func(ctx context.Context) error {
		return db.view(ctx, func(tx *Tx) error {
			tables, err := tx.Tables()
			if err != nil || !slices.Contains(tables, db.schema.Versions) {
				return err
			}
			now, err = tx.Version()
			return err
		})
	})
	if err != nil {
		return 0, 0, fmt.Errorf("reading the version of the tables: %w", err)
	}
	return now, newest, nil
}

// mustBeCurrent returns an error unless the tables have the version of this program.
func (db *DB) mustBeCurrent(ctx context.Context) error {
	now, newest, err := db.versions(ctx)
	switch {
	case err != nil:
		return err
	case now == 0:
		return fmt.Errorf("%w: create one with %s", db.schema.ErrNone, db.schema.initCommand())
	case now > newest:
		return fmt.Errorf("%w: its tables have version %d, this program supports version %d: use a newer program", ErrVersion, now, newest)
	case now < newest:
		if check := db.schema.CheckOld; check != nil {
			if err := db.LongView(ctx, check); err != nil {
				return err
			}
		}
		return fmt.Errorf("%w: its tables have version %d, this program needs version %d: update them with %s", ErrVersion, now, newest, cmp.Or(db.schema.Update, db.schema.Program+" migrate"))
	}
	return nil
}

// Migrate brings the tables of a database up to date. Each step is a transaction, and
// the next call continues after an interrupted one. No other process may use the
// database meanwhile.
func (s *Schema) Migrate(ctx context.Context, name string) error {
	db, err := s.connect(name, false)
	if err != nil {
		return err
	}
	return errors.Join(db.migrate(ctx), db.closePools())
}

// migrate brings the tables up to date, unless another process is replacing them.
func (db *DB) migrate(ctx context.Context) error {
	release, err := db.lockTables(ctx, true)
	if err != nil {
		return err
	}
	return errors.Join(db.migrateTo(ctx, 0), release())
}

// UseAt opens a database, creates its tables or migrates them up to a version, calls use,
// and closes it. Version 0 is the newest of this program. The writers start after the
// migration: one of SQLite keeps the only connection.
func (s *Schema) UseAt(ctx context.Context, name string, version int64, use func(*DB) error) error {
	db, err := s.connect(name, true)
	if err != nil {
		return err
	}
	if err := db.migrateTo(ctx, version); err != nil {
		return errors.Join(err, db.closePools())
	}
	db.startWriters()
	return errors.Join(use(db), db.Close())
}

// RevertTo takes the tables back to an older version. It deletes the data that the older
// tables cannot hold.
func (db *DB) RevertTo(ctx context.Context, version int64) error {
	provider, err := db.provider()
	if err != nil {
		return err
	}
	if _, err := provider.DownTo(ctx, version); err != nil {
		return fmt.Errorf("reverting the tables: %w", db.dialect.wrap(unwrapGoose(err)))
	}
	return nil
}

// unwrapGoose returns the driver's error inside an error of goose.
func unwrapGoose(err error) error {
	var partial *goose.PartialError
	if errors.As(err, &partial) {
		return partial.Err
	}
	return err
}

// tablesLock is the key of PostgreSQL's advisory lock for changes of the tables. Only one
// process has it at a time. It is "fob" and "tables" in ASCII.
const tablesLock = int64(0x666f62_7461626c65)

// lockTables acquires that lock, exclusive or shared, until release is called or the
// connection ends. The error wraps [Schema.ErrBusy]. SQLite has no such lock: a program
// replaces its tables only in a new file.
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
		err = db.schema.ErrBusy
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		_, err := conn.ExecContext(context.Background(), statements.unlock, tablesLock)
		return errors.Join(db.dialect.wrap(err), conn.Close())
	}, nil
}

// LockTables opens a database of PostgreSQL and prevents migrations in other processes
// until release is called. It does not check or change the tables. prepare may do that:
// it is called first, and may use transactions of one function and [DB.RevertTo]. The
// error wraps [Schema.ErrBusy] if another process has the lock.
func (s *Schema) LockTables(ctx context.Context, address string, prepare func(*DB) error) (release func() error, err error) {
	db, err := s.connect(address, true)
	if err != nil {
		return nil, err
	}
	unlock, err := db.lockTables(ctx, false)
	if err != nil {
		return nil, errors.Join(err, db.closePools())
	}
	release = func() error { return errors.Join(unlock(), db.closePools()) }
	if err = prepare(db); err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}
