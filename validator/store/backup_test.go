// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/store"
)

// TestEveryTableIsSaved: a table is either in a backup or left out on purpose. A
// new one that is neither makes each backup fail, and this test.
func TestEveryTableIsSaved(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		db := open(t, name)
		view(t, db, func(tx *store.Tx) error {
			have, err := tx.Tables()
			require.NoError(t, err)
			require.ElementsMatch(t, append(store.SavedTables(), "session", "goose_db_version"), have)
			return nil
		})
	})
}
