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

// secondsPerDay ignores leap seconds, like POSIX time.
const secondsPerDay = 86400

// The same limits, in days since 1970-01-01.
const (
	minExpiryDays = 0
	maxExpiryDays = 2932896
)

// ErrExpiry is the error for a date that does not exist, lies outside the years 1970 to
// 9999, or has the wrong format.
var ErrExpiry = errclass.New(errclass.Usage, "invalid expiry date")

// Expiry is the expiry date on the back of a token: the last calendar day on which the
// token works. The end of that day depends on the time zone; see [Expiry.EndsAt]. With
// the zero value the token works for ever. Expiries are comparable with == and hold no
// pointer.
type Expiry struct {
	days int32 // since 1970-01-01
	set  bool
}

// NewExpiry returns the date for a year from 1970 to 9999, a month from 1 to 12 and a
// day from 1 to 31. It never carries days into the next month: for a date that does not
// exist it returns an error that wraps [ErrExpiry].
func NewExpiry(year, month, day int) (Expiry, error) {
	if reason := dateError(year, month, day); reason != "" {
		return Expiry{}, &ExpiryError{Text: isoText(year, month, day), Reason: reason}
	}
	return Expiry{days: daysFromDate(year, month, day), set: true}, nil
}

// ExpiryFromDays returns the date that many days after 1970-01-01. The range is 0 to
// 2932896, which is 9999-12-31. The error wraps [ErrExpiry].
func ExpiryFromDays(days int32) (Expiry, error) {
	if days < minExpiryDays || days > maxExpiryDays {
		return Expiry{}, &ExpiryError{
			Text:   strconv.Itoa(int(days)) + " days after 1970-01-01",
			Reason: "is outside the years 1970 to 9999",
		}
	}
	return Expiry{days: days, set: true}, nil
}

// IsZero reports whether e is the zero Expiry, which means no expiry date.
func (e Expiry) IsZero() bool { return !e.set }

// Days returns the days from 1970-01-01 to the date. It returns 0, which is also a
// valid date, for the zero Expiry.
func (e Expiry) Days() int32 { return e.days }

// Date returns year, month and day, or 0, 0, 0 for the zero Expiry.
func (e Expiry) Date() (year, month, day int) {
	if !e.set {
		return 0, 0, 0
	}
	return dateFromDays(e.days)
}

// EndsAt returns the first second at which the token is expired: midnight after the
// date, on clocks that are offset seconds ahead of UTC ([TokyoOffset] for Japan). It
// returns [Never] for the zero Expiry.
func (e Expiry) EndsAt(offset UnixSeconds) UnixSeconds {
	if !e.set {
		return Never
	}
	return (UnixSeconds(e.days)+1)*secondsPerDay - offset
}

// AddMonths returns the date n calendar months later, or earlier for a negative n. If
// that month is shorter, the result is its last day: 2028-02-29 and 12 months give
// 2029-02-28. A result outside the years 1970 to 9999 becomes the nearest date inside.
// Without an expiry date the result has none either.
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

// Compare returns -1, 0 or 1 if e is before, the same as or after other. No expiry date
// sorts after every date.
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
