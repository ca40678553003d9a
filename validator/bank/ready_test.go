// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
)

// TestReadyAfterRotation: a server with the former master key is ready only as long as
// it can check codes.
func TestReadyAfterRotation(t *testing.T) {
	for name, tokens := range map[string]int{"tokens": 3, "no tokens": 0} {
		t.Run(name, func(t *testing.T) {
			banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
				ctx := t.Context()
				early, late := openSecond(t, d, d.Master), openSecond(t, d, d.Master)
				serials := d.Import("", tokens)
				fresh, err := bank.Realm.NewMaster()
				require.NoError(t, err)
				require.NoError(t, d.Bank.Rewrap(ctx, banktest.Clerk, fresh, ""))
				requireCodesAccepted(t, d, early, serials)
				require.NoError(t, early.Ready(ctx))

				_, err = d.Bank.RotateKey(ctx, banktest.Clerk, nil)
				require.NoError(t, err)
				if tokens > 0 {
					_, err = late.Check(ctx, http, serials[0], d.Code(serials[0], 0))
					require.ErrorIs(t, err, vault.ErrWrongKey)
				}
				require.ErrorIs(t, late.Ready(ctx), vault.ErrWrongKey)
				require.NoError(t, d.Bank.Ready(ctx))
				require.Eventually(t, func() bool { return errors.Is(early.Ready(ctx), vault.ErrWrongKey) }, 5*time.Minute, 10*time.Millisecond,
					"the answer of before is good for a second")
				report := requireAuditIntact(t, d.Bank)
				require.Positive(t, report.Records)
				_, err = bank.KDF(ctx, d.DB)
				require.NoError(t, err)
			})
		})
	}
}

// TestReadyOpensASeed: Ready detects a seed that was altered in the database.
func TestReadyOpensASeed(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Import("", 1)
	_, err := pgtest.Raw(t, d.Name).Exec("UPDATE token SET seed = x'00'")
	require.NoError(t, err)
	require.ErrorIs(t, d.Bank.Ready(t.Context()), vault.ErrAltered)
}

// TestReadyDoesNotHang: another process holds the database. All callers wait for the
// same probe, and get their answer when their context ends. Afterwards the bank is
// ready again.
func TestReadyDoesNotHang(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	db := pgtest.Raw(t, d.Name)
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if err := d.Bank.Ready(ctx); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
	cancel()
	wg.Wait()
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return d.Bank.Ready(t.Context()) == nil }, 5*time.Minute, 10*time.Millisecond)
	require.NoError(t, conn.Close())
	require.NoError(t, db.Close())
}

func BenchmarkReady(b *testing.B) {
	d := banktest.New(b, banktest.SQLite(b))
	d.Import("", 10)
	for b.Loop() {
		require.NoError(b, d.Bank.Ready(b.Context()))
	}
}
