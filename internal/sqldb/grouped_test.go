// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/sqldb"
)

// hold keeps all writers of a database busy, which groups the functions that arrive
// meanwhile. It returns once all are busy.
func hold(t *testing.T, db *sqldb.DB) (release func()) {
	t.Helper()
	writers := 1
	if db.Postgres() {
		writers = 4
	}
	gate := make(chan struct{})
	var wg sync.WaitGroup
	for range writers { // one by one, because one writer takes all waiting functions
		held := make(chan struct{})
		wg.Go(func() {
			_ = db.Grouped(context.Background(), "", func(*sqldb.Tx) error {
				close(held)
				<-gate
				return nil
			})
		})
		<-held
	}
	return func() { close(gate); wg.Wait() }
}

// waitForWaiting waits until n functions wait for a writer.
func waitForWaiting(t *testing.T, n int) {
	t.Helper()
	waiting := regexp.MustCompile(`(?m)^goroutine \d+ \[select.*\]:\n.*sqldb\.\(\*DB\)\.submit\(`)
	require.Eventually(t, func() bool { return len(waiting.FindAllString(stacks(), -1)) == n }, 5*time.Minute, time.Millisecond)
}

// stacks returns the stacks of all goroutines.
func stacks() string {
	buf := make([]byte, 4<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

var errMine = errors.New("mine")

// TestGrouped checks that a failing function of a group does not affect the others.
func TestGrouped(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		const n = 60
		var errs [n]error
		var confirmed atomic.Int32
		var panics [n]any
		var wg sync.WaitGroup
		release := hold(t, db)
		for i := range n {
			wg.Go(func() {
				defer func() { panics[i] = recover() }()
				id := fmt.Sprintf("c%02d", i)
				errs[i] = db.Grouped(context.Background(), id, func(tx *sqldb.Tx) error {
					shared, has := tx.Shared.(*[]string)
					if !has {
						shared = new([]string)
						tx.Shared = shared
						tx.Before(func() error { return record(tx, *shared) })
					}
					*shared = append(*shared, id)
					tx.After(func() { confirmed.Add(1) })
					if err := sqldb.Add(tx, id); err != nil {
						return err
					}
					switch i {
					case 7:
						return errMine
					case 17:
						panic("broken")
					case 27: // a database error that the function ignores
						_ = sqldb.Add(tx, id)
					case 37:
						return sqldb.Add(tx, id)
					case 47:
						_, err := tx.Exec("no SQL at all")
						return err
					}
					return nil
				})
			})
		}
		waitForWaiting(t, n)
		release()
		wg.Wait()
		bad := map[int]error{7: errMine, 17: nil, 27: sqldb.ErrExists, 37: sqldb.ErrExists, 47: nil}
		var want []string
		for i := range n {
			id := fmt.Sprintf("c%02d", i)
			switch e, is := bad[i]; {
			case !is:
				require.NoError(t, errs[i])
				require.Nil(t, panics[i])
				want = append(want, id)
			case i == 17:
				require.Equal(t, "broken", panics[i], "the panic is in the caller's goroutine")
			case i == 47:
				require.Error(t, errs[i])
			default:
				require.ErrorIs(t, errs[i], e)
			}
		}
		view(t, db, func(tx *sqldb.Tx) error {
			have, err := sqldb.List(tx, "")
			require.NoError(t, err)
			require.Equal(t, want, have)
			recorded, err := sqldb.QueryAll(tx, sqldb.ScanText, "SELECT text FROM label ORDER BY text")
			require.NoError(t, err)
			require.Equal(t, want, recorded, "one record per function")
			return nil
		})
		require.EqualValues(t, len(want), confirmed.Load())
	})
}

// record writes the IDs that the functions of a transaction have collected.
func record(tx *sqldb.Tx, ids []string) error {
	for _, id := range ids {
		if err := tx.ExecOne("INSERT INTO label (text) VALUES ($1)", id); err != nil {
			return err
		}
	}
	return nil
}

// TestCancelled checks that a function whose caller leaves before a writer is free does
// not run. The caller gets the error of its context.
func TestCancelled(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		release := hold(t, db)
		ctx, cancel := context.WithCancel(context.Background())
		var ran atomic.Int32
		errs := make(chan error, 20)
		for i := range 20 {
			go func() {
				errs <- db.Grouped(ctx, "", func(tx *sqldb.Tx) error {
					ran.Add(1)
					return sqldb.Add(tx, fmt.Sprint(i))
				})
			}()
		}
		cancel()
		for range 20 {
			require.ErrorIs(t, <-errs, context.Canceled)
		}
		release()
		require.Zero(t, ran.Load())
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		fn := func(*sqldb.Tx) error { ran.Add(1); return nil }
		require.ErrorIs(t, db.Update(gone, fn), context.Canceled)
		require.ErrorIs(t, db.Grouped(gone, "", fn), context.Canceled)
		require.ErrorIs(t, db.View(gone, fn), context.Canceled)
		require.Zero(t, ran.Load())
	})
}

