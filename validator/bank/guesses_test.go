// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestGuessesAtOnce: guessing many passwords at once allows no more guesses than
// guessing one after the other, except for those computed at the same time.
func TestGuessesAtOnce(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, err := d.Bank.LogIn(t.Context(), bank.By{Channel: "page", Source: "192.0.2.1"}, "alice", "not her password"); err == nil {
				t.Error("logged in")
			}
		})
	}
	wg.Wait()
	list, _, err := d.Bank.Audit(t.Context(), banktest.Clerk, bank.AuditFilter{User: "alice", Act: "log in", Page: bank.Page{Limit: 1000}})
	require.NoError(t, err)
	require.Len(t, list, 100, "each is on record")
	list = slices.DeleteFunc(list, func(r bank.Record) bool { return r.Reason == "must wait" }) // not checked
	require.GreaterOrEqual(t, len(list), 6)
	require.LessOrEqual(t, len(list), 6+3, "five are free, the sixth shuts the login, and three were under way")
	_, err = d.Bank.LogIn(t.Context(), bank.By{Channel: "page", Source: "192.0.2.1"}, "alice", banktest.Password)
	require.ErrorIs(t, err, bank.ErrLogin, "also for who knows it, for a while")
	d.Clock.Advance(16 * 60)
	_, err = d.Bank.LogIn(t.Context(), bank.By{Channel: "page", Source: "192.0.2.1"}, "alice", banktest.Password)
	require.NoError(t, err)
}
