// SPDX-License-Identifier: Apache-2.0

package pgtest

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// Each runs a test on SQLite and on PostgreSQL, with the name of an empty database: a path,
// or an address.
func Each(t *testing.T, test func(t *testing.T, name string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "test.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, Database(t)) })
}

// Raw opens a database directly with its driver, like an intruder. The test must import the
// driver. The database is closed at the end of the test.
func Raw(t testing.TB, name string) *sql.DB {
	t.Helper()
	driver := "pgx"
	if !strings.HasPrefix(name, "postgres://") {
		// The program under test may be writing, and take long on a busy machine.
		driver, name = "sqlite", name+"?_pragma=busy_timeout(600000)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Exec runs a statement that must succeed.
func Exec(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
