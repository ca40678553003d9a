// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package token

import "time"

// tokyo needs no time zone database: Japan has had no daylight saving time since
// 1951.
var tokyo = time.FixedZone("JST", int(TokyoOffset))

// Tokyo returns Japan Standard Time, in which the bank's days begin and end. It
// works on machines without a time zone database.
func Tokyo() *time.Location { return tokyo }

// Ends returns the first instant at which the token is expired: the beginning, in loc,
// of the day after the date. That is 00:00. It is later in a zone that skips midnight
// on that day, and the first of two 00:00s in a zone that sets clocks back to it. Ends
// returns the zero time for the zero Expiry. A nil loc is [Tokyo].
func (e Expiry) Ends(loc *time.Location) time.Time {
	if !e.set {
		return time.Time{}
	}
	if loc == nil {
		loc = tokyo
	}
	year, month, day := dateFromDays(e.days + 1)
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, loc)
	start, end := t.ZoneBounds()
	if !isMidnight(t, e.days+1) {
		// This midnight does not exist, and time.Date has returned a time before or
		// after the change of the clocks. The day begins at the change.
		if y, m, d := t.Date(); daysFromDate(y, int(m), d) <= e.days {
			return end
		}
		return start
	}
	if !start.IsZero() {
		_, before := start.Add(-1).Zone()
		_, after := t.Zone()
		first := t.Add(-time.Duration(before-after) * time.Second)
		if first.Before(t) && isMidnight(first, e.days+1) {
			return first
		}
	}
	return t
}

// isMidnight reports whether t is 00:00, in its own location, of the day that many days
// after 1970-01-01.
func isMidnight(t time.Time, days int32) bool {
	y, m, d := t.Date()
	hour, minute, second := t.Clock()
	return daysFromDate(y, int(m), d) == days && hour == 0 && minute == 0 && second == 0
}

// ExpiryOf returns the calendar day of t in t's own location. The zero time gives no
// expiry date. The error wraps [ErrExpiry].
func ExpiryOf(t time.Time) (Expiry, error) {
	if t.IsZero() {
		return Expiry{}, nil
	}
	year, month, day := t.Date()
	return NewExpiry(year, int(month), day)
}
