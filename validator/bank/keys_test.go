// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
)

// requireCodesAccepted requires a bank to accept the current code of each token, and
// moves on.
func requireCodesAccepted(t *testing.T, d *banktest.Harness, b *bank.Bank, serials []token.Serial) {
	t.Helper()
	var wg sync.WaitGroup
	for _, s := range serials {
		code := d.Code(s, 0)
		wg.Go(func() {
			out, err := b.Check(t.Context(), http, s, code)
			if err != nil || !out.Done {
				t.Errorf("token %s: %v %v", s, out, err)
			}
		})
	}
	wg.Wait()
	d.Step(1)
}

// TestRotateBeside rotates the key while another server checks codes. Each code is
// accepted once, and no check fails.
func TestRotateBeside(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		other := openSecond(t, d, d.Master)
		d.Contract("c1")
		d.Import("", 900)
		serials := d.Import("c1", 40)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		var checks, accepted atomic.Int64
		for i := range 8 {
			wg.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					s := serials[(i*5+n)%len(serials)]
					out, err := other.Check(t.Context(), http, s, d.Code(s, 0))
					if err != nil {
						t.Error(err)
						return
					}
					checks.Add(1)
					if out.Done {
						accepted.Add(1)
					}
				}
			})
		}
		for range 3 {
			n, err := d.Bank.RotateKey(t.Context(), banktest.Clerk, nil)
			require.NoError(t, err)
			require.EqualValues(t, 940, n)
		}
		close(stop)
		wg.Wait()
		require.LessOrEqual(t, accepted.Load(), int64(len(serials)), "the clock stood still")
		require.Positive(t, checks.Load())
		d.Step(1)
		requireCodesAccepted(t, d, other, serials)
		requireCodesAccepted(t, d, d.Bank, serials)
		d.Restart()
		requireCodesAccepted(t, d, d.Bank, serials)
		require.Equal(t, []int64{4}, seedKeys(t, d), "the older keys are forgotten")
		requireAuditIntact(t, other)
	})
}

// seedKeys returns the IDs of the seed keys in the database.
func seedKeys(t *testing.T, d *banktest.Harness) (ids []int64) {
	t.Helper()
	require.NoError(t, d.DB.View(t.Context(), func(tx *store.Tx) (err error) {
		ids, err = tx.DataKeyIDs(vault.PurposeSeed)
		return err
	}))
	return ids
}

// TestNewKeyForManyUsersAtOnce: after a rotation by another server, many users come at
// once, each on a connection of their own. Each needs the new key, and none may wait
// for another.
func TestNewKeyForManyUsersAtOnce(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		other := openSecond(t, d, d.Master)
		const n = 40
		var serials []token.Serial
		for i := range n {
			id := "c" + string(rune('A'+i%26)) + string(rune('a'+i/26))
			d.Contract(id)
			d.User(id, "u"+id, 2)
			serials = append(serials, d.Issued(id))
		}
		for range 3 {
			_, err := d.Bank.RotateKey(t.Context(), banktest.Clerk, nil)
			require.NoError(t, err)
			var wg sync.WaitGroup
			for i, s := range serials {
				id := "uc" + string(rune('A'+i%26)) + string(rune('a'+i/26))
				code := d.Code(s, 0)
				wg.Go(func() {
					out, err := other.Activate(t.Context(), banktest.By(id), s, code)
					if err != nil || !out.Done {
						t.Errorf("%v %v", out, err)
					}
				})
			}
			wg.Wait()
			d.Step(1)
		}
	})
}

// TestImportAfterRotation: a server that has not yet loaded the new key uses it to
// import tokens.
func TestImportAfterRotation(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		other := openSecond(t, d, d.Master)
		d.Import("", 3)
		_, err := d.Bank.RotateKey(t.Context(), banktest.Clerk, nil)
		require.NoError(t, err)
		_, err = other.Import(t.Context(), banktest.Clerk, banktest.Records(banktest.Record(1000)), bank.ImportOptions{})
		require.NoError(t, err)
		requireCodesAccepted(t, d, d.Bank, []token.Serial{banktest.Serial(1000)})
		require.Equal(t, []int64{2}, seedKeys(t, d))
	})
}

