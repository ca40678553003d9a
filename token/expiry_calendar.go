// SPDX-License-Identifier: Apache-2.0

package token

import "strconv"

// This file computes the proleptic Gregorian calendar in integers, because firmware
// does not have package time. A test compares every day of the range with package time.

// daysFromDate returns the days from 1970-01-01 to a date that exists. It counts in
// years that begin in March, which puts the leap day last, and in eras of 400 years,
// which all have 146097 days.
func daysFromDate(year, month, day int) int32 {
	if month <= 2 {
		year--
	}
	era := year / 400
	yearOfEra := year - era*400
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return int32(era*146097 + dayOfEra - 719468)
}

// dateFromDays is the inverse of daysFromDate.
func dateFromDays(days int32) (year, month, day int) {
	z := int(days) + 719468
	era := z / 146097
	dayOfEra := z - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	year, month, day = yearOfEra+era*400, m+3, dayOfYear-(153*m+2)/5+1
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// monthLen returns the number of days in a month from 1 to 12.
func monthLen(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

var monthNames = [...]string{
	"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December",
}

// dateError returns why the date does not exist, or "" if it does.
func dateError(year, month, day int) string {
	switch {
	case year < MinExpiryYear || year > MaxExpiryYear:
		return "is outside the years 1970 to 9999"
	case month < 1 || month > 12:
		return "does not exist: there is no month " + strconv.Itoa(month)
	case day < 1 || day > monthLen(year, month):
		return "does not exist: " + monthNames[month-1] + " " + strconv.Itoa(year) + " has " +
			strconv.Itoa(monthLen(year, month)) + " days"
	}
	return ""
}
