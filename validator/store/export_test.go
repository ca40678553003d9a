// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"slices"
)

// DownTo reverts the tables to an older version; 0 removes them.
func (db *DB) DownTo(ctx context.Context, version int64) error { return db.sql.RevertTo(ctx, version) }

// ExecIn runs SQL in a transaction of the store.
func (tx *Tx) ExecIn(query string, args ...any) error {
	_, err := tx.sql.Exec(query, args...)
	return err
}

// Postgres reports whether the database is PostgreSQL.
func (db *DB) Postgres() bool { return db.System() == "PostgreSQL" }

// Tables returns the tables of the database.
func (tx *Tx) Tables() ([]string, error) { return tx.sql.Tables() }

// SavedTables returns the tables of a backup.
func SavedTables() []string { return slices.Clone(savedTables) }
