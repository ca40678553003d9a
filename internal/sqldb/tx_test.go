// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/sqldb"
)

// TestExists checks that a violated key has the same name on both databases.
func TestExists(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		update(t, db, func(tx *sqldb.Tx) error {
			if err := tx.ExecOne("INSERT INTO label (text) VALUES ('Blue')"); err != nil {
				return err
			}
			return tx.ExecOne("INSERT INTO item (id, batch, number) VALUES ('a)=(b', 1, 2)")
		})
		for query, key := range map[string]string{
			"INSERT INTO item (id) VALUES ('a)=(b')":                        "item.id",
			"INSERT INTO item (id, batch, number) VALUES ('another', 1, 2)": "item.batch, item.number",
			"INSERT INTO label (text) VALUES ('BLUE')":                      "label_lower",
		} {
			err := db.Update(t.Context(), func(tx *sqldb.Tx) error { return tx.ExecOne(query) })
			require.ErrorIs(t, err, sqldb.ErrExists)
			var exists *sqldb.ExistsError
			require.ErrorAs(t, err, &exists)
			require.Equal(t, key, exists.Key, query)
			require.NotContains(t, err.Error(), "\n")
		}
	})
}

func TestForeignKey(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		err := db.Update(t.Context(), func(tx *sqldb.Tx) error { return tx.ExecOne("INSERT INTO part (item) VALUES ('none')") })
		require.ErrorIs(t, err, sqldb.ErrNotFound)
		err = db.Update(t.Context(), func(tx *sqldb.Tx) error { return tx.ExecOne("UPDATE item SET batch = 1 WHERE id = 'none'") })
		require.ErrorIs(t, err, sqldb.ErrNotFound)
	})
}

func TestPages(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		update(t, db, func(tx *sqldb.Tx) error {
			for _, id := range []string{"a_1", "a_2", "a_3", "ab4", "b_1"} {
				if err := sqldb.Add(tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		var pages [][]string
		view(t, db, func(tx *sqldb.Tx) error {
			for next := ""; ; {
				var w sqldb.Where
				w.Add("(id, id) > ($, $)", next, next)
				w.Add(`(id LIKE $ ESCAPE '\' OR id = $)`, sqldb.LikePrefix("a_"))
				var list []string
				var err error
				list, next, err = sqldb.QueryPage(tx, sqldb.ScanText, func(id string) string { return id }, sqldb.Page{Limit: 2},
					"SELECT id FROM item"+w.String()+" ORDER BY id", w.Args()...)
				if err != nil {
					return err
				}
				pages = append(pages, list)
				if next == "" {
					return nil
				}
			}
		})
		require.Equal(t, [][]string{{"a_1", "a_2"}, {"a_3"}}, pages, "the prefix is not a pattern")
	})
}

// TestBefore checks the order of the functions around a commit, and that an error before
// it leaves no change behind.
func TestBefore(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		var order []string
		update(t, db, func(tx *sqldb.Tx) error {
			order = nil // the function may run again
			tx.After(func() { order = append(order, "after") })
			tx.Before(func() error {
				tx.Before(func() error { order = append(order, "second"); return nil })
				order = append(order, "first")
				return sqldb.Add(tx, "a")
			})
			order = append(order, "function")
			return nil
		})
		require.Equal(t, []string{"function", "first", "second", "after"}, order)
		errMine := errors.New("mine")
		for what, before := range map[string]func(tx *sqldb.Tx) error{
			"error":         func(*sqldb.Tx) error { return errMine },
			"ignored error": func(tx *sqldb.Tx) error { _ = sqldb.Add(tx, "a"); return nil },
		} {
			err := db.Update(t.Context(), func(tx *sqldb.Tx) error {
				tx.Before(func() error { return before(tx) })
				tx.After(func() { t.Error("not committed") })
				return sqldb.Add(tx, "b")
			})
			require.Error(t, err, what)
		}
		require.PanicsWithValue(t, "broken", func() {
			_ = db.Grouped(t.Context(), "", func(tx *sqldb.Tx) error {
				tx.Before(func() error { panic("broken") })
				return sqldb.Add(tx, "b")
			})
		}, "the panic is in the caller's goroutine")
		view(t, db, func(tx *sqldb.Tx) error {
			list, err := sqldb.List(tx, "")
			require.Equal(t, []string{"a"}, list)
			require.NoError(t, err)
			_, err = tx.Exec("DELETE FROM item")
			require.ErrorContains(t, err, "a view cannot write")
			return nil
		})
	})
}

// TestScanStrict stores a number and a text as values of other types, as only SQLite
// allows.
func TestScanStrict(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		update(t, db, func(tx *sqldb.Tx) error { return sqldb.Add(tx, "a") })
		scan := func(query string) (proper bool) {
			view(t, db, func(tx *sqldb.Tx) error {
				return tx.Rows(query, nil, func(s sqldb.Scanner) (err error) {
					var id string
					var number int64
					proper, err = sqldb.ScanStrict(s, &id, &number)
					if proper {
						require.Equal(t, "a", id)
						require.EqualValues(t, 7, number)
					}
					return err
				})
			})
			return proper
		}
		require.True(t, scan("SELECT id, CAST(7 AS BIGINT) FROM item"))
		require.False(t, scan("SELECT id, '7' FROM item"))
		require.False(t, scan("SELECT id, batch FROM item"), "NULL is not a number")
		if !db.Postgres() {
			require.False(t, scan("SELECT CAST(id AS BLOB), 7 FROM item"))
			require.False(t, scan("SELECT id, 7.5 FROM item"))
		}
	})
}

// TestObserve checks that each transaction is reported with its kind.
func TestObserve(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		kinds := make(chan sqldb.Operation, 10)
		db.Observe(func(kind sqldb.Operation, _ time.Duration) { kinds <- kind })
		none := func(*sqldb.Tx) error { return nil }
		grouped := func(ctx context.Context, fn func(*sqldb.Tx) error) error { return db.Grouped(ctx, "", fn) }
		for kind, run := range map[sqldb.Operation]func(context.Context, func(*sqldb.Tx) error) error{
			sqldb.Read: db.View, sqldb.LongRead: db.LongView, sqldb.Write: db.Update, sqldb.LongWrite: db.Long,
		} {
			require.NoError(t, run(t.Context(), none))
			require.Equal(t, kind, <-kinds)
		}
		require.NoError(t, grouped(t.Context(), none))
		require.Equal(t, sqldb.Write, <-kinds, "a group of one")
		require.Len(t, sqldb.Operations(), 5)
		db.Observe(nil)
		errMine := errors.New("mine")
		db.Guard(func(context.Context) error { return errMine })
		for _, run := range []func(context.Context, func(*sqldb.Tx) error) error{db.View, db.LongView, db.Update, db.Long, grouped} {
			require.ErrorIs(t, run(t.Context(), none), errMine)
		}
		require.Empty(t, kinds)
	})
}
