// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/store"
)

func contract(id string) store.Contract {
	return store.Contract{ID: id, Name: "n", Address: "a", Language: store.Japanese, Created: 1}
}

// hold keeps all writers of a store busy, which groups the functions that arrive
// meanwhile. It returns once all are busy.
func hold(t *testing.T, db *store.DB) (release func()) {
	t.Helper()
	writers := 1
	if db.Postgres() {
		writers = 4
	}
	gate := make(chan struct{})
	var held, wg sync.WaitGroup
	held.Add(writers)
	for range writers {
		wg.Go(func() {
			_ = db.Grouped(context.Background(), "", func(*store.Tx) error {
				held.Done()
				<-gate
				return nil
			})
		})
		if db.Postgres() {
			// One writer takes all waiting functions, so they must arrive one by one.
			time.Sleep(5 * time.Millisecond)
		}
	}
	held.Wait()
	return func() { close(gate); wg.Wait() }
}

var errMine = errors.New("mine")

// TestGrouped checks that a failing function of a group does not affect the others.
func TestGrouped(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		db := open(t, name)
		const n = 60
		var errs [n]error
		var panics [n]any
		var wg sync.WaitGroup
		release := hold(t, db)
		for i := range n {
			wg.Go(func() {
				defer func() { panics[i] = recover() }()
				id := fmt.Sprintf("c%02d", i)
				errs[i] = db.Grouped(context.Background(), id, func(tx *store.Tx) error {
					tx.AddAudit(store.Record{At: 1, Act: id, Reason: "allowed"})
					if err := tx.AddContract(contract(id)); err != nil {
						return err
					}
					switch i {
					case 7:
						return errMine
					case 17:
						panic("broken")
					case 27: // a database error that the function ignores
						_ = tx.AddContract(contract(id))
					case 37:
						return tx.AddContract(contract(id))
					case 47:
						return tx.ExecIn("no SQL at all")
					}
					return nil
				})
			})
		}
		time.Sleep(20 * time.Millisecond)
		release()
		wg.Wait()
		bad := map[int]error{7: errMine, 17: nil, 27: store.ErrExists, 37: store.ErrExists, 47: nil}
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
		view(t, db, func(tx *store.Tx) error {
			list, _, err := tx.Contracts("", store.Page{Limit: 1000})
			require.NoError(t, err)
			var have []string
			for _, c := range list {
				have = append(have, c.ID)
			}
			require.Equal(t, want, have)
			records, _, err := tx.Audit(store.AuditFilter{Page: store.Page{Limit: 1000}})
			require.NoError(t, err)
			acts := map[string]int{}
			for _, r := range records {
				acts[r.Act]++
			}
			require.Len(t, records, len(want))
			for _, id := range want {
				require.Equal(t, 1, acts[id], "one record per function")
			}
			report, err := tx.VerifyAudit("", nil)
			require.NoError(t, err)
			require.Empty(t, report.Faults)
			return nil
		})
	})
}

// TestCancelled checks that a function whose caller leaves before a writer is free does
// not run. The caller gets the error of its context.
func TestCancelled(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		db := open(t, name)
		release := hold(t, db)
		ctx, cancel := context.WithCancel(context.Background())
		var ran atomic.Int32
		errs := make(chan error, 20)
		for i := range 20 {
			go func() {
				errs <- db.Grouped(ctx, "", func(tx *store.Tx) error {
					ran.Add(1)
					return tx.AddContract(contract(fmt.Sprint(i)))
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
		fn := func(*store.Tx) error { ran.Add(1); return nil }
		require.ErrorIs(t, db.Update(gone, fn), context.Canceled)
		require.ErrorIs(t, db.Grouped(gone, "", fn), context.Canceled)
		require.ErrorIs(t, db.View(gone, fn), context.Canceled)
		require.Zero(t, ran.Load())
	})
}

// TestCancelledDuringUpdate checks that on PostgreSQL a single update ends with its caller's
// context, and leaves no changes.
func TestCancelledDuringUpdate(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		db := open(t, name)
		ctx, cancel := context.WithCancel(context.Background())
		err := db.Update(ctx, func(tx *store.Tx) error {
			if err := tx.AddContract(contract("c")); err != nil {
				return err
			}
			cancel()
			return nil
		})
		there := false
		view(t, db, func(tx *store.Tx) error {
			_, err := tx.Contract("c")
			there = err == nil
			return nil
		})
		require.Equal(t, there, err == nil, "the reported outcome matches the database")
		if db.Postgres() {
			require.ErrorIs(t, err, context.Canceled)
		}
		update(t, db, func(tx *store.Tx) error { return tx.AddContract(contract("d")) })
	})
}