// TestRotateStopped: after an interrupted rotation all seeds can still be opened, and
// the next rotation finishes.
func TestRotateStopped(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		serials := d.Import("", 500)
		some := []token.Serial{serials[0], serials[250], serials[499]}
		ctx, cancel := context.WithCancel(t.Context())
		done, err := d.Bank.RotateKey(ctx, banktest.Clerk, func(done, all int64) {
			require.EqualValues(t, 500, all)
			cancel()
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, done, int64(500))
		d.Restart()
		requireCodesAccepted(t, d, d.Bank, some)
		require.Equal(t, []int64{1, 2}, seedKeys(t, d))
		done, err = d.Bank.RotateKey(t.Context(), banktest.Clerk, nil)
		require.NoError(t, err)
		require.EqualValues(t, 500, done)
		d.Restart()
		requireCodesAccepted(t, d, d.Bank, some)
		require.Equal(t, []int64{3}, seedKeys(t, d))
	})
}

// TestRewrap changes the master key while a server with the old one is open.
func TestRewrap(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		ctx := t.Context()
		other := openSecond(t, d, d.Master)
		serials := d.Import("", 20)
		old := d.Master
		fresh, err := bank.Realm.NewMaster()
		require.NoError(t, err)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				s := serials[i%20]
				if _, err := other.Check(ctx, http, s, d.Code(s, 0)); err != nil {
					t.Error(err)
					return
				}
			}
		})
		require.NoError(t, d.Bank.Rewrap(ctx, banktest.Clerk, fresh, ""))
		close(stop)
		wg.Wait()
		d.Step(1)
		requireCodesAccepted(t, d, other, serials)
		_, err = bank.Open(ctx, d.DB, old, bank.Options{Clock: d.Clock})
		require.ErrorIs(t, err, vault.ErrWrongKey)
		require.ErrorContains(t, err, "opening the bank: the master key does not open this database's keys")

		// A server with the old master key must not create data keys under it.
		_, err = other.RotateKey(ctx, banktest.Clerk, nil)
		require.ErrorIs(t, err, vault.ErrWrongKey)
		require.ErrorContains(t, err, "restart it with that key")
		_, err = d.Bank.RotateKey(ctx, banktest.Clerk, nil)
		require.NoError(t, err)
		_, err = other.Check(ctx, http, serials[0], d.Code(serials[0], 0))
		require.ErrorIs(t, err, vault.ErrWrongKey)
		require.ErrorContains(t, err, "restart it with that key")

		d.Master = fresh
		d.Restart()
		requireCodesAccepted(t, d, d.Bank, serials)
		requireCodesAccepted(t, d, openSecond(t, d, fresh), serials)
		requireAuditIntact(t, d.Bank)
	})
}

// TestRotateAgainstRewrap runs both at once on two servers. Whichever comes first, one
// master key opens everything.
func TestRotateAgainstRewrap(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		serials := d.Import("", 5)
		for range 8 {
			other := openSecond(t, d, d.Master)
			fresh, err := bank.Realm.NewMaster()
			require.NoError(t, err)
			var wg sync.WaitGroup
			var rotated error
			wg.Go(func() { _, rotated = other.RotateKey(t.Context(), banktest.Clerk, nil) })
			require.NoError(t, d.Bank.Rewrap(t.Context(), banktest.Clerk, fresh, ""))
			wg.Wait()
			require.True(t, rotated == nil || errors.Is(rotated, vault.ErrWrongKey), "%v", rotated)
			d.Master = fresh
			d.Restart()
			requireCodesAccepted(t, d, d.Bank, serials)
		}
	})
}

// TestCreateTwice: creating a bank again fails and does not affect the existing one.
func TestCreateTwice(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		serial := d.Inventory()
		another, err := bank.Realm.NewMaster()
		require.NoError(t, err)
		err = bank.Create(t.Context(), d.DB, another, "", d.Settings, bank.Options{Clock: d.Clock})
		require.ErrorIs(t, err, bank.ErrConflict)
		require.ErrorContains(t, err, "this database already contains a bank")
		requireCodesAccepted(t, d, d.Bank, []token.Serial{serial})
		requireAuditIntact(t, d.Bank)
		_, err = bank.Open(t.Context(), d.DB, another, bank.Options{})
		require.ErrorIs(t, err, vault.ErrWrongKey)
	})
}
