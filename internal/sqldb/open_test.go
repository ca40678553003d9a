// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"os"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/d204ef64/fob/internal/sqldb"
)

// open opens a database that has tables but no data.
func open(t *testing.T, name string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Items.Open(t.Context(), name, true)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func update(t *testing.T, db *sqldb.DB, fn func(tx *sqldb.Tx) error) {
	t.Helper()
	require.NoError(t, db.Update(t.Context(), fn))
}

func view(t *testing.T, db *sqldb.DB, fn func(tx *sqldb.Tx) error) {
	t.Helper()
	require.NoError(t, db.View(t.Context(), fn))
}

func TestOpenFile(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	_, err := sqldb.Items.Open(ctx, filepath.Join(dir, "none.db"), false)
	require.ErrorIs(t, err, sqldb.ErrNoItems)
	require.NoFileExists(t, filepath.Join(dir, "none.db"), "opening without create must not create a file")
	_, err = sqldb.Items.Open(ctx, dir, true)
	require.ErrorContains(t, err, "is a folder")
	_, err = sqldb.Items.Open(ctx, filepath.Join(dir, "no", "item.db"), true)
	require.ErrorContains(t, err, "creating the database")

	odd := filepath.Join(dir, "a ?#%&=ä b.db")
	db, err := sqldb.Items.Open(ctx, odd, true)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	info, err := os.Stat(odd)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	text := filepath.Join(dir, "text")
	require.NoError(t, os.WriteFile(text, make([]byte, 8192), 0o600))
	_, err = sqldb.Items.Open(ctx, text, false)
	require.Error(t, err)
	require.NoError(t, os.WriteFile(text, []byte("this is a letter to a friend, and long enough for a page\n"), 0o600))
	_, err = sqldb.Items.Open(ctx, text, true)
	require.ErrorContains(t, err, "not an SQLite database")
}

func TestOpenPostgres(t *testing.T) {
	ctx := t.Context()
	_, err := sqldb.Items.Open(ctx, "postgres://u:secret-word@host:port/x", false)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret-word")
	_, err = sqldb.Items.Open(ctx, "postgres://u:secret-word@127.0.0.1:1/x?sslmode=disable", false)
	require.ErrorIs(t, err, sqldb.ErrUnavailable)
	require.ErrorContains(t, err, "refused", "it says why")
	require.NotContains(t, err.Error(), "secret-word")
	require.NotContains(t, err.Error(), "\n")
}
