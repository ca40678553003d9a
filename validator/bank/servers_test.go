// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
)

// openSecond opens the bank of a harness once more, like another server.
func openSecond(t *testing.T, d *banktest.Harness, master vault.Master) *bank.Bank {
	t.Helper()
	db, err := store.Open(t.Context(), d.Name, false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	b, err := bank.Open(t.Context(), db, master, bank.Options{Clock: d.Clock})
	require.NoError(t, err)
	return b
}

func requireAuditIntact(t *testing.T, b *bank.Bank) bank.AuditReport {
	t.Helper()
	report, err := b.VerifyAudit(t.Context(), "", nil)
	require.NoError(t, err)
	require.Empty(t, report.Faults)
	return report
}

var http = bank.By{Channel: "http", Source: "192.0.2.1"}

// TestTwoServers: two servers on one database together accept a code once, and count
// every failed attempt.
func TestTwoServers(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		servers := []*bank.Bank{d.Bank, openSecond(t, d, d.Master)}
		d.Contract("c1")
		serials := d.Import("c1", 12)
		for round := range 4 {
			accepted := make([]atomic.Int32, len(serials))
			var wg sync.WaitGroup
			for i, serial := range serials {
				code := d.Code(serial, 0)
				for k := range 8 {
					wg.Go(func() {
						out, err := servers[k%2].Check(t.Context(), http, serial, code)
						if err != nil {
							t.Error(err)
						}
						if out.Done {
							accepted[i].Add(1)
						}
					})
				}
			}
			wg.Wait()
			for i := range accepted {
				require.EqualValues(t, 1, accepted[i].Load(), "round %d", round)
			}
			d.Step(1)
		}
		var wg sync.WaitGroup
		for i, serial := range serials {
			wrong := d.WrongCode(serial)
			for k := range 1 + i%5 {
				wg.Go(func() {
					if _, err := servers[k%2].Check(t.Context(), http, serial, wrong); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		for i, serial := range serials {
			row, err := servers[i%2].Token(t.Context(), banktest.Clerk, serial)
			require.NoError(t, err)
			require.Equal(t, 1+i%5, row.State.FailedAttempts)
			require.Equal(t, i%5 == 4, row.State.Suspended)
		}
		// One record for each check, including the checks at the beginning.
		report := requireAuditIntact(t, servers[1])
		list, _, err := d.Bank.Audit(t.Context(), banktest.Clerk, bank.AuditFilter{Act: "check code", Page: bank.Page{Limit: 1000}})
		require.NoError(t, err)
		require.Len(t, list, 4*12*8+2*(1+2+3+4+5)+1+2)
		require.Greater(t, report.Records, int64(len(list)))
	})
}

// TestUserChanges: if two servers change one user at the same time, all changes are
// kept.
func TestUserChanges(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		other := openSecond(t, d, d.Master)
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		for i := range 10 {
			user := fmt.Sprintf("user%d", i)
			d.User("c1", user, validator.PlainUser)
			serial := d.Issued("c1")
			d.Activate(user, serial)
			var wg sync.WaitGroup
			wg.Go(func() {
				err := d.Bank.ChangePassword(t.Context(), banktest.By(user), banktest.Password, "another password")
				if err != nil && !errors.Is(err, bank.ErrLogin) { // the lock was there first
					t.Error(err)
				}
			})
			wg.Go(func() {
				locked := true
				if _, _, err := other.ChangeUser(t.Context(), banktest.Clerk, user, bank.UserChange{Locked: &locked}, ""); err != nil {
					t.Error(err)
				}
				if _, err := other.Revoke(t.Context(), banktest.Clerk, serial, ""); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			u, err := d.Bank.User(t.Context(), banktest.Clerk, user)
			require.NoError(t, err)
			require.True(t, u.Token.IsZero(), "the revoked token stays revoked")
			require.NotZero(t, u.RevokedAt)
			require.True(t, u.Locked)
		}
		requireAuditIntact(t, other)
	})
}

// TestWriteBetweenLongTransactions: while one process writes long transactions to an
// SQLite file one after the other, another process can write in between.
func TestWriteBetweenLongTransactions(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	other := openSecond(t, d, d.Master)
	serials := d.Import("", 6000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 6 {
			if _, err := d.Bank.RotateKey(t.Context(), banktest.Clerk, nil); err != nil {
				t.Error(err)
			}
		}
	}()
	for n := 0; ; n++ {
		select {
		case <-done:
			// 180 transactions of 200 seeds. Polling every 100 ms would succeed only a
			// few times.
			require.Greater(t, n, 30)
			return
		default:
		}
		out, err := other.Check(t.Context(), http, serials[n], d.Code(serials[n], 0))
		require.NoError(t, err)
		require.True(t, out.Done)
	}
}
