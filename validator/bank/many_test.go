// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestMoreThanOnePage: lists come in pages of 1,000 lines at most, and what a user is
// told of a contract with more tokens is whole. A receipt is found by its number.
func TestMoreThanOnePage(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.Contract("c2")
	d.User("c1", "alice", validator.Master)
	d.User("c1", "bob", validator.Admin)
	d.User("c2", "carol", validator.Master)
	serials := d.Import("c1", 1150)
	first, last := serials[0], serials[len(serials)-1]
	d.Activate("alice", first)
	d.Activate("bob", last)
	d.Step(1)
	d.Suspend("bob", last)
	st, err := d.Bank.Status(t.Context(), "bob")
	require.NoError(t, err)
	require.Len(t, st.Tokens, 1150)
	require.Equal(t, validator.InUse, st.Condition)
	require.True(t, st.Suspended)
	require.Equal(t, validator.OnScreen, st.LiftWay.Way)

	out := d.Transfer("alice", d.Code(first, 0))
	require.True(t, out.Done)
	got, err := d.Bank.Transaction(t.Context(), banktest.By("alice"), out.Receipt)
	require.NoError(t, err)
	require.Equal(t, out.Receipt, got.Receipt)
	require.Equal(t, first, got.Serial)
	_, err = d.Bank.Transaction(t.Context(), banktest.By("carol"), out.Receipt)
	require.ErrorIs(t, err, bank.ErrNotFound, "another contract's")
	_, err = d.Bank.Transaction(t.Context(), banktest.By("alice"), "none")
	require.ErrorIs(t, err, bank.ErrNotFound)
}
