// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/d204ef64/fob/internal/sqldb"
)

// books is the schema of a program that lends books. A real program embeds its
// migrations.
var books = sqldb.Schema{
	Program: "library", Thing: "catalogue", Versions: "book_version",
	ErrNone: errors.New("there is no catalogue in this database"),
	ErrBusy: errors.New("another process is changing the tables"),
	Migrations: fstest.MapFS{"00001_book.sql": {Data: []byte(`-- +goose Up
CREATE TABLE book (id BIGINT NOT NULL PRIMARY KEY, title TEXT NOT NULL);
-- +goose Down
DROP TABLE book;
`)}},
}

// A transaction is on disk when Update returns nil, and leaves no change behind when it
// returns an error.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "sqldb-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := books.Open(ctx, filepath.Join(dir, "books.db"), true) // or "postgres://…"
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()

	for _, title := range []string{"Emma", "Persuasion"} {
		err := db.Update(ctx, func(tx *sqldb.Tx) error {
			return tx.ExecOne("INSERT INTO book (id, title) VALUES ($1, $2)", 1, title)
		})
		var exists *sqldb.ExistsError
		if errors.As(err, &exists) {
			fmt.Println(title+":", exists.Key, "exists already")
		} else if err != nil {
			fmt.Println(err)
		}
	}
	err = db.View(ctx, func(tx *sqldb.Tx) error {
		title, err := sqldb.QueryOne(tx, sqldb.ScanText, "SELECT title FROM book WHERE id = $1", 1)
		fmt.Println(title)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// Persuasion: book.id exists already
	// Emma
}
