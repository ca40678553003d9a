// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"io/fs"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
)

// SetPatience sets how long PostgreSQL may take, before the first use.
func (db *DB) SetPatience(d time.Duration) { db.patience = d }

// Down takes the tables down again.
func (db *DB) Down(ctx context.Context) error { return db.DownTo(ctx, 0) }

// Up brings the tables up to date.
func (db *DB) Up(ctx context.Context) error { return db.migrateTo(ctx, 0) }

// DownTo takes the tables down to an older version.
func (db *DB) DownTo(ctx context.Context, version int64) error {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	kind := goose.DialectSQLite3
	if db.dialect.postgres {
		kind = goose.DialectPostgres
	}
	p, err := goose.NewProvider(kind, db.write, folder, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.DownTo(ctx, version)
	return err
}

// Exec runs SQL as somebody who has got at the database.
func (db *DB) Exec(ctx context.Context, query string, args ...any) error {
	_, err := db.write.ExecContext(ctx, query, args...)
	return err
}

// ExecIn runs SQL in a transaction of the store.
func (tx *Tx) ExecIn(query string, args ...any) error {
	_, err := tx.exec(query, args...)
	return err
}

// Tables returns the tables of the database.
func (tx *Tx) Tables() ([]string, error) { return tx.tables() }

// SavedTables returns the tables of a backup.
func SavedTables() []string { return slices.Clone(savedTables) }

// RestoreFolder makes a folder for a restoration.
func RestoreFolder(in string) (dir string, remove func(), err error) { return restoreFolder(in) }
