// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/d204ef64/fob/internal/errclass"
)

// Errors to test for with errors.Is. An error in a file is wrapped in an [Error], which
// adds the place.
var (
	ErrFormat          = errclass.New(errclass.Usage, "unknown format")
	ErrSyntax          = errclass.New(errclass.Usage, "malformed")
	ErrValue           = errclass.New(errclass.Usage, "bad value")
	ErrNoFactorProfile = errclass.New(errclass.Usage, "Okta requires the ID of a factor profile: set it in the options")
	ErrNoPeriod        = errclass.New(errclass.Usage, "the file does not contain the period: set it in the options")
	ErrUnsupported     = errclass.New(errclass.Unsupported, "not supported")
	ErrDuplicate       = errclass.New(errclass.Usage, "twice in one file")
	ErrMAC             = errclass.New(errclass.Failed, "the MAC does not match: the key or password is wrong, or the file was changed")
	ErrNoMAC           = errclass.New(errclass.Failed, "no MAC: refused, because the value could have been changed")
	ErrNoKey           = errclass.New(errclass.Usage, "the file is encrypted: a key or password is needed")
	ErrSignature       = errclass.New(errclass.Failed, "the signature is not valid")
	ErrLost            = errclass.New(errclass.Failed, "the target format cannot carry all data")
	ErrLimit           = errclass.New(errclass.Usage, "too large")
)

// Error describes a mistake in a file and its place.
type Error struct {
	Format string // its name
	Line   int    // of the file, or entry of an app's export, from 1; 0 if unknown
	Record string // Record.Name; "" if not yet read
	Field  string // column or element; "" if the error is about the whole record
	Err    error
}

// Error returns for example "oath-csv: line 3: token 2600124800001: seed: odd number of
// hexadecimal digits". It is safe to display; see printable.
func (e *Error) Error() string {
	parts := []string{e.Format}
	if e.Line > 0 {
		parts = append(parts, place(e.Format, e.Line))
	}
	if e.Record != "" {
		parts = append(parts, "token "+e.Record)
	}
	if e.Field != "" {
		parts = append(parts, e.Field)
	}
	return printable(strings.Join(parts, ": ") + ": " + e.Err.Error())
}

// place describes a line or an entry of a file.
func place(format string, line int) string {
	if f, err := FormatByName(format); err == nil && f.entries {
		return "entry " + strconv.Itoa(line)
	}
	return "line " + strconv.Itoa(line)
}

// printable replaces the characters of a text that would control a terminal: control
// characters including C1, line and paragraph separators, characters that change the
// direction of writing, and broken UTF-8. The text may contain parts of a file.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// ErrorClass returns the class of Err, or Usage if it has none, because the content of
// the file is then wrong.
func (e *Error) ErrorClass() errclass.Class {
	if class, found := errclass.Of(e.Err); found {
		return class
	}
	return errclass.Usage
}
