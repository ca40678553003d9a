// SPDX-License-Identifier: Apache-2.0

package token

import "strconv"

// NameError reports a name that is not in a list. Err identifies the list and is the
// sentinel to compare with, for example [ErrAlgorithm].
type NameError struct {
	Name string // as given
	Err  error
}

// Error returns the quoted name and the reason.
func (e *NameError) Error() string { return strconv.Quote(clip(e.Name)) + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *NameError) Unwrap() error { return e.Err }

// FieldError reports a value outside the allowed range of a field. It wraps a sentinel,
// for example [ErrProfile].
type FieldError struct {
	Field   string // Go name, for example "Behaviour.ShowSeconds"
	Value   int64  // as given
	Allowed string // for example "6 or 8"
	Err     error  // the sentinel
}

// Error returns for example "invalid profile: Digits is 7, allowed is 6 or 8".
func (e *FieldError) Error() string {
	return e.Err.Error() + ": " + e.Field + " is " + strconv.FormatInt(e.Value, 10) + ", allowed is " + e.Allowed
}

// Unwrap returns Err.
func (e *FieldError) Unwrap() error { return e.Err }

// clip shortens text from outside, to keep an error on one line.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}

// quoteChar returns a character for an error text: 'x', or '\x00' if it is not
// printable.
func quoteChar(r rune) string { return strconv.QuoteRuneToASCII(r) }
