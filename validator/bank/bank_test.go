// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestTokenLifeCycle follows the life of a token: registered, shared, used, replayed,
// suspended, unlocked, revoked.
func TestTokenLifeCycle(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		ctx := t.Context()
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		d.User("c1", "bob", validator.PlainUser)
		d.User("c1", "carol", validator.Admin)
		shared, other := d.Issued("c1"), d.Issued("c1")
		d.Activate("alice", shared)
		d.Activate("bob", shared)
		d.Activate("carol", other)

		code := d.Code(shared, 0)
		transferred := d.Transfer("alice", code)
		require.True(t, transferred.Done)
		require.NotEmpty(t, transferred.Receipt)
		require.Equal(t, bank.Outcome{}, d.Transfer("bob", code), "used, whoever it was")
		d.Restart()
		require.Equal(t, bank.Outcome{}, d.Transfer("bob", code), "after a restart too")

		d.Step(1)
		d.Suspend("bob", shared)
		require.Equal(t, bank.Outcome{}, d.Transfer("alice", d.Code(shared, 0)), "all who share it")
		out, err := d.Bank.Do(ctx, banktest.By("bob"), bank.Request{Operation: validator.OpBalance})
		require.NoError(t, err)
		require.True(t, out.Done, "needs no code")

		out, err = d.Bank.Unlock(ctx, banktest.By("alice"), shared, d.Code(shared, 0))
		require.NoError(t, err)
		require.Equal(t, validator.ReasonOwnToken, out.Verdict.Reason)
		out, err = d.Bank.Unlock(ctx, banktest.By("carol"), shared, d.Code(other, 0))
		require.NoError(t, err)
		require.True(t, out.Done)
		require.True(t, d.Transfer("alice", d.Code(shared, 0)).Done)

		d.Step(1)
		out, err = d.Bank.Revoke(ctx, banktest.By("carol"), shared, d.Code(other, 0))
		require.NoError(t, err)
		require.True(t, out.Done)
		require.Equal(t, bank.Outcome{}, d.Transfer("alice", d.Code(shared, 0)))
		out, err = d.Bank.Activate(ctx, banktest.By("alice"), shared, d.Code(shared, 0))
		require.NoError(t, err)
		require.False(t, out.Done)

		list, _, err := d.Bank.Audit(ctx, banktest.Clerk, bank.AuditFilter{Serial: shared.String(), Page: bank.Page{Limit: 100}})
		require.NoError(t, err)
		var records []string
		for _, r := range slices.Backward(list) { // oldest first
			require.Equal(t, "c1", r.Contract)
			records = append(records, fmt.Sprint(r.User, ": ", r.Act, ", ", r.Rule, ", ", r.Reason, ", ", r.Done))
		}
		wrong := "bob: transfer, BK-05, wrong, false"
		require.Equal(t, []string{
			"alice: activate token, BK-01, accepted, true",
			"bob: activate token, BK-01, accepted, true",
			"alice: transfer, BK-01, accepted, true",
			"bob: transfer, BK-02, replayed, false",
			"bob: transfer, BK-02, replayed, false",
			wrong, wrong, wrong, wrong, wrong,
			"alice: transfer, BK-05, suspended, false",
			"bob: balance, BK-04, allowed, true",
			"alice: lift suspension, BK-08, own token, false",
			"carol: lift suspension, BK-08, allowed, true",
			"alice: transfer, BK-01, accepted, true",
			"carol: revoke token, BK-18, allowed, true",
			"alice: activate token, BK-12, revoked, false",
		}, records)
		report, err := d.Bank.VerifyAudit(ctx, "", nil)
		require.NoError(t, err)
		require.Empty(t, report.Faults)
		require.Greater(t, report.Records, int64(20))
	})
}

// TestChecksInParallel: a code is accepted once, and every failed attempt is counted,
// however many come at once (RFC 6238 section 5.2, RFC 4226 section 7.3).
func TestChecksInParallel(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		serial := d.Issued("c1")
		d.User("c1", "bob", validator.PlainUser)
		d.Activate("alice", serial)
		d.Activate("bob", serial)
		for round := range 5 {
			code := d.Code(serial, 0)
			var accepted, done atomic.Int32
			var wg sync.WaitGroup
			for i := range 32 {
				wg.Go(func() {
					var out bank.Outcome
					var err error
					if i%2 == 0 {
						out, err = d.Bank.Check(t.Context(), bank.By{Channel: "http"}, serial, code)
					} else {
						out, err = d.Bank.Do(t.Context(), banktest.By([]string{"alice", "bob"}[i/2%2]), bank.Request{Operation: validator.OpTransfer, Code: code})
					}
					if err == nil {
						done.Add(1)
					}
					if out.Done {
						accepted.Add(1)
					}
				})
			}
			wg.Wait()
			require.EqualValues(t, 32, done.Load())
			require.EqualValues(t, 1, accepted.Load(), "round %d", round)
			d.Step(1)
		}
		wrong := d.WrongCode(serial)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { _, _ = d.Bank.Check(t.Context(), bank.By{Channel: "http"}, serial, wrong) })
		}
		wg.Wait()
		row, err := d.Bank.Token(t.Context(), banktest.Clerk, serial)
		require.NoError(t, err)
		require.Equal(t, 4, row.State.FailedAttempts)
		require.False(t, row.State.Suspended)
	})
}
