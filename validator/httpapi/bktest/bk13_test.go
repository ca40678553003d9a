// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	service "github.com/d204ef64/fob/validator/bank"
	"github.com/stretchr/testify/require"
)

// Q9. 有効期限の1ヵ月前に電子メールでお知らせのうえ、新しいハードウェアトークンを送付し
// ます。ただし、お客さまにご利用開始登録いただいていないハードウェアトークンにつきましては、
// 送付致しません。
func TestBK13OneMonthBefore(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		for _, tt := range []struct{ back, eve, day string }{
			{"2026-06-15", "2026-05-14T23:59:59+09:00", "2026-05-15T00:00:00+09:00"},
			{"2027-05-31", "2027-04-29T23:59:59+09:00", "2027-04-30T00:00:00+09:00"},
			{"2028-03-31", "2028-02-28T23:59:59+09:00", "2028-02-29T00:00:00+09:00"},
			{"2031-03-31", "2031-02-27T23:59:59+09:00", "2031-02-28T00:00:00+09:00"},
		} {
			c := b.contract()
			drawer := c.token(tt.back) // never registered
			suzuki := c.master("suzuki").with(c.token(tt.back))

			b.itIs(tt.eve)
			b.daily()
			require.Empty(t, c.mails(), "the day before %s", tt.day)
			require.Empty(t, c.orders())

			b.itIs(tt.day)
			b.daily()
			require.Eventually(t, func() bool { return len(c.mails()) == 1 }, 5*time.Minute, time.Millisecond)
			mail := c.mails()[0]
			require.Equal(t, suzuki.token.serial, mail.Serial.String())
			require.Equal(t, tt.back, mail.Expiry.String())
			require.Equal(t, service.Japanese, mail.Language)

			// 新しいハードウェアトークンを送付します: free of charge, to the registered address.
			orders := c.orders()
			require.Len(t, orders, 1)
			o := orders[0]
			require.Equal(t, []any{"expiry", suzuki.token.serial, 0, address}, []any{o.Cause, o.Old, o.Fee, o.Address})

			// The mail is sent once, however often the job runs, and also after a
			// restart.
			b.daily()
			b.restarts()
			b.passes(24 * time.Hour)
			b.daily()
			require.Len(t, c.mails(), 1)
			require.Len(t, c.orders(), 1)
			require.Empty(t, drawer.state().Users)

			suzuki.transfers(suzuki.code()).isDone() // the old token works until its expiry
			suzuki.with(b.sends(o))
			suzuki.transfers(suzuki.code()).isDone()
		}
	})
}

// daily runs the daily job, which the bank also starts by itself.
func (b *bank) daily() {
	b.t.Helper()
	b.ask(b.desk, "POST", "/v1/jobs/daily", nil, 200, nil)
}

// mails returns the mails to the contract.
func (c *contract) mails() (list []service.ExpiryMail) {
	for _, mail := range c.s.Mails() {
		if mail.To == c.id+"@example.com" {
			list = append(list, mail)
		}
	}
	return list
}
