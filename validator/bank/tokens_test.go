// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"fmt"
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

// TestReportToken: a clerk can report a token as lost, broken or in use again. Statuses
// that follow from a date, a revocation or an import cannot be reported.
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

// TestLockedMaster: if the only user who could unlock a token is locked, the others are
// shown the paper form (BK-07) and not referred to that user.
func TestLockedMaster(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		d.User("c1", "bob", validator.Admin)
		alices, bobs := d.Issued("c1"), d.Issued("c1")
		d.Activate("alice", alices)
		d.Activate("bob", bobs)
		d.Suspend("bob", bobs)
		way := func() validator.Way {
			s, err := d.Bank.Status(t.Context(), "bob")
			require.NoError(t, err)
			return s.UnlockWay.Way
		}
		require.Equal(t, validator.OnScreen, way())
		for _, locked := range []bool{true, false} {
			_, _, err := d.Bank.ChangeUser(t.Context(), banktest.Clerk, "alice", bank.UserChange{Locked: &locked}, "")
			require.NoError(t, err)
			want := validator.OnScreen
			if locked {
				want = validator.OnPaper
			}
			require.Equal(t, want, way())
		}
	})
}

// TestResyncWindow: users are limited to the look-ahead, as far as clocks drift. The
// back office has the wide resync window.
func TestResyncWindow(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		serial := d.Issued("c1")
		d.Activate("alice", serial)
		d.Step(1)
		resync := func(by bool, off int) validator.Answer {
			who, of := banktest.By("alice"), token.Serial{}
			if by {
				who, of = banktest.Clerk, serial
			}
			d.Step(3)
			out, err := d.Bank.Resync(t.Context(), who, of, d.Code(serial, off-1), d.Code(serial, off))
			require.NoError(t, err)
			return out.Answer
		}
		require.Equal(t, validator.Refused, resync(false, 700))
		require.Equal(t, validator.Refused, resync(false, 11))
		require.Equal(t, validator.Corrected, resync(true, 700))
		require.Equal(t, validator.Accepted, d.Transfer("alice", d.Code(serial, 701)).Answer)
	})
}

// TestLatePairAfterDailyUse: two codes nine minutes late do not move the clock of a
// token in daily use, and the owner's codes are still accepted.
func TestLatePairAfterDailyUse(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		serial := d.Issued("c1")
		d.Activate("alice", serial)
		for range 30 {
			d.Step(2 * 1440)
			require.Equal(t, validator.Accepted, d.Transfer("alice", d.Code(serial, 0)).Answer)
		}
		d.Step(30)
		require.Equal(t, validator.Refused, d.Transfer("alice", d.Code(serial, -10)).Answer)
		require.Equal(t, validator.Refused, d.Transfer("alice", d.Code(serial, -9)).Answer)
		require.Equal(t, validator.Refused, d.Transfer("alice", d.Code(serial, -8)).Answer)
		require.Equal(t, "out of time", d.LastAudit(serial).Reason)
		for range 6 {
			d.Step(1)
			require.Equal(t, validator.Accepted, d.Transfer("alice", d.Code(serial, 0)).Answer)
		}
	})
}
