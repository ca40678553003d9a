// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestReportToken: a clerk can report a token as lost, broken or in use again. Statuses that
// follow from a date, a revocation or an import cannot be reported.
func TestReportToken(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	serial := d.Issued("c1")
	condition := func() validator.Condition {
		got, err := d.Bank.Token(t.Context(), banktest.Clerk, serial)
		require.NoError(t, err)
		return got.Condition
	}

	for c := range validator.Condition(8) { // all values, and two invalid ones
		before := condition()
		outcome, err := d.Bank.Report(t.Context(), banktest.Clerk, serial, c)
		switch c {
		case validator.Lost, validator.Broken, validator.InUse:
			require.NoError(t, err, c)
			require.True(t, outcome.Done, c)
			require.Equal(t, c, condition())
		default:
			require.ErrorIs(t, err, bank.ErrInvalid, fmt.Sprint(c))
			require.False(t, outcome.Done, c)
			require.Equal(t, before, condition())
		}
	}

	_, err := d.Bank.Report(t.Context(), banktest.By("alice"), serial, validator.Lost)
	require.ErrorIs(t, err, bank.ErrForbidden)

	_, err = d.Bank.Revoke(t.Context(), banktest.Clerk, serial, "")
	require.NoError(t, err)
	_, err = d.Bank.Report(t.Context(), banktest.Clerk, serial, validator.InUse)
	require.ErrorIs(t, err, bank.ErrConflict, "a revoked token does not come back")
	require.Equal(t, validator.Revoked, condition())
}
