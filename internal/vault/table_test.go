// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"errors"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/internal/vault"
)

const keys = vault.Table("data_key")

var schema = sqldb.Schema{
	Program: "safe", Thing: "safe", Versions: "safe_version", ErrNone: errors.New("no safe"), ErrBusy: errors.New("busy"),
	Migrations: fstest.MapFS{"00001_safe.sql": {Data: []byte(`-- +goose Up
CREATE TABLE data_key (id BIGINT NOT NULL, purpose TEXT NOT NULL, wrapped BYTEA NOT NULL, created BIGINT NOT NULL,
	PRIMARY KEY (purpose, id));
-- +goose Down
DROP TABLE data_key;
`)}},
}

// TestTable keeps data keys in both databases: it rotates the seed key, and then the
// master key.
func TestTable(t *testing.T) {
	for system, name := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "safe.db") },
		"postgres": func(t *testing.T) string { return pgtest.Database(t) },
	} {
		t.Run(system, func(t *testing.T) {
			db, err := schema.Open(t.Context(), name(t), true)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			update := func(fn func(*sqldb.Tx) error) { t.Helper(); require.NoError(t, db.Update(t.Context(), fn)) }
			ring := func(m vault.Master) (ring *vault.Ring, err error) {
				err = db.View(t.Context(), func(tx *sqldb.Tx) error {
					list, err := keys.Keys(tx, m)
					if err != nil {
						return err
					}
					ring, err = bank.NewRing(list...)
					return err
				})
				return ring, err
			}
			master, err := bank.NewMaster()
			require.NoError(t, err)
			add := func(purpose string, id int64) error {
				k, err := vault.NewKey(purpose, id)
				require.NoError(t, err)
				return db.Update(t.Context(), func(tx *sqldb.Tx) error { return keys.Add(tx, master, k, 1) })
			}
			for _, purpose := range vault.Purposes() {
				require.NoError(t, add(purpose, 1))
			}
			require.ErrorIs(t, add(vault.PurposeSeed, 1), sqldb.ErrExists)
			first, err := ring(master)
			require.NoError(t, err)
			id, sealed, err := first.Seal("2600124800001", []byte("seed"))
			require.NoError(t, err)

			require.NoError(t, add(vault.PurposeSeed, 2))
			second, err := ring(master)
			require.NoError(t, err)
			require.EqualValues(t, 2, second.NewestSeedKey())
			plain, err := second.Open("2600124800001", id, sealed)
			require.NoError(t, err)
			require.Equal(t, "seed", string(plain))
			update(func(tx *sqldb.Tx) error {
				if err := keys.Lock(tx, vault.PurposeSeed); err != nil {
					return err
				}
				if err := keys.Hold(tx, vault.PurposeSeed, 1); err != nil {
					return err
				}
				return keys.Drop(tx, vault.PurposeSeed, 2)
			})
			update(func(tx *sqldb.Tx) error {
				require.ErrorIs(t, keys.Hold(tx, vault.PurposeSeed, 1), sqldb.ErrNotFound)
				ids, err := keys.IDs(tx, vault.PurposeSeed)
				require.Equal(t, []int64{2}, ids)
				return err
			})

			fresh, err := bank.NewMaster()
			require.NoError(t, err)
			require.ErrorIs(t, db.Update(t.Context(), func(tx *sqldb.Tx) error { return keys.Rewrap(tx, fresh, master) }), vault.ErrWrongKey)
			update(func(tx *sqldb.Tx) error { return keys.Rewrap(tx, master, fresh) })
			_, err = ring(master)
			require.ErrorIs(t, err, vault.ErrWrongKey)
			last, err := ring(fresh)
			require.NoError(t, err)
			require.Equal(t, second.MAC([]byte("a")), last.MAC([]byte("a")), "the same keys under another master key")
			require.Equal(t, second.Fingerprint([]byte("a")), last.Fingerprint([]byte("a")))
		})
	}
}
