// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// provider returns the goose provider, which reads and changes the version of the
// tables.
func (db *DB) provider() (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("store: internal error: %w", err)
	}
	kind, options, err := db.dialect.goose()
	if err != nil {
		return nil, fmt.Errorf("store: internal error: %w", err)
	}
	provider, err := goose.NewProvider(kind, db.write, folder, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return nil, fmt.Errorf("store: internal error: %w", err)
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

// versions returns the version of the tables, and the newest one of this program.
func (db *DB) versions(ctx context.Context) (now, newest int64, err error) {
	provider, err := db.provider()
	if err != nil {
		return 0, 0, err
	}
	now, newest, err = provider.GetVersions(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("reading the version of the tables: %w", db.dialect.wrap(err))
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
		return fmt.Errorf("%w: create one with fob validator init", ErrNoBank)
	case now > newest:
		return fmt.Errorf("%w: its tables have version %d, this program supports version %d: use a newer program", ErrVersion, now, newest)
	case now < newest:
		err := db.LongView(ctx, func(tx *Tx) error {
			_, err := tx.Meta()
			return err
		})
		if errors.Is(err, ErrUnfinished) {
			return err
		}
		return fmt.Errorf("%w: its tables have version %d, this program needs version %d: update them with fob validator migrate", ErrVersion, now, newest)
	}
	return nil
}

// Migrate brings the tables of a database up to date. Each step is a transaction, and
// the next call continues after an interrupted one. No other process may use the
// database meanwhile.
func Migrate(ctx context.Context, name string) error {
	db, err := connect(name, false)
	if err != nil {
		return err
	}
	return errors.Join(db.migrate(ctx), db.closePools())
}

// migrate brings the tables up to date, unless a restoration is at work with them.
func (db *DB) migrate(ctx context.Context) error {
	release, err := db.lockTables(ctx, true)
	if err != nil {
		return err
	}
	return errors.Join(db.migrateTo(ctx, 0), release())
}

// revertTo takes the tables back to an older version.
func (db *DB) revertTo(ctx context.Context, version int64) error {
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
