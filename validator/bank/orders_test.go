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
	"github.com/d204ef64/fob/validator/store"
)

// TestReplacedOnce: a broken token has one free replacement, not one for each time that
// it is returned (BK-10).
func TestReplacedOnce(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		broken := d.Issued("c1")
		order := func() (bank.Order, error) {
			o, _, err := d.Bank.Order(t.Context(), banktest.Clerk, bank.NewOrder{
				Contract: "c1", Cause: validator.CauseFault, Old: broken, Returned: true,
			})
			return o, err
		}
		first, err := order()
		require.NoError(t, err)
		require.Zero(t, first.Fee)
		found, err := d.Bank.OrderByID(t.Context(), banktest.Clerk, first.ID)
		require.NoError(t, err)
		require.Equal(t, first, found)
		_, err = d.Bank.OrderByID(t.Context(), banktest.Clerk, "no\x00such")
		require.ErrorIs(t, err, bank.ErrNotFound)
		_, err = d.Bank.OrderByID(t.Context(), banktest.By("alice"), first.ID)
		require.ErrorIs(t, err, bank.ErrForbidden)
		_, err = order()
		require.ErrorIs(t, err, bank.ErrConflict)
		require.ErrorContains(t, err, first.ID)

		_, err = d.Bank.CancelOrder(t.Context(), banktest.Clerk, first.ID)
		require.NoError(t, err)
		again, err := order()
		require.NoError(t, err, "the order was taken back")
		_, err = d.Bank.Ship(t.Context(), banktest.Clerk, again.ID, d.Inventory())
		require.NoError(t, err)
		_, err = order()
		require.ErrorIs(t, err, bank.ErrConflict)
	})
}

// TestOneFreeToken: a contract has one free token, even if an order for it is cancelled
// after the back office has issued one (BK-19).
func TestOneFreeToken(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		order := func(contract string, cause validator.Cause) bank.Order {
			o, _, err := d.Bank.Order(t.Context(), banktest.Clerk, bank.NewOrder{Contract: contract, Cause: cause})
			require.NoError(t, err)
			return o
		}
		d.Contract("c1")
		first := order("c1", validator.CauseFirst)
		require.Zero(t, first.Fee)
		require.NoError(t, d.Bank.Issue(t.Context(), banktest.Clerk, "c1", d.Inventory()))
		_, err := d.Bank.CancelOrder(t.Context(), banktest.Clerk, first.ID)
		require.NoError(t, err)
		require.EqualValues(t, 2200, order("c1", validator.CauseFirst).Fee)

		// A token that was paid for does not use up the free one.
		d.Contract("c2")
		paid := order("c2", validator.CauseAdditional)
		require.EqualValues(t, 2200, paid.Fee)
		_, err = d.Bank.Ship(t.Context(), banktest.Clerk, paid.ID, d.Inventory())
		require.NoError(t, err)
		first = order("c2", validator.CauseFirst)
		_, err = d.Bank.CancelOrder(t.Context(), banktest.Clerk, first.ID)
		require.NoError(t, err)
		require.Zero(t, order("c2", validator.CauseFirst).Fee)
	})
}

// TestImportAllOrNone: an import notices that its first tokens were removed while it
// was still reading, and imports nothing.
func TestImportAllOrNone(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		list := make([]seedfile.Record, 2001)
		for i := range list {
			list[i] = banktest.Record(i)
		}
		file := &hookedReader{Reader: banktest.Records(list...), at: len(list) + 1, hook: func() {
			require.NoError(t, d.DB.Update(t.Context(), func(tx *store.Tx) error {
				ids, err := tx.UnfinishedImports()
				if err != nil {
					return err
				}
				require.Len(t, ids, 1)
				_, err = tx.DropImport(ids[0], 10)
				return err
			}))
		}}
		_, err := d.Bank.Import(t.Context(), banktest.Clerk, file, bank.ImportOptions{})
		require.ErrorIs(t, err, bank.ErrConflict)
		tokens, _, err := d.Bank.Tokens(t.Context(), banktest.Clerk, bank.TokenFilter{})
		require.NoError(t, err)
		require.Empty(t, tokens)
	})
}

// TestOneFreeReplacement: if the replacement for a token before its expiry date is
// already ordered, the token does not get a second free one when it breaks meanwhile.
func TestOneFreeReplacement(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		serial := d.Issued("c1")
		d.Activate("alice", serial)
		d.Clock.Set(token.UnixSeconds(1929830400)) // 2031-02-26T09:00 in Japan: the notice is due on 28 February
		report, err := d.Bank.Daily(t.Context(), nil)
		require.NoError(t, err)
		require.Zero(t, report.Made)
		d.Clock.Advance(2 * 86400)
		report, err = d.Bank.Daily(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 1, report.Made)
		_, _, err = d.Bank.Order(t.Context(), banktest.Clerk, bank.NewOrder{
			Contract: "c1", Cause: validator.CauseFault, Returned: true, Old: serial,
		})
		require.ErrorIs(t, err, bank.ErrConflict)
		orders, _, err := d.Bank.Orders(t.Context(), banktest.Clerk, "c1", true, bank.Page{})
		require.NoError(t, err)
		require.Len(t, orders, 1)
		require.Equal(t, validator.CauseExpiry, orders[0].Cause)
		require.Zero(t, orders[0].Fee)

		_, _, err = d.Bank.Orders(t.Context(), banktest.Clerk, "nobody", false, bank.Page{})
		require.ErrorIs(t, err, bank.ErrNotFound)
	})
}

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
