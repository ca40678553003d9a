// SPDX-License-Identifier: Apache-2.0

// Package entry normalises text that people type or paste into forms. Japanese
// keyboards produce full-width letters and digits, printed numbers are grouped by
// spaces and hyphens, and pasted text contains white space and invisible characters.
// The functions return the plain form of an entry. If an entry contains anything else,
// they return it unchanged or return false: package entry never guesses the intended
// value.
//
// [Text] is for names and addresses, [ID] for user IDs and the like, [Email] for e-mail
// addresses, [Digits] for codes and account numbers, [Amount] for money and counts,
// [Day] for dates, [Serials] for the serial numbers of tokens and [Hex] for keys.
// Passwords are used as typed.
package entry

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Invisible reports whether a character is invisible, or changes the order in which
// other characters are shown. With such characters, one name or payee can look like
// another.
func Invisible(r rune) bool {
	switch r {
	case '\u2028', '\u2029', '\u200b', '\u2060', '\ufeff', '\u00ad':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// blank reports whether a character may be removed at the ends of an entry and between
// digits.
func blank(r rune) bool { return unicode.IsSpace(r) || Invisible(r) }

// hyphen reports whether a character is a hyphen or one of its substitutes from
// Japanese keyboards and word processors.
func hyphen(r rune) bool {
	switch r {
	case '-', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212', '\u2500', '\ufe63', '\uff0d',
		'\u30fc', '\uff70': // long vowel marks, which share a key with the hyphen
		return true
	}
	return false
}

// Text returns a text with its ends trimmed and its characters composed: some systems
// write が as か and a combining mark. Nothing else changes.
func Text(s string) string { return norm.NFC.String(strings.TrimFunc(s, blank)) }

// ID returns an identifier of letters, digits and punctuation, in half-width
// characters.
func ID(s string) string {
	return strings.Map(func(r rune) rune {
		if hyphen(r) {
			return '-'
		}
		return r
	}, width.Fold.String(strings.TrimFunc(s, blank)))
}

// Email returns an e-mail address in half-width characters.
func Email(s string) string { return strings.ReplaceAll(ID(s), "。", ".") }

// Digits returns the digits of a number that may be written in groups, such as a code,
// an account number or a payment number. It returns false if the entry contains
// anything except digits, white space and hyphens.
func Digits(s string) (string, bool) {
	return digits(s, func(r rune) bool { return blank(r) || hyphen(r) })
}

func digits(s string, skip func(rune) bool) (string, bool) {
	var b strings.Builder
	for _, r := range width.Fold.String(s) {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case !skip(r):
			return "", false
		}
	}
	return b.String(), true
}

// Hex returns the digits of a key in lower case. The entry may have groups separated by
// spaces, hyphens or colons, and may begin with 0x.
func Hex(s string) string {
	s = strings.ToLower(ID(s))
	s = strings.TrimPrefix(s, "0x")
	return strings.Map(func(r rune) rune {
		if blank(r) || r == '-' || r == ':' {
			return -1
		}
		return r
	}, s)
}

// Serials returns the serial numbers that an entry may mean, most likely first: as
// typed, without its hyphens, and both of these in capital letters. White space is
// never part of a serial number.
func Serials(s string) []string {
	typed := strings.Map(func(r rune) rune {
		if blank(r) {
			return -1
		}
		return r
	}, ID(s))
	if typed == "" {
		return nil
	}
	all := []string{typed}
	for _, other := range []string{
		strings.ReplaceAll(typed, "-", ""), strings.ToUpper(typed), strings.ToUpper(strings.ReplaceAll(typed, "-", "")),
	} {
		found := other == ""
		for _, have := range all {
			found = found || have == other
		}
		if !found {
			all = append(all, other)
		}
	}
	return all
}
