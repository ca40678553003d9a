// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestMoreThanOnePage: lists come in pages of at most 1,000 lines. A user's status is
// complete even if the contract has more tokens. A receipt is found by its number.
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
	require.Equal(t, validator.OnScreen, st.UnlockWay.Way)

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

// TestTokensByCondition: a token is listed as in use on its expiry date, and as expired
// from 00:00 of the next day in Japan (BK-14), which is 15:00 UTC.
func TestTokensByCondition(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		expires := func(at time.Time) func(*seedfile.Record) {
			return func(r *seedfile.Record) { r.Device.Expiry = at }
		}
		march := d.Import("c1", 1, expires(time.Date(2031, 3, 31, 14, 59, 59, 0, time.UTC)))[0]
		never := d.Import("c1", 1, expires(time.Time{}))[0]
		first := d.Import("c1", 1, expires(time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)))[0] // day 0
		lost := d.Import("c1", 1, expires(time.Time{}))[0]
		_, err := d.Bank.Report(t.Context(), banktest.Clerk, lost, validator.Lost)
		require.NoError(t, err)
		are := func(c validator.Condition, want ...token.Serial) {
			t.Helper()
			list, _, err := d.Bank.Tokens(t.Context(), banktest.Clerk, bank.TokenFilter{Contract: "c1", Condition: c})
			require.NoError(t, err)
			var got []token.Serial
			for _, tok := range list {
				got = append(got, tok.Serial)
			}
			require.ElementsMatch(t, want, got)
		}
		d.Clock.Set(token.UnixSecondsOf(time.Date(2031, 3, 31, 14, 59, 59, 0, time.UTC)))
		are(validator.InUse, march, never)
		are(validator.Expired, first)
		d.Clock.Advance(1)
		are(validator.InUse, never)
		are(validator.Expired, march, first)
		are(validator.Lost, lost)
	})
}
