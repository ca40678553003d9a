// SPDX-License-Identifier: Apache-2.0

package token

import (
	"strconv"

	"github.com/d204ef64/fob/internal/errclass"
)

// The years that an [Expiry] may lie in.
const (
	MinExpiryYear = 1970
	MaxExpiryYear = 9999
)

// secondsPerDay has no leap seconds, like POSIX time.
const secondsPerDay = 86400

// The same limits in days since 1970-01-01.
const (
	minExpiryDays = 0
	maxExpiryDays = 2932896
)

// ErrExpiry is the error of a date that does not exist, lies outside the years
// 1970 to 9999, or is not written as a date.
var ErrExpiry = errclass.New(errclass.Usage, "invalid expiry date")

// Expiry is the expiry date on the back of a token: the last calendar day on
// which the token works. Where that day ends depends on the time zone; see
// [Expiry.EndsAt]. The zero value is no expiry date: the token works for ever.
// Expiries are comparable with == and hold no pointer.
type Expiry struct {
	days int32 // since 1970-01-01
	set  bool
}

// NewExpiry returns the date of a year 1970 to 9999, month 1 to 12 and day 1 to
// 31. A date that does not exist is an error that wraps [ErrExpiry]; nothing is
// carried into the next month.
func NewExpiry(year, month, day int) (Expiry, error) {
	if reason := wrongDate(year, month, day); reason != "" {
		return Expiry{}, &ExpiryError{Text: isoText(year, month, day), Reason: reason}
	}
	return Expiry{days: daysFromDate(year, month, day), set: true}, nil
}

// ExpiryFromDays returns the date that many days after 1970-01-01: 0 to 2932896,
// which is 9999-12-31. The error wraps [ErrExpiry].
func ExpiryFromDays(days int32) (Expiry, error) {
	if days < minExpiryDays || days > maxExpiryDays {
		return Expiry{}, &ExpiryError{
			Text:   strconv.Itoa(int(days)) + " days after 1970-01-01",
			Reason: "outside the years 1970 to 9999",
		}
	}
	return Expiry{days: days, set: true}, nil
}

// IsZero reports whether there is no expiry date.
func (e Expiry) IsZero() bool { return !e.set }

// Days returns the days from 1970-01-01 to the date; 0, which is also a date,
// for no expiry date.
func (e Expiry) Days() int32 { return e.days }

// Date returns year, month and day; 0, 0, 0 for no expiry date.
func (e Expiry) Date() (year, month, day int) {
	if !e.set {
		return 0, 0, 0
	}
	return dateFromDays(e.days)
}

// EndsAt returns the first second at which the token is expired: midnight after
// the date, where clocks are offset seconds ahead of UTC (for Japan
// [TokyoOffset]). It is [Never] for no expiry date.
func (e Expiry) EndsAt(offset UnixSeconds) UnixSeconds {
	if !e.set {
		return Never
	}
	return (UnixSeconds(e.days)+1)*secondsPerDay - offset
}

// AddMonths returns the date n calendar months later, or earlier for a negative
// n. Where that month is shorter the result is its last day: 2028-02-29 and 12
// months are 2029-02-28. A result outside the years 1970 to 9999 becomes the
// nearest date inside; no expiry date stays none.
func (e Expiry) AddMonths(n int) Expiry {
	if !e.set {
		return e
	}
	year, month, day := dateFromDays(e.days)
	const last = (MaxExpiryYear + 1) * 12
	if n > last {
		n = last
	} else if n < -last {
		n = -last
	}
	m := int64(year)*12 + int64(month-1) + int64(n)
	year, month = int(floorDiv(m, 12)), int(m-floorDiv(m, 12)*12)+1
	switch {
	case year < MinExpiryYear:
		return Expiry{days: minExpiryDays, set: true}
	case year > MaxExpiryYear:
		return Expiry{days: maxExpiryDays, set: true}
	}
	return Expiry{days: daysFromDate(year, month, min(day, monthLen(year, month))), set: true}
}

// Compare returns -1, 0 or 1 as e is before, the same as or after other. No
// expiry date is after every date.
func (e Expiry) Compare(other Expiry) int {
	switch {
	case e == other:
		return 0
	case !e.set:
		return 1
	case !other.set || e.days < other.days:
		return -1
	}
	return 1
}
