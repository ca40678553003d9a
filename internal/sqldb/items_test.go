// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"errors"
	"testing/fstest"
	"time"
)

// Errors of Items.
var (
	ErrNoItems = errors.New("there are no items in this database")
	ErrBusy    = errors.New("the items are being changed")
)

// Items is a schema for tests.
var Items = &Schema{
	Program: "fob item", Thing: "stock", Versions: "item_version", ErrNone: ErrNoItems, ErrBusy: ErrBusy,
	Migrations: fstest.MapFS{
		"00001_item.sql": {Data: []byte(`-- +goose Up
CREATE TABLE item (id TEXT NOT NULL PRIMARY KEY, batch BIGINT, number BIGINT, UNIQUE (batch, number));
CREATE TABLE part (item TEXT NOT NULL REFERENCES item (id));
-- +goose Down
DROP TABLE part;
DROP TABLE item;
`)},
		"00002_note.sql": {Data: []byte(`-- +goose Up
ALTER TABLE item ADD COLUMN note TEXT NOT NULL DEFAULT '';
CREATE TABLE label (text TEXT NOT NULL);
CREATE UNIQUE INDEX label_lower ON label (lower(text));
-- +goose Down
DROP TABLE label;
ALTER TABLE item DROP COLUMN note;
`)},
	},
}

// Add adds an item.
func Add(tx *Tx, id string) error {
	return tx.ExecOne("INSERT INTO item (id) VALUES ($1)", id)
}

// List returns the IDs of the items that begin with a text.
func List(tx *Tx, find string) ([]string, error) {
	return QueryAll(tx, ScanText, `SELECT id FROM item WHERE id LIKE $1 ESCAPE '\' ORDER BY id`, LikePrefix(find))
}

// SetPatience sets the time allowed for PostgreSQL. Call it before the first use.
func (db *DB) SetPatience(d time.Duration) { db.patience = d }

// Postgres reports whether the database is PostgreSQL.
func (db *DB) Postgres() bool { return db.dialect == &onPostgres }
