// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables up to date, or says how they differ.
func (db *DB) migrate(ctx context.Context, change bool) error {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("store: internal error: %w", err)
	}
	kind := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.dialect.postgres {
		kind = goose.DialectPostgres
		// Two servers that start at once must not both migrate.
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("store: internal error: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(kind, db.write, folder, options...)
	if err != nil {
		return fmt.Errorf("store: internal error: %w", err)
	}
	if change {
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("making the tables: %w", db.dialect.wrap(unwrapGoose(err)))
		}
	}
	now, newest, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("looking at the tables: %w", db.dialect.wrap(err))
	case now == 0:
		return fmt.Errorf("%w: make one with init", ErrNoBank)
	case now > newest:
		return fmt.Errorf("the database is of a newer program (its tables have version %d, this one knows %d)", now, newest)
	case now < newest:
		return fmt.Errorf("the database is of an older program (its tables have version %d, this one wants %d): bring it up to date with migrate", now, newest)
	}
	return nil
}

// unwrapGoose returns the driver's error in one of goose.
func unwrapGoose(err error) error {
	var partial *goose.PartialError
	if errors.As(err, &partial) {
		return partial.Err
	}
	return err
}
