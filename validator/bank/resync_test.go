// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

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
