// SPDX-License-Identifier: Apache-2.0

package serialproto

import "github.com/d204ef64/fob/token"

// ValidClock reports whether a token's clock may be set to t. The range is from 1970 to
// the end of the year 9999, which the datetime string can express.
func ValidClock(t token.UnixMilli) bool {
	const end9999 = 253402300800000
	return t >= 0 && t < end9999
}

const (
	secondMilli = 1000
	minuteMilli = 60 * secondMilli
	hourMilli   = 60 * minuteMilli
	dayMilli    = 24 * hourMilli
)

// appendDatetime formats t as in the OS group, yyyy-MM-dd'T'HH:mm:ss.SSSSSSZZZZZ,
// always in UTC. It appends nothing for times outside [ValidClock].
func appendDatetime(dst []byte, t token.UnixMilli) []byte {
	if !ValidClock(t) {
		return dst
	}
	date, err := token.ExpiryFromDays(int32(int64(t) / dayMilli))
	if err != nil {
		return dst
	}
	y, m, d := date.Date()
	rest := int64(t) % dayMilli
	dst = appendNumber(dst, y, 4, '-')
	dst = appendNumber(dst, m, 2, '-')
	dst = appendNumber(dst, d, 2, 'T')
	dst = appendNumber(dst, int(rest/hourMilli), 2, ':')
	dst = appendNumber(dst, int(rest/minuteMilli%60), 2, ':')
	dst = appendNumber(dst, int(rest/secondMilli%60), 2, '.')
	dst = appendNumber(dst, int(rest%1000)*1000, 6, '+')
	return append(dst, "00:00"...)
}

func appendNumber(dst []byte, n, width int, after byte) []byte {
	at := len(dst)
	dst = append(dst, "000000"[:width]...)
	for i := at + width - 1; i >= at; i-- {
		dst[i] = '0' + byte(n%10)
		n /= 10
	}
	return append(dst, after)
}

// parseDatetime parses the forms that clients send: a T or a space in the middle, a
// fraction of any length or none, and Z, ±hh:mm, ±hhmm or no zone (then UTC). With a
// zone the result may be just outside [ValidClock].
func parseDatetime(s []byte) (t token.UnixMilli, ok bool) {
	r := reader{s: s}
	year := r.number(4)
	r.oneOf("-")
	month := r.number(2)
	r.oneOf("-")
	day := r.number(2)
	r.oneOf("T ")
	hour := r.number(2)
	r.oneOf(":")
	minute := r.number(2)
	r.oneOf(":")
	second := r.number(2)
	milli := 0
	if r.peek() == '.' {
		r.oneOf(".")
		milli = r.fraction()
	}
	zone := r.zone()
	days, exists := daysOf(year, month, day)
	if r.bad || len(r.s) > 0 || !exists || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	ms := int64(days)*dayMilli + int64(hour-zone/60)*hourMilli +
		int64(minute-zone%60)*minuteMilli + int64(second)*secondMilli + int64(milli)
	return token.UnixMilli(ms), true
}

// daysOf returns the days from 1970-01-01 to a date of the years 1970 to 9999, and
// whether the date exists. It never passes an invalid date to [token.NewExpiry],
// because the error would be allocated.
func daysOf(year, month, day int) (days int32, ok bool) {
	if year < token.MinExpiryYear || year > token.MaxExpiryYear || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	first, err := token.NewExpiry(year, month, 1)
	if err != nil {
		return 0, false
	}
	date, err := token.ExpiryFromDays(first.Days() + int32(day) - 1)
	_, m, _ := date.Date()
	return date.Days(), err == nil && m == month
}

// reader parses a string from its start.
type reader struct {
	s   []byte
	bad bool
}

func (r *reader) peek() byte {
	if len(r.s) == 0 {
		return 0
	}
	return r.s[0]
}

// oneOf reads one byte, which must be one of set.
func (r *reader) oneOf(set string) byte {
	c := r.peek()
	for i := range len(set) {
		if set[i] == c {
			r.s = r.s[1:]
			return c
		}
	}
	r.bad = true
	return 0
}

func (r *reader) number(width int) (n int) {
	for range width {
		n = n*10 + int(r.oneOf("0123456789")) - '0'
		if r.bad {
			return 0
		}
	}
	return n
}

// fraction reads one or more digits after a decimal point as milliseconds.
func (r *reader) fraction() (milli int) {
	for weight := 100; !r.bad; weight /= 10 {
		milli += weight * r.number(1)
		if c := r.peek(); c < '0' || c > '9' {
			break
		}
	}
	return milli
}

// zone reads a zone as minutes east of Greenwich.
func (r *reader) zone() int {
	switch r.peek() {
	case 0:
		return 0
	case 'Z':
		r.oneOf("Z")
		return 0
	}
	sign := 1
	if r.oneOf("+-") == '-' {
		sign = -1
	}
	hours := r.number(2)
	if r.peek() == ':' {
		r.oneOf(":")
	}
	minutes := r.number(2)
	if hours > 14 || minutes > 59 {
		r.bad = true
	}
	return sign * (hours*60 + minutes)
}
