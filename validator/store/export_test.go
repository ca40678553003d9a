// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"slices"
	"time"
)

// SetPatience sets the time allowed for PostgreSQL. Call it before the first use.
func (db *DB) SetPatience(d time.Duration) { db.patience = d }

// Down removes the tables again.
func (db *DB) Down(ctx context.Context) error { return db.DownTo(ctx, 0) }

// Up brings the tables up to date.
func (db *DB) Up(ctx context.Context) error { return db.migrateTo(ctx, 0) }

// DownTo reverts the tables to an older version.
func (db *DB) DownTo(ctx context.Context, version int64) error {
	p, err := db.provider()
	if err != nil {
		return err
	}
	_, err = p.DownTo(ctx, version)
	return err
}

// Exec runs SQL like an attacker with access to the database.
func (db *DB) Exec(ctx context.Context, query string, args ...any) error {
	_, err := db.write.ExecContext(ctx, query, args...)
	return err
}

// ExecIn runs SQL in a transaction of the store.
func (tx *Tx) ExecIn(query string, args ...any) error {
	_, err := tx.exec(query, args...)
	return err
}

// Postgres reports whether the database is PostgreSQL.
func (db *DB) Postgres() bool { return db.dialect == &onPostgres }

// Tables returns the tables of the database.
func (tx *Tx) Tables() ([]string, error) { return tx.tables() }

// SavedTables returns the tables of a backup.
func SavedTables() []string { return slices.Clone(savedTables) }

// RestoreFolder makes a folder for a restoration.
func RestoreFolder(in string) (dir string, remove func(), err error) { return restoreFolder(in) }
