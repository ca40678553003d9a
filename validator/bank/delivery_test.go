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

// TestOrderGoesToTheRegisteredAddress: Q7, 「…ご契約者のお届け住所宛に郵送します」. If
// a customer moves between the application and the shipment, the token goes to the new
// address. A shipped order keeps the address of its shipment.
func TestOrderGoesToTheRegisteredAddress(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		c := d.Contract("c1")
		inventory := d.Inventory()
		d.Clock.Set(1775057400) // half an hour after midnight in Japan, and still the day before in UTC
		o, _, err := d.Bank.Order(t.Context(), banktest.Clerk, bank.NewOrder{Contract: "c1", Cause: validator.CauseFirst})
		require.NoError(t, err)
		require.Equal(t, c.Address, o.Address)
		require.Equal(t, "2026-04-02 2026-04-09 2026-04-12", fmt.Sprint(o.Applied, " ", o.From, " ", o.To))
		address := func() string {
			list, _, err := d.Bank.Orders(t.Context(), banktest.Clerk, "c1", false, bank.Page{})
			require.NoError(t, err)
			require.Len(t, list, 1)
			return list[0].Address
		}
		move := func(to string) {
			c.Address = to
			_, err := d.Bank.ChangeContract(t.Context(), banktest.Clerk, c)
			require.NoError(t, err)
		}
		move("second address")
		require.Equal(t, "second address", address())
		o, err = d.Bank.Ship(t.Context(), banktest.Clerk, o.ID, inventory)
		require.NoError(t, err)
		require.Equal(t, "second address", o.Address)
		move("third address")
		require.Equal(t, "second address", address())
	})
}

// TestNoNoticeForATokenWithoutUsers: a registered token that no user uses any more
// causes no notice and no free replacement.
func TestNoNoticeForATokenWithoutUsers(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		old, fresh := d.Issued("c1"), d.Issued("c1")
		d.Activate("alice", old)
		d.Activate("alice", fresh)                 // replaces the old one
		d.Clock.Set(token.UnixSeconds(1930003200)) // 2031-02-28T09:00 in Japan: a month before
		report, err := d.Bank.Daily(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 1, report.Made)
		list, _, err := d.Bank.Notices(t.Context(), banktest.Clerk, nil, bank.Page{})
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, fresh, list[0].Serial)
	})
}

// TestExpiredOnTheFirstDay: 1970-01-01 is day 0, which stands for no date. A token that
// expired on it must not become one that never expires.
func TestExpiredOnTheFirstDay(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		serial := d.Import("c1", 1, func(r *seedfile.Record) {
			r.Device.Expiry = time.Date(1970, 1, 1, 0, 0, 0, 0, token.Tokyo()).Add(time.Hour)
		})[0]
		tok, err := d.Bank.Token(t.Context(), banktest.Clerk, serial)
		require.NoError(t, err)
		require.False(t, tok.Expiry.IsZero())
		out, err := d.Bank.Check(t.Context(), banktest.Clerk, serial, d.Code(serial, 0))
		require.NoError(t, err)
		require.Equal(t, validator.Refused, out.Answer)
		require.Equal(t, "expired", d.LastAudit(serial).Reason)
	})
}
