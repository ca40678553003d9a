// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/sqldb"
)

// TestPostgresHangs checks that callers do not hang when PostgreSQL stops answering, and that
// the package uses it again when it answers.
func TestPostgresHangs(t *testing.T) {
	name := pgtest.Database(t)
	require.NoError(t, open(t, name).Close())
	proxy, through := pgtest.NewProxy(t, name+"&connect_timeout=10")
	db, err := sqldb.Items.Open(t.Context(), through, false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	ctx := context.Background()
	add := func(id string) func(*sqldb.Tx) error {
		return func(tx *sqldb.Tx) error { return sqldb.Add(tx, id) }
	}
	for round := range 2 {
		db.SetPatience(5 * time.Minute)
		for i := range 30 { // to have several open connections
			require.NoError(t, db.Grouped(ctx, "", add(fmt.Sprintf("a%d-%d", round, i))))
		}
		update(t, db, add(fmt.Sprintf("b%d", round)))
		db.SetPatience(3 * time.Second)
		proxy.Freeze()
		began := time.Now()
		var wg sync.WaitGroup
		ask := func(fn func() error) {
			wg.Go(func() {
				err := fn()
				if !errors.Is(err, sqldb.ErrUnavailable) {
					t.Errorf("%v", err)
				}
				if took := time.Since(began); took > time.Minute {
					t.Errorf("it took %v", took)
				}
			})
		}
		for i := range 40 {
			ask(func() error { return db.Grouped(ctx, "", add(fmt.Sprintf("c%d-%d", round, i))) })
			ask(func() error { return db.Update(ctx, add(fmt.Sprintf("d%d-%d", round, i))) })
			ask(func() error {
				return db.View(ctx, func(tx *sqldb.Tx) error { _, err := sqldb.List(tx, ""); return err })
			})
		}
		// A caller with a shorter deadline does not wait that long.
		hurry, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		err := db.View(hurry, func(tx *sqldb.Tx) error { _, err := sqldb.List(tx, ""); return err })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		cancel()
		wg.Wait()
		db.SetPatience(5 * time.Minute)
		proxy.Thaw()
		require.Eventually(t, func() bool { return db.View(ctx, func(*sqldb.Tx) error { return nil }) == nil }, 5*time.Minute, 10*time.Millisecond)
		for i := range 20 {
			require.NoError(t, db.Grouped(ctx, "", add(fmt.Sprintf("e%d-%d", round, i))))
			update(t, db, add(fmt.Sprintf("f%d-%d", round, i)))
		}
		// A break of the network between transactions has no effect.
		proxy.Cut()
		for i := range 20 {
			require.NoError(t, db.Grouped(ctx, "", add(fmt.Sprintf("g%d-%d", round, i))))
		}
		proxy.Cut()
		update(t, db, add(fmt.Sprintf("h%d", round)))
	}
}

// TestPostgresDoesNotAnswer checks that Open gives up on an address that accepts connections but never
// answers.
func TestPostgresDoesNotAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	began := time.Now()
	_, err = sqldb.Items.Open(t.Context(), "postgres://u:secret-word@"+l.Addr().String()+"/x?sslmode=disable&connect_timeout=1", false)
	require.ErrorIs(t, err, sqldb.ErrUnavailable)
	require.NotContains(t, err.Error(), "secret-word")
	require.Less(t, time.Since(began), 20*time.Second)
}

// TestLostCommit: if the answer to a commit is lost, the error leaves open whether the
// transaction was made, and no function runs a second time.
func TestLostCommit(t *testing.T) {
	name := pgtest.Database(t)
	require.NoError(t, open(t, name).Close())
	proxy, through := pgtest.NewProxy(t, name)
	db, err := sqldb.Items.Open(t.Context(), through, false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for round := range 10 {
		alone := fmt.Sprintf("a%d", round)
		err := db.Update(context.Background(), func(tx *sqldb.Tx) error {
			proxy.LoseCommit()
			return sqldb.Add(tx, alone)
		})
		require.ErrorIs(t, err, sqldb.ErrUnavailable)
		require.Eventually(t, func() bool { return there(t, db, alone) }, 5*time.Minute, time.Millisecond, "the transaction was made nevertheless")

		// Three of the four writers are blocked, which puts all new functions into one
		// group.
		var wg sync.WaitGroup
		free, gate := make(chan struct{}), make(chan struct{})
		for i := range 4 {
			inside := make(chan struct{})
			wg.Go(func() {
				err := db.Grouped(context.Background(), "", func(*sqldb.Tx) error {
					close(inside)
					if i == 0 {
						<-free
					} else {
						<-gate
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
			<-inside
		}
		const n = 12
		var group sync.WaitGroup
		var errs [n]error
		var runs [n]int
		for i := range n {
			group.Go(func() {
				id := fmt.Sprintf("g%d-%02d", round, i)
				errs[i] = db.Grouped(context.Background(), id, func(tx *sqldb.Tx) error {
					runs[i]++
					if i == n-1 {
						proxy.LoseCommit()
					}
					return sqldb.Add(tx, id)
				})
			})
		}
		waitForWaiting(t, n)
		close(free)
		group.Wait()
		close(gate)
		wg.Wait()
		for i, err := range errs {
			require.ErrorIs(t, err, sqldb.ErrUnavailable, "the outcome is unknown")
			require.Equal(t, 1, runs[i], "the function is not run again")
			require.True(t, there(t, db, fmt.Sprintf("g%d-%02d", round, i)))
		}
	}
}

func there(t *testing.T, db *sqldb.DB, id string) bool {
	t.Helper()
	var list []string
	err := db.View(context.Background(), func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.List(tx, id)
		return err
	})
	require.NoError(t, err)
	return len(list) == 1
}
