// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/width"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestReceipts: a transaction has a number that people can read and type. Everyone sees
// the same number, and mistyped ones are detected.
func TestReceipts(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.Contract("c2")
		d.User("c1", "alice", validator.Master)
		d.User("c2", "mallory", validator.Master)
		d.Activate("alice", d.Issued("c1"))
		given := map[string]bool{}
		for range 50 {
			out, err := d.Bank.Do(t.Context(), banktest.By("alice"), bank.Request{Operation: validator.OpBalance})
			require.NoError(t, err)
			require.True(t, out.Done)
			require.Regexp(t, `^260401-[0-9A-HJKMNP-TV-Z]{8}$`, out.Receipt, "the day in Japan")
			require.False(t, given[out.Receipt])
			given[out.Receipt] = true
			head, tail, _ := strings.Cut(out.Receipt, "-")
			for _, typed := range []string{
				out.Receipt, strings.ToLower(out.Receipt), width.Widen.String(out.Receipt), head + tail, " " + head + " " + tail[:4] + " " + tail[4:],
				strings.NewReplacer("0", "O", "1", "l").Replace(out.Receipt),
			} {
				got, err := d.Bank.Transaction(t.Context(), banktest.By("alice"), typed)
				require.NoError(t, err, typed)
				require.Equal(t, out.Receipt, got.Receipt)
				require.Equal(t, validator.OpBalance, got.Operation)
				byID, err := d.Bank.Transaction(t.Context(), banktest.Clerk, got.ID)
				require.NoError(t, err)
				require.Equal(t, got, byID)
			}
			_, err = d.Bank.Transaction(t.Context(), banktest.By("mallory"), out.Receipt)
			require.ErrorIs(t, err, bank.ErrNotFound)
			// Every single wrong character is detected.
			for i, c := range []byte(out.Receipt) {
				for _, other := range []byte("0123456789ABCDEFGHJKMNPQRSTVWXYZ") {
					if c == '-' || c == other {
						continue
					}
					_, ok := bank.ParseReceipt(out.Receipt[:i] + string(other) + out.Receipt[i+1:])
					require.False(t, ok, "%s with %c at %d", out.Receipt, other, i)
				}
			}
		}
		for _, bad := range []string{"", "-", "260401", "260401-7K4M9QX", strings.Repeat("1", 500), "260401-あ"} {
			_, ok := bank.ParseReceipt(bad)
			require.False(t, ok, bad)
			_, err := d.Bank.Transaction(t.Context(), banktest.Clerk, bad)
			require.ErrorIs(t, err, bank.ErrNotFound, bad)
		}
		list, _, err := d.Bank.Transactions(t.Context(), banktest.Clerk, "c1", bank.Page{Limit: 100})
		require.NoError(t, err)
		require.Len(t, list, 50)
		for _, tr := range list {
			require.True(t, given[tr.Receipt])
		}
	})
}
