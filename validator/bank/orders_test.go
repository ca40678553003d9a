// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
)

// TestReplacedOnce: a broken token has one free replacement, not one for each time that
// it is returned (BK-10).
func TestReplacedOnce(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		broken := d.Issued("c1")
		order := func() (bank.Order, error) {
			o, _, err := d.Bank.Order(t.Context(), banktest.Clerk, bank.NewOrder{
				Contract: "c1", Cause: validator.CauseFault, Old: broken, Returned: true,
			})
			return o, err
		}
		first, err := order()
		require.NoError(t, err)
		require.Zero(t, first.Fee)
		found, err := d.Bank.OrderByID(t.Context(), banktest.Clerk, first.ID)
		require.NoError(t, err)
		require.Equal(t, first, found)
		_, err = d.Bank.OrderByID(t.Context(), banktest.Clerk, "no\x00such")
		require.ErrorIs(t, err, bank.ErrNotFound)
		_, err = d.Bank.OrderByID(t.Context(), banktest.By("alice"), first.ID)
		require.ErrorIs(t, err, bank.ErrForbidden)
		_, err = order()
		require.ErrorIs(t, err, bank.ErrConflict)
		require.ErrorContains(t, err, first.ID)

		_, err = d.Bank.CancelOrder(t.Context(), banktest.Clerk, first.ID)
		require.NoError(t, err)
		again, err := order()
		require.NoError(t, err, "the order was taken back")
		_, err = d.Bank.Ship(t.Context(), banktest.Clerk, again.ID, d.Inventory())
		require.NoError(t, err)
		_, err = order()
		require.ErrorIs(t, err, bank.ErrConflict)
	})
}

// TestOneFreeToken: a contract has one free token, even if an order for it is cancelled
// after the back office has issued one (BK-19).
func TestOneFreeToken(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		order := func(contract string, cause validator.Cause) bank.Order {
			o, _, err := d.Bank.Order(t.Context(), banktest.Clerk, bank.NewOrder{Contract: contract, Cause: cause})
			require.NoError(t, err)
			return o
		}
		d.Contract("c1")
		first := order("c1", validator.CauseFirst)
		require.Zero(t, first.Fee)
		require.NoError(t, d.Bank.Issue(t.Context(), banktest.Clerk, "c1", d.Inventory()))
		_, err := d.Bank.CancelOrder(t.Context(), banktest.Clerk, first.ID)
		require.NoError(t, err)
		require.EqualValues(t, 2200, order("c1", validator.CauseFirst).Fee)

		// A token that was paid for does not use up the free one.
		d.Contract("c2")
		paid := order("c2", validator.CauseAdditional)
		require.EqualValues(t, 2200, paid.Fee)
		_, err = d.Bank.Ship(t.Context(), banktest.Clerk, paid.ID, d.Inventory())
		require.NoError(t, err)
		first = order("c2", validator.CauseFirst)
		_, err = d.Bank.CancelOrder(t.Context(), banktest.Clerk, first.ID)
		require.NoError(t, err)
		require.Zero(t, order("c2", validator.CauseFirst).Fee)
	})
}

// TestImportAllOrNone: an import notices that its first tokens were removed while it
// was still reading, and imports nothing.
func TestImportAllOrNone(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		list := make([]seedfile.Record, 2001)
		for i := range list {
			list[i] = banktest.Record(i)
		}
		file := &hookedReader{Reader: banktest.Records(list...), at: len(list) + 1, hook: func() {
			require.NoError(t, d.DB.Update(t.Context(), func(tx *store.Tx) error {
				ids, err := tx.UnfinishedImports()
				if err != nil {
					return err
				}
				require.Len(t, ids, 1)
				_, err = tx.DropImport(ids[0], 10)
				return err
			}))
		}}
		_, err := d.Bank.Import(t.Context(), banktest.Clerk, file, bank.ImportOptions{})
		require.ErrorIs(t, err, bank.ErrConflict)
		tokens, _, err := d.Bank.Tokens(t.Context(), banktest.Clerk, bank.TokenFilter{})
		require.NoError(t, err)
		require.Empty(t, tokens)
	})
}
