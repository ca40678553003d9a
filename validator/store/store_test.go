// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"context"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/store"
)

// open opens a store that has tables and chains but no data.
func open(t *testing.T, name string) *store.DB {
	t.Helper()
	db, err := newStore(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func serial(t *testing.T, text string) token.Serial {
	t.Helper()
	s, err := token.ParseSerial(text)
	require.NoError(t, err)
	return s
}

func update(t *testing.T, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, db.Update(t.Context(), fn))
}

func view(t *testing.T, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, db.View(t.Context(), fn))
}

func TestMigrations(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		ctx := t.Context()
		_, err := store.Open(ctx, name, false)
		require.ErrorIs(t, err, store.ErrNoBank)
		require.ErrorContains(t, err, "with fob validator init")

		db, err := store.Open(ctx, name, true)
		require.NoError(t, err)
		r := pgtest.Raw(t, name)
		pgtest.Exec(t, r, "INSERT INTO contract (id, name, address, email, language, had_free, created) VALUES ('c', 'n', 'a', '', 'ja', 0, 1)")
		require.NoError(t, db.DownTo(ctx, 0))
		_, err = r.ExecContext(ctx, "SELECT 1 FROM contract")
		require.Error(t, err, "the table was dropped")
		require.NoError(t, db.Close())

		_, err = store.Open(ctx, name, false)
		require.ErrorIs(t, err, store.ErrNoBank)
		_, _, _, err = store.OpenOutdated(ctx, name)
		require.ErrorIs(t, err, store.ErrNoBank)
		db, err = store.Open(ctx, name, true)
		require.NoError(t, err)
		require.NoError(t, db.View(ctx, func(tx *store.Tx) error {
			_, err := tx.Contract("c")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = tx.Meta()
			require.ErrorIs(t, err, store.ErrNoBank, "tables without a bank")
			return nil
		}))
		require.NoError(t, db.Close())
		db, err = store.Open(ctx, name, false)
		require.NoError(t, err)
		require.NoError(t, db.Close())

		pgtest.Exec(t, r, "INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (9999, $1, CURRENT_TIMESTAMP)", true)
		for _, create := range []bool{false, true} {
			_, err = store.Open(ctx, name, create)
			require.ErrorIs(t, err, store.ErrVersion)
			require.ErrorContains(t, err, "its tables have version 9999", "create %v", create)
			require.ErrorContains(t, err, "use a newer program")
		}
		_, _, _, err = store.OpenOutdated(ctx, name)
		require.ErrorIs(t, err, store.ErrVersion, "the database was not migrated")
	})
}

func TestCreateBankOnce(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		err := db.Update(context.Background(), func(tx *store.Tx) error { return tx.AddMeta(store.Meta{}) })
		require.ErrorIs(t, err, store.ErrExists)
	})
}
