// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/sqldb"
)

func TestMigrations(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		ctx := t.Context()
		_, err := sqldb.Items.Open(ctx, name, false)
		require.ErrorIs(t, err, sqldb.ErrNoItems)
		require.ErrorContains(t, err, "fob item init")

		require.NoError(t, sqldb.Items.UseAt(ctx, name, 1, func(db *sqldb.DB) error {
			return db.Update(ctx, func(tx *sqldb.Tx) error { return sqldb.Add(tx, "a") })
		}))
		_, err = sqldb.Items.Open(ctx, name, false)
		require.ErrorIs(t, err, sqldb.ErrVersion)
		require.ErrorContains(t, err, "its tables have version 1, this program needs version 2: update them with fob item migrate")
		errOld := errors.New("these items are unfinished")
		old := *sqldb.Items
		old.CheckOld = func(tx *sqldb.Tx) error {
			list, err := sqldb.List(tx, "")
			require.NoError(t, err)
			require.Equal(t, []string{"a"}, list)
			return errOld
		}
		_, err = old.Open(ctx, name, false)
		require.ErrorIs(t, err, errOld)
		db, now, newest, err := sqldb.Items.OpenOld(ctx, name)
		require.NoError(t, err)
		require.EqualValues(t, 1, now)
		require.EqualValues(t, 2, newest)
		require.NoError(t, db.Close())

		require.NoError(t, sqldb.Items.Migrate(ctx, name))
		db = open(t, name)
		view(t, db, func(tx *sqldb.Tx) error {
			version, err := tx.Version()
			require.NoError(t, err)
			require.EqualValues(t, 2, version)
			tables, err := tx.Tables()
			require.NoError(t, err)
			require.Equal(t, []string{"item", "item_version", "label", "part"}, tables)
			columns, err := tx.Columns("item")
			require.NoError(t, err)
			require.Equal(t, []string{"id", "batch", "number", "note"}, columns)
			list, err := sqldb.List(tx, "")
			require.Equal(t, []string{"a"}, list)
			return err
		})
		require.NoError(t, db.Close())

		err = sqldb.Items.UseAt(ctx, name, 3, func(*sqldb.DB) error { return nil })
		require.ErrorContains(t, err, "this program supports versions up to 2")
		pgtest.Exec(t, pgtest.Raw(t, name), "INSERT INTO item_version (version_id, is_applied, tstamp) VALUES (9999, $1, CURRENT_TIMESTAMP)", true)
		_, err = sqldb.Items.Open(ctx, name, true)
		require.ErrorIs(t, err, sqldb.ErrVersion)
		require.ErrorContains(t, err, "use a newer program")
	})
}

// TestTwoSchemas checks that a program does not change the tables of another program.
func TestTwoSchemas(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		require.NoError(t, open(t, name).Close())
		other := *sqldb.Items
		other.Versions, other.ErrNone = "other_version", errors.New("no others")
		_, err := other.Open(t.Context(), name, false)
		require.ErrorIs(t, err, other.ErrNone)
		require.NoError(t, open(t, name).Close())
	})
}

// TestForeign checks that opening a database of another program to read it changes
// nothing there.
func TestForeign(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		ctx := t.Context()
		raw := pgtest.Raw(t, name)
		pgtest.Exec(t, raw, "CREATE TABLE book (title TEXT)")
		require.NoError(t, raw.Close())
		var before []byte
		if !sqldb.IsPostgres(name) {
			var err error
			before, err = os.ReadFile(name)
			require.NoError(t, err)
		}
		_, err := sqldb.Items.Open(ctx, name, false)
		require.ErrorIs(t, err, sqldb.ErrNoItems)
		_, _, _, err = sqldb.Items.OpenOld(ctx, name)
		require.ErrorIs(t, err, sqldb.ErrNoItems)
		if before != nil {
			after, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Equal(t, before, after)
			require.NoFileExists(t, name+"-wal")
			return
		}
		var tables int
		require.NoError(t, pgtest.Raw(t, name).QueryRowContext(ctx,
			"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'").Scan(&tables))
		require.Equal(t, 1, tables)
	})
}

// TestRollbackJournal checks that a file which SQLite's own tools copied works as before.
func TestRollbackJournal(t *testing.T) {
	name := filepath.Join(t.TempDir(), "items.db")
	require.NoError(t, open(t, name).Close())
	raw := pgtest.Raw(t, name)
	pgtest.Exec(t, raw, "PRAGMA journal_mode = DELETE")
	require.NoError(t, raw.Close())
	db, err := sqldb.Items.Open(t.Context(), name, false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	update(t, db, func(tx *sqldb.Tx) error { return sqldb.Add(tx, "a") })
	view(t, db, func(tx *sqldb.Tx) error {
		list, err := sqldb.List(tx, "")
		require.Equal(t, []string{"a"}, list)
		return err
	})
	var mode string
	require.NoError(t, pgtest.Raw(t, name).QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode))
	require.Equal(t, "wal", mode)
}

// TestLockTables checks that a migration does not start while another process prepares
// the tables.
func TestLockTables(t *testing.T) {
	name := pgtest.Database(t)
	ctx := context.Background()
	require.NoError(t, sqldb.Items.Migrate(ctx, name))
	release, err := sqldb.Items.LockTables(ctx, name, func(db *sqldb.DB) error {
		require.ErrorIs(t, sqldb.Items.Migrate(ctx, name), sqldb.ErrBusy)
		_, err := sqldb.Items.LockTables(ctx, name, func(*sqldb.DB) error { panic("it has the lock") })
		require.ErrorIs(t, err, sqldb.ErrBusy)
		return db.RevertTo(ctx, 1)
	})
	require.NoError(t, err)
	require.ErrorIs(t, sqldb.Items.Migrate(ctx, name), sqldb.ErrBusy)
	require.NoError(t, release())
	require.NoError(t, sqldb.Items.Migrate(ctx, name))

	errMine := errors.New("mine")
	_, err = sqldb.Items.LockTables(ctx, name, func(*sqldb.DB) error { return errMine })
	require.ErrorIs(t, err, errMine)
	require.NoError(t, sqldb.Items.Migrate(ctx, name), "the lock was released")
}
