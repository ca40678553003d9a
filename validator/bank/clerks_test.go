// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestClerkLeaves: a clerk who leaves is logged out and cannot log in again.
func TestClerkLeaves(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		ctx := t.Context()
		require.NoError(t, d.Bank.AddClerk(ctx, banktest.Clerk, "tanaka", "田中", banktest.Password))
		from := bank.By{Channel: "page", Source: "192.0.2.1"}
		session, err := d.Bank.LogInClerk(ctx, from, "tanaka", banktest.Password)
		require.NoError(t, err)
		yes, no, fresh := true, false, "another long password"
		require.NoError(t, d.Bank.ChangeClerk(ctx, banktest.Clerk, "tanaka", bank.ClerkChange{Locked: &yes}))
		_, err = d.Bank.Session(ctx, session.Token)
		require.ErrorIs(t, err, bank.ErrLogin)
		_, err = d.Bank.LogInClerk(ctx, from, "tanaka", banktest.Password)
		require.ErrorIs(t, err, bank.ErrLogin)
		require.NoError(t, d.Bank.ChangeClerk(ctx, banktest.Clerk, "tanaka", bank.ClerkChange{Locked: &no, Password: &fresh}))
		_, err = d.Bank.LogInClerk(ctx, from, "tanaka", banktest.Password)
		require.ErrorIs(t, err, bank.ErrLogin)
		_, err = d.Bank.LogInClerk(ctx, from, "tanaka", fresh)
		require.NoError(t, err)
		require.ErrorIs(t, d.Bank.ChangeClerk(ctx, banktest.Clerk, "nobody", bank.ClerkChange{Locked: &yes}), bank.ErrNotFound)
		require.ErrorIs(t, d.Bank.ChangeClerk(ctx, banktest.By("alice"), "tanaka", bank.ClerkChange{Locked: &yes}), bank.ErrForbidden)
		list, _, err := d.Bank.Audit(ctx, banktest.Clerk, bank.AuditFilter{Act: "change clerk"})
		require.NoError(t, err)
		require.Len(t, list, 2)
	})
}
