// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// TestClockMigration migrates a token that was used at an older bank. Its last code was
// of step 1,000, and its clock was two steps ahead.
func TestClockMigration(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db, err := store.Open(t.Context(), name, true)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		require.NoError(t, db.DownTo(t.Context(), 1))
		update(t, db, func(tx *store.Tx) error {
			return tx.ExecIn(`INSERT INTO token (serial, algorithm, digits, step, t0, seed, seed_key,
			fingerprint, manufacturer, model, starts, expiry, condition, imported, import, activated, noticed,
			next_step, drift_offset, drift_anchor, learned_at, wrong, suspended, pending, pending_step, pending_offset)
			VALUES ('9999000000017', 0, 6, 60, 7, '', 1, '', '', '', 0, 0, 1, 1, '', 0, 0, 1001, 2, 1, 0, 0, 0, 1, 5, 5)`)
		})
		require.NoError(t, db.Close())
		db, err = store.Open(t.Context(), name, true)
		require.NoError(t, err)
		view(t, db, func(tx *store.Tx) error {
			got, err := tx.Token(serial(t, "9999000000017"))
			require.NoError(t, err)
			require.Equal(t, validator.State{
				Next:  1001,
				Drift: validator.Drift{Offset: 2, Top: 2, Shown: 61, ShownAt: token.UnixSeconds(998*60 + 7)},
			}, got.State)
			return nil
		})
	})
}
