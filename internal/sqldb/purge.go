// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/internal/errclass"
)

var errPurge = errclass.New(errclass.Failed, "the write-ahead log still holds deleted data, because another process reads the database")

// Purge removes older copies of pages, in which deleted rows may be, from the files of a
// SQLite database: it empties the write-ahead log. [Schema.Erase] does the rest. Other
// processes may go on, unless one of them reads for longer than ten seconds. In PostgreSQL
// Purge does nothing: VACUUM and the retention of its log are the administrator's business.
func (db *DB) Purge(ctx context.Context) (err error) {
	if db.dialect != &onSQLite {
		return nil
	}
	c, err := db.read.Conn(ctx) // the writer keeps its connection
	if err != nil {
		return db.readError(ctx, err)
	}
	defer func() {
		_, e := c.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = 1")
		err = errors.Join(err, e, c.Close())
	}()
	if _, err := c.ExecContext(ctx, "PRAGMA query_only = 0"); err != nil {
		return err
	}
	var busy, pages, done int
	if err := c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &done); err != nil {
		return fmt.Errorf("removing deleted data from the write-ahead log: %w", err)
	}
	if busy != 0 {
		return errPurge
	}
	return nil
}
