// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

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
