// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// childImport imports the tokens from number 100 on.
func childImport(c *child) {
	n, err := strconv.Atoi(os.Getenv("FOB_BANK_N"))
	require.NoError(c, err)
	report, err := c.bank.Import(c.Context(), banktest.Clerk, manyRecords(n), bank.ImportOptions{
		Progress: func(n int) { c.say("%d", n) },
	})
	require.NoError(c, err)
	require.Equal(c, n, report.Tokens)
}

// childRotate rotates the key.
func childRotate(c *child) {
	_, err := c.bank.RotateKey(c.Context(), banktest.Clerk, func(done, all int64) { c.say("%d", done) })
	require.NoError(c, err)
}

// countTokens returns the number of tokens.
func countTokens(t *testing.T, b *bank.Bank) (n int) {
	t.Helper()
	page := bank.Page{Limit: 1000}
	for {
		list, next, err := b.Tokens(t.Context(), banktest.Clerk, bank.TokenFilter{Page: page})
		require.NoError(t, err)
		n += len(list)
		if page.After = next; next == "" {
			return n
		}
	}
}

// TestKillImport kills imports. Either all tokens or none must be there, and the same
// file can be imported again once the killed import can no longer be running.
func TestKillImport(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		name := d.Name
		const n = 4000
		rounds := 6
		if sqldb.IsPostgres(name) {
			rounds = 3
		}
		clean, broken, whole := 0, 0, 0
		for round := range rounds {
			if round > 0 {
				name = banktest.SQLite(t)
				if sqldb.IsPostgres(d.Name) {
					name = pgtest.Database(t)
				}
				d = banktest.New(t, name)
			}
			v := newVictim(t, d)
			atMost := 150 * time.Millisecond
			if sqldb.IsPostgres(name) {
				atMost = 700 * time.Millisecond
			}
			_, done := v.kill("import", atMost, fmt.Sprintf("FOB_BANK_N=%d", n))
			have := countTokens(t, v.Bank)
			require.True(t, have == n || have == 0 && !done, "%d of %d tokens, done %v", have, n, done)
			_, err := v.Bank.Import(t.Context(), banktest.Clerk, manyRecords(n), bank.ImportOptions{})
			switch {
			case have == n:
				whole++
				require.ErrorIs(t, err, bank.ErrConflict)
				require.ErrorContains(t, err, "the bank already has these tokens")
			case err == nil:
				clean++ // killed before the first batch
				require.Equal(t, n, countTokens(t, v.Bank))
			default:
				broken++
				require.ErrorIs(t, err, bank.ErrConflict)
				require.ErrorContains(t, err, "was interrupted less than 10m0s ago: try again later")
				require.Zero(t, countTokens(t, v.Bank))
				ageUnfinishedImports(t, v)
				_, err = v.Bank.Import(t.Context(), banktest.Clerk, manyRecords(n), bank.ImportOptions{})
				require.NoError(t, err)
				require.Equal(t, n, countTokens(t, v.Bank))
			}
			requireCodesAccepted(t, v.Harness, v.Bank, []token.Serial{banktest.Serial(100), banktest.Serial(99 + n)})
		}
		t.Logf("%d whole, %d broken off, %d before the first batch", whole, broken, clean)
	})
}

// TestKillRotate kills key rotations. Each seed must still open, and the next rotation
// must seal all of them again.
func TestKillRotate(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		v := newVictim(t, d)
		v.Import("", 1200)
		serials := make([]token.Serial, 0, 100)
		for i := range 100 {
			serials = append(serials, banktest.Serial(i*12))
		}
		atMost := 60 * time.Millisecond
		if sqldb.IsPostgres(d.Name) {
			atMost = 400 * time.Millisecond
		}
		half := 0
		for range 8 {
			_, done := v.kill("rotate", atMost)
			requireCodesAccepted(t, v.Harness, v.Bank, serials)
			if len(seedKeys(t, v.Harness)) > 1 {
				half++
				require.False(t, done)
			}
		}
		t.Logf("%d of 8 were killed half-way", half)
		n, err := v.Bank.RotateKey(t.Context(), banktest.Clerk, nil)
		require.NoError(t, err)
		require.EqualValues(t, 1200, n)
		require.Len(t, seedKeys(t, v.Harness), 1)
		v.Restart()
		requireCodesAccepted(t, v.Harness, v.Bank, serials)
		requireAuditIntact(t, v.Bank)
	})
}