// TestCancelledDuringUpdate checks that on PostgreSQL a single update ends with its caller's
// context, and leaves no changes.
func TestCancelledDuringUpdate(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		ctx, cancel := context.WithCancel(context.Background())
		err := db.Update(ctx, func(tx *sqldb.Tx) error {
			if err := sqldb.Add(tx, "c"); err != nil {
				return err
			}
			cancel()
			return nil
		})
		there := false
		view(t, db, func(tx *sqldb.Tx) error {
			list, err := sqldb.List(tx, "c")
			there = len(list) == 1
			return err
		})
		require.Equal(t, there, err == nil, "the reported outcome matches the database")
		if db.Postgres() {
			require.ErrorIs(t, err, context.Canceled)
		}
		update(t, db, func(tx *sqldb.Tx) error { return sqldb.Add(tx, "d") })
	})
}

// TestClose checks that every waiting caller gets an answer, and that no goroutine
// remains.
func TestClose(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		before := goroutines()
		for round := range 10 {
			db, err := sqldb.Items.Open(t.Context(), name, true)
			require.NoError(t, err)
			const n = 64
			var made, closed, other atomic.Int32
			var wg, begun sync.WaitGroup
			begun.Add(n)
			for i := range n {
				wg.Go(func() {
					begun.Done()
					run := db.Grouped
					if i%4 == 0 {
						run = func(ctx context.Context, _ string, fn func(*sqldb.Tx) error) error { return db.Update(ctx, fn) }
					}
					err := run(context.Background(), "", func(tx *sqldb.Tx) error {
						return sqldb.Add(tx, fmt.Sprintf("%d-%d", round, i))
					})
					switch {
					case err == nil:
						made.Add(1)
					case errors.Is(err, sqldb.ErrClosed):
						closed.Add(1)
					default:
						other.Add(1)
						t.Error(err)
					}
				})
			}
			begun.Wait()
			require.NoError(t, db.Close())
			require.NoError(t, db.Close(), "a second time")
			wg.Wait()
			require.EqualValues(t, n, made.Load()+closed.Load()+other.Load())
			require.ErrorIs(t, db.Update(t.Context(), func(*sqldb.Tx) error { return nil }), sqldb.ErrClosed)
			require.ErrorIs(t, db.Grouped(t.Context(), "", func(*sqldb.Tx) error { return nil }), sqldb.ErrClosed)
			require.ErrorIs(t, db.View(t.Context(), func(*sqldb.Tx) error { return nil }), sqldb.ErrClosed)

			db, err = sqldb.Items.Open(t.Context(), name, false)
			require.NoError(t, err)
			count := int32(0)
			view(t, db, func(tx *sqldb.Tx) error {
				list, err := sqldb.List(tx, fmt.Sprintf("%d-", round))
				count = int32(len(list))
				return err
			})
			require.NoError(t, db.Close())
			require.Equal(t, made.Load(), count, "exactly the confirmed changes are present")
		}
		require.Eventually(t, func() bool { return goroutines() <= before }, 5*time.Minute, 10*time.Millisecond)
	})
}

// goroutines counts goroutines of the package and of its pools.
func goroutines() (n int) {
	for _, g := range strings.Split(stacks(), "\n\n") {
		if strings.Contains(g, "sqldb.(*") || strings.Contains(g, "database/sql.(*DB).connectionOpener") {
			n++
		}
	}
	return n
}

// TestOddTexts checks that a text which PostgreSQL cannot store matches no row, and
// does not affect other transactions.
func TestOddTexts(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		for _, odd := range []string{"a\x00b", "\xff", "\xed\xa0\x80"} {
			update(t, db, func(tx *sqldb.Tx) error {
				var id string
				require.ErrorIs(t, tx.Row("SELECT id FROM item WHERE id = $1", []any{odd}, &id), sqldb.ErrNotFound)
				list, err := sqldb.QueryAll(tx, sqldb.ScanText, "SELECT id FROM item WHERE id > $1", odd)
				require.NoError(t, err)
				require.Empty(t, list)
				return nil
			})
			err := db.Update(t.Context(), func(tx *sqldb.Tx) error { return sqldb.Add(tx, odd) })
			require.ErrorContains(t, err, "zero byte")
		}
	})
}
