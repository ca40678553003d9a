// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// HasExpired reports whether a token's expiry date has passed in Japan (BK-14, Q9). The
// token expires at 00:00 Japan time on the following day. A token without a date does
// not expire. It does not matter whether the device still shows codes.
func HasExpired(expiry token.Expiry, now token.UnixSeconds) bool {
	return now >= expiry.EndsAt(token.TokyoOffset)
}

// Today returns the calendar day of an instant in Japan, as a [token.Expiry]. Instants
// outside the years 1970 to 9999 return the nearest day.
func Today(now token.UnixSeconds) token.Expiry {
	const last = 2932896 // 9999-12-31
	local := now + token.TokyoOffset
	days := int64(local / day)
	if local < 0 {
		days = 0
	}
	d, err := token.ExpiryFromDays(int32(min(days, last)))
	if err != nil {
		panic("validator: internal error: day of an instant: " + err.Error())
	}
	return d
}

// NoticeOn returns the day on which the e-mail and the new token are sent (BK-13, Q9:
// "有効期限の1ヵ月前"). It is NoticeMonths calendar months before the date on the back
// label. If that month is too short, it is the month's last day: 28 or 29 February for
// 31 March. The zero date returns zero.
func NoticeOn(s Settings, expiry token.Expiry) token.Expiry {
	return expiry.AddMonths(-s.NoticeMonths)
}

// NoticeDue reports whether the notice and the replacement for a token are due at an
// instant. They are due from 00:00 Japan time of [NoticeOn] to the end of the expiry
// date, which allows a bank that was down for a day to catch up. The caller must
// remember whether they were sent. Nothing is sent for a token that has not been
// activated ("ご利用開始登録いただいていないハードウェアトークンにつきましては、送付
// 致しません") or is not in use.
func NoticeDue(s Settings, expiry token.Expiry, c Condition, activated bool, now token.UnixSeconds) bool {
	if expiry.IsZero() || !activated || ConditionAt(c, expiry, now) != InUse {
		return false
	}
	return Today(now).Compare(NoticeOn(s, expiry)) >= 0
}

// addDays returns the day n days later, or the last day of the calendar if the result
// would be beyond it. The zero date returns zero.
func addDays(d token.Expiry, n int) token.Expiry {
	if d.IsZero() {
		return d
	}
	if later, err := token.ExpiryFromDays(d.Days() + int32(n)); err == nil {
		return later
	}
	return d.AddMonths(12 * token.MaxExpiryYear)
}