// TestClose checks that every waiting caller gets an answer, and that no goroutine
// remains.
func TestClose(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		before := storeGoroutines()
		for round := range 10 {
			db, err := store.Open(t.Context(), name, true)
			require.NoError(t, err)
			db.SetAuditMAC(mac)
			const n = 64
			var made, closed, other atomic.Int32
			var wg, begun sync.WaitGroup
			begun.Add(n)
			for i := range n {
				wg.Go(func() {
					begun.Done()
					run := db.Grouped
					if i%4 == 0 {
						run = func(ctx context.Context, _ string, fn func(*store.Tx) error) error { return db.Update(ctx, fn) }
					}
					err := run(context.Background(), "", func(tx *store.Tx) error {
						return tx.AddContract(contract(fmt.Sprintf("%d-%d", round, i)))
					})
					switch {
					case err == nil:
						made.Add(1)
					case errors.Is(err, store.ErrClosed):
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
			require.ErrorIs(t, db.Update(t.Context(), func(*store.Tx) error { return nil }), store.ErrClosed)
			require.ErrorIs(t, db.Grouped(t.Context(), "", func(*store.Tx) error { return nil }), store.ErrClosed)
			require.ErrorIs(t, db.View(t.Context(), func(*store.Tx) error { return nil }), store.ErrClosed)

			db, err = store.Open(t.Context(), name, false)
			require.NoError(t, err)
			count := int32(0)
			view(t, db, func(tx *store.Tx) error {
				list, _, err := tx.Contracts(fmt.Sprintf("%d-", round), store.Page{Limit: 1000})
				count = int32(len(list))
				return err
			})
			require.NoError(t, db.Close())
			require.Equal(t, made.Load(), count, "exactly the confirmed changes are present")
		}
		require.Eventually(t, func() bool { return storeGoroutines() <= before }, 5*time.Minute, 10*time.Millisecond)
	})
}

// storeGoroutines counts goroutines of the store and of its pools.
func storeGoroutines() (n int) {
	buf := make([]byte, 1<<20)
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "store.(*") || strings.Contains(g, "database/sql.(*DB).connectionOpener") {
			n++
		}
	}
	return n
}

// TestOddTexts checks that a text which PostgreSQL cannot store matches no row, and
// does not affect other transactions.
func TestOddTexts(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		db := open(t, name)
		for _, odd := range []string{"a\x00b", "\xff", "\xed\xa0\x80"} {
			update(t, db, func(tx *store.Tx) error {
				_, err := tx.User(odd)
				require.ErrorIs(t, err, store.ErrNotFound)
				_, err = tx.Contract(odd)
				require.ErrorIs(t, err, store.ErrNotFound)
				list, _, err := tx.Contracts(odd, store.Page{After: odd})
				require.NoError(t, err)
				require.Empty(t, list)
				records, _, err := tx.Audit(store.AuditFilter{User: odd})
				require.NoError(t, err)
				require.Empty(t, records)
				return nil
			})
			err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.AddContract(contract(odd)) })
			require.ErrorContains(t, err, "zero byte")
		}
	})
}
