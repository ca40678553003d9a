// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/sqldb"
)

// TestPurge checks that the bytes of deleted rows are gone from all files of a database
// that stays open and usable.
func TestPurge(t *testing.T) {
	dir := t.TempDir()
	diary := books
	diary.Erase = true
	db, err := diary.Open(t.Context(), filepath.Join(dir, "items.db"), true)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	update := func(query string, args ...any) {
		require.NoError(t, db.Update(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(query, args...); return err }))
	}
	update("CREATE TABLE secret (id BIGINT PRIMARY KEY, text TEXT NOT NULL)")
	for i := range 300 {
		n := i * 77 % 300 // rows move between pages
		update("INSERT INTO secret (id, text) VALUES ($1, $2)", n, fmt.Sprintf("geheim-%03d-%0200d", n, n))
	}
	count := func() (n int) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			require.NoError(t, err)
			n += bytes.Count(b, []byte("geheim-"))
		}
		return n
	}
	require.GreaterOrEqual(t, count(), 300)
	update("DELETE FROM secret WHERE id >= 10")
	require.NoError(t, db.Purge(t.Context()))
	require.Equal(t, 10, count())
	update("DELETE FROM secret")
	require.NoError(t, db.Purge(t.Context()))
	require.Zero(t, count())
	update("INSERT INTO secret (id, text) VALUES (1, 'new')")
}
