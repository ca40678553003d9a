// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// TestUnfinished: a bank whose restoration was broken off is not opened, and no bank is
// made over its rows.
func TestUnfinished(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db, err := store.Open(t.Context(), name, true)
		require.NoError(t, err)
		db.SetAuditMAC(mac)
		meta := store.Meta{Settings: validator.DefaultSettings(), Created: 1}
		view(t, db, func(tx *store.Tx) error {
			_, err := tx.Meta()
			require.ErrorIs(t, err, store.ErrNoBank)
			return nil
		})
		update(t, db, func(tx *store.Tx) error {
			return tx.ExecIn("INSERT INTO bank (id, settings, kdf, created) VALUES (-7, '{}', '', 1)")
		})
		view(t, db, func(tx *store.Tx) error {
			_, err := tx.Meta()
			require.ErrorIs(t, err, store.ErrUnfinished)
			return nil
		})
		err = db.Update(t.Context(), func(tx *store.Tx) error { return tx.AddMeta(meta) })
		require.ErrorIs(t, err, store.ErrUnfinished)

		// With tables that another restoration would have brought up to date.
		require.NoError(t, db.Close())
		db, err = store.Open(t.Context(), name, true)
		require.NoError(t, err)
		require.NoError(t, db.DownTo(t.Context(), 2))
		require.NoError(t, db.Close())
		_, err = store.Open(t.Context(), name, false)
		require.ErrorIs(t, err, store.ErrUnfinished)
	})
}

// TestRestoreIntoNewerTables: a backup of an older fob is restored where a restoration
// of it was broken off after the tables were brought up to date.
func TestRestoreIntoNewerTables(t *testing.T) {
	name := filepath.Join(t.TempDir(), "old.db")
	old, err := store.Open(t.Context(), name, true)
	require.NoError(t, err)
	require.NoError(t, old.DownTo(t.Context(), 2))
	old.SetAuditMAC(mac)
	update(t, old, func(tx *store.Tx) error {
		if err := tx.AddMeta(store.Meta{Settings: validator.DefaultSettings(), Created: 1}); err != nil {
			return err
		}
		return tx.AddContract(contract("c1"))
	})
	var saved bytes.Buffer
	_, err = old.Backup(t.Context(), &saved, 1, nil)
	require.NoError(t, err)
	require.NoError(t, old.Close())

	to := pgtest.Database(t)
	db, err := store.Open(t.Context(), to, true)
	require.NoError(t, err)
	db.SetAuditMAC(mac)
	update(t, db, func(tx *store.Tx) error {
		if err := tx.AddContract(contract("left behind")); err != nil {
			return err
		}
		return tx.ExecIn("INSERT INTO bank (id, settings, kdf, created) VALUES (-7, '{}', '', 1)")
	})
	require.NoError(t, db.Close())
	r, err := store.ReadBackup(&saved)
	require.NoError(t, err)
	_, err = r.Restore(t.Context(), to, func(*store.Tx) (chain.MAC, error) { return mac, nil }, func(*store.Tx) error { return nil }, nil)
	require.NoError(t, err)
	db, err = store.Open(t.Context(), to, false)
	require.NoError(t, err)
	view(t, db, func(tx *store.Tx) error {
		_, err := tx.Meta()
		require.NoError(t, err)
		_, err = tx.Contract("c1")
		require.NoError(t, err)
		_, err = tx.Contract("left behind")
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	})
	require.NoError(t, db.Close())
}
