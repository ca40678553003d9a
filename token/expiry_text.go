// SPDX-License-Identifier: Apache-2.0

package token

import "strconv"

// ExpiryError reports an invalid date and the reason. It wraps [ErrExpiry].
type ExpiryError struct {
	Text   string // the date as given
	Reason string // for example "does not exist: February 2027 has 28 days"
}

// Error returns for example
// "expiry date 2027-02-29 does not exist: February 2027 has 28 days".
func (e *ExpiryError) Error() string { return "expiry date " + e.Text + " " + e.Reason }

// Unwrap returns [ErrExpiry].
func (e *ExpiryError) Unwrap() error { return ErrExpiry }

// ParseExpiry reads a date as 2031-11-30 (ISO 8601), or as 11/30/31, the format on the
// back of a token: month, day and a year from 2000 to 2099. All digits are required,
// and the date must exist. The error is an [ExpiryError].
func ParseExpiry(s string) (Expiry, error) {
	var year, month, day int
	switch {
	case matchesPattern(s, "dddd-dd-dd"):
		year, month, day = parseDigits(s[:4]), parseDigits(s[5:7]), parseDigits(s[8:])
	case matchesPattern(s, "dd/dd/dd"):
		month, day, year = parseDigits(s[:2]), parseDigits(s[3:5]), 2000+parseDigits(s[6:])
	default:
		return Expiry{}, &ExpiryError{
			Text:   strconv.Quote(clip(s)),
			Reason: "is not a date, want 2031-11-30 or 11/30/31 (month/day/year)",
		}
	}
	if reason := dateError(year, month, day); reason != "" {
		return Expiry{}, &ExpiryError{Text: s, Reason: reason}
	}
	return Expiry{days: daysFromDate(year, month, day), set: true}, nil
}

// String returns the date as 2031-11-30, or "" for the zero Expiry.
func (e Expiry) String() string {
	if !e.set {
		return ""
	}
	return isoText(e.Date())
}

// BackLabel returns the date in the format of the back label, 11/30/31 for 2031-11-30,
// or "" for the zero Expiry. The century is lost.
func (e Expiry) BackLabel() string {
	if !e.set {
		return ""
	}
	year, month, day := e.Date()
	b := make([]byte, 0, len("11/30/31"))
	b = append(appendPadded(b, month, 2), '/')
	b = append(appendPadded(b, day, 2), '/')
	return string(appendPadded(b, year%100, 2))
}

// MarshalText returns the date like String.
func (e Expiry) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText works like [ParseExpiry], except that an empty text means no expiry
// date. On an error, e keeps its value.
func (e *Expiry) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*e = Expiry{}
		return nil
	}
	v, err := ParseExpiry(string(text))
	if err == nil {
		*e = v
	}
	return err
}

// isoText writes a date as 2031-11-30. The date need not exist.
func isoText(year, month, day int) string {
	b := make([]byte, 0, len("2031-11-30"))
	b = append(appendPadded(b, year, 4), '-')
	b = append(appendPadded(b, month, 2), '-')
	return string(appendPadded(b, day, 2))
}

// appendPadded writes v with leading zeros to at least width digits.
func appendPadded(dst []byte, v, width int) []byte {
	for limit := 10; width > 1; width-- {
		if v >= 0 && v < limit {
			for range width - 1 {
				dst = append(dst, '0')
			}
			break
		}
		limit *= 10
	}
	return strconv.AppendInt(dst, int64(v), 10)
}

// matchesPattern reports whether s has a digit at each d of pattern, and the same characters as
// pattern elsewhere.
func matchesPattern(s, pattern string) bool {
	if len(s) != len(pattern) {
		return false
	}
	for i := range len(s) {
		if pattern[i] == 'd' && !isDigit(s[i]) || pattern[i] != 'd' && s[i] != pattern[i] {
			return false
		}
	}
	return true
}

// parseDigits returns the value of at most four decimal digits.
func parseDigits(digits string) int {
	v := 0
	for i := range len(digits) {
		v = v*10 + int(digits[i]-'0')
	}
	return v
}
