// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/validator/store"
)

// TestEveryTableIsSaved checks that each table is either in a backup or left out on
// purpose. A new table that is in neither list makes every backup and this test fail.
func TestEveryTableIsSaved(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		view(t, db, func(tx *store.Tx) error {
			have, err := tx.Tables()
			require.NoError(t, err)
			require.ElementsMatch(t, append(store.SavedTables(), "session", "goose_db_version"), have)
			return nil
		})
	})
}

// TestBackupHead checks that the first line of a backup is validated first.
func TestBackupHead(t *testing.T) {
	for head, says := range map[string]string{
		`{"format":"another","version":1,"schema":1}`:          "its first line is not the head of a backup",
		`{"format":"fob bank backup","version":1}`:             "its first line has no version of the tables",
		`{"format":"fob bank backup","version":1,"schema":-1}`: "its first line has no version of the tables",
		`{"format":"fob bank backup","version":2,"schema":1}`:  "it has version 2, this program reads version 1",
	} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write([]byte(head + "\n"))
		require.NoError(t, err)
		require.NoError(t, z.Close())
		_, err = store.ReadBackup(&b)
		require.ErrorIs(t, err, store.ErrBackup)
		require.ErrorContains(t, err, says)
	}
}
