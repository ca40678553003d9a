// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// HasExpired reports whether a token's expiry date has passed in Japan (BK-14,
// Q9): from 00:00 of the day after it, Japan time. A token without a date does
// not expire. What the device still shows does not matter.
func HasExpired(expiry token.Expiry, now token.UnixSeconds) bool {
	return now >= expiry.EndsAt(token.TokyoOffset)
}

// Today returns the calendar day of an instant in Japan, as the type that expiry
// dates have. Instants outside the years 1970 to 9999 give the nearest day.
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

// NoticeOn returns the day on which the e-mail and the new token go out (BK-13,
// Q9: "有効期限の1ヵ月前"): NoticeMonths calendar months before the date on the
// back, and the last day of that month where it is shorter: for 31 March it is 28
// or 29 February. No date stays none.
func NoticeOn(s Settings, expiry token.Expiry) token.Expiry {
	return expiry.AddMonths(-s.NoticeMonths)
}

// NoticeDue reports whether the notice and the new token for a token are due at an
// instant: from 00:00 in Japan of [NoticeOn] to the end of the expiry date, so
// that a bank that was down for a day catches up. That it is done once is the
// caller's to remember. Nothing is sent for a token that nobody has activated
// ("ご利用開始登録いただいていないハードウェアトークンにつきましては、送付致しません"),
// nor for one that is not in use.
func NoticeDue(s Settings, expiry token.Expiry, c Condition, activated bool, now token.UnixSeconds) bool {
	if expiry.IsZero() || !activated || ConditionAt(c, expiry, now) != InUse {
		return false
	}
	return Today(now).Compare(NoticeOn(s, expiry)) >= 0
}

// ExpiryFor returns the date for the back of a token that is issued on a day:
// LifeYears later. Seed files that name a date are used as they are.
func ExpiryFor(s Settings, issued token.Expiry) token.Expiry {
	return issued.AddMonths(12 * s.LifeYears)
}

// addDays returns the day n days later, the last day of the calendar when it is
// beyond; no date stays none.
func addDays(d token.Expiry, n int) token.Expiry {
	if d.IsZero() {
		return d
	}
	if later, err := token.ExpiryFromDays(d.Days() + int32(n)); err == nil {
		return later
	}
	return d.AddMonths(12 * token.MaxExpiryYear)
}
