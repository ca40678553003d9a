// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestOneFreeReplacement: if the replacement for a token before its expiry date is already
// ordered, the token does not get a second free one when it breaks meanwhile.
func TestOneFreeReplacement(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		serial := d.Issued("c1")
		d.Activate("alice", serial)
		d.Clock.Set(token.UnixSeconds(1929830400)) // 2031-02-26T09:00 in Japan: the notice is due on 28 February
		report, err := d.Bank.Daily(t.Context(), nil)
		require.NoError(t, err)
		require.Zero(t, report.Made)
		d.Clock.Advance(2 * 86400)
		report, err = d.Bank.Daily(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 1, report.Made)
		_, _, err = d.Bank.Order(t.Context(), banktest.Clerk, bank.NewOrder{
			Contract: "c1", Cause: validator.CauseFault, Returned: true, Old: serial,
		})
		require.ErrorIs(t, err, bank.ErrConflict)
		orders, _, err := d.Bank.Orders(t.Context(), banktest.Clerk, "c1", true, bank.Page{})
		require.NoError(t, err)
		require.Len(t, orders, 1)
		require.Equal(t, validator.CauseExpiry, orders[0].Cause)
		require.Zero(t, orders[0].Fee)

		_, _, err = d.Bank.Orders(t.Context(), banktest.Clerk, "nobody", false, bank.Page{})
		require.ErrorIs(t, err, bank.ErrNotFound)
	})
}
