// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/d204ef64/fob/token"
)

// hexSeed reads a seed in hexadecimal digits and nothing else.
func hexSeed(b []byte) (token.Seed, error) {
	for i, c := range b {
		if isHex(c) {
			continue
		}
		r, _ := utf8.DecodeRune(b[i:])
		err := &token.SeedTextError{Pos: utf8.RuneCount(b[:i]) + 1, Char: r, Reason: "is not a hexadecimal digit"}
		if looksBase32(b) {
			return token.Seed{}, bad("seed", "%w: this looks like base32, and hexadecimal belongs here", err)
		}
		return token.Seed{}, bad("seed", "%w", err)
	}
	switch {
	case len(b) == 0:
		return token.Seed{}, bad("seed", "empty")
	case len(b)%2 != 0:
		return token.Seed{}, bad("seed", "%w", &token.SeedTextError{Reason: "odd number of hexadecimal digits"})
	case len(b) > 2*token.MaxSeedLen:
		return token.Seed{}, bad("seed", "%w", &token.SeedLengthError{Got: len(b) / 2})
	}
	var key [token.MaxSeedLen]byte
	defer clear(key[:])
	n, err := hex.Decode(key[:], b)
	if err != nil {
		return token.Seed{}, bad("seed", "not hexadecimal")
	}
	return newSeed(key[:n])
}

// base32Seed reads a seed in base32 (RFC 4648 section 6), in either case, with
// or without padding. Bits left over at the end are ignored, as everywhere: the
// example in Microsoft's documentation has some.
func base32Seed(b []byte) (token.Seed, error) {
	if len(b) == 0 {
		return token.Seed{}, bad("seed", "empty")
	}
	if i := bytes.IndexAny(b, " -:"); i >= 0 {
		return token.Seed{}, bad("seed", "%w", &token.SeedTextError{
			Pos: utf8.RuneCount(b[:i]) + 1, Char: rune(b[i]), Reason: "is not in the base32 alphabet A-Z, 2-7",
		})
	}
	seed, err := token.ParseSeedBase32(string(b))
	switch {
	case err == nil:
		return seed, nil
	case errors.Is(err, token.ErrSeedText) && looksHex(b):
		return token.Seed{}, bad("seed", "%w: this looks like hexadecimal, and base32 belongs here", err)
	}
	return token.Seed{}, bad("seed", "%w", err)
}

// base64Seed reads a seed in base64 (RFC 4648 section 4).
func base64Seed(b []byte) (token.Seed, error) {
	if looksHex(b) {
		return token.Seed{}, bad("seed", "this looks like hexadecimal, and base64 belongs here")
	}
	key := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	defer clear(key)
	n, err := base64.StdEncoding.Strict().Decode(key, b)
	if err != nil {
		return token.Seed{}, bad("seed", "%w", err) // it names a position only
	}
	return newSeed(key[:n])
}

func newSeed(key []byte) (token.Seed, error) {
	seed, err := token.NewSeed(key)
	if err != nil {
		return token.Seed{}, bad("seed", "%w", err)
	}
	return seed, nil
}

// looksHex and looksBase32 report whether b may be a whole seed in that
// encoding.
func looksHex(b []byte) bool {
	for _, c := range b {
		if !isHex(c) {
			return false
		}
	}
	return len(b) >= 2*token.MinSeedLen
}

func looksBase32(b []byte) bool {
	b = bytes.TrimRight(b, "=")
	for _, c := range b {
		if !('A' <= c&^0x20 && c&^0x20 <= 'Z' || '2' <= c && c <= '7') {
			return false
		}
	}
	return len(b)*5 >= 8*token.MinSeedLen
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// serial reads a serial number, and explains what spreadsheets make of one.
func serial(b []byte) (token.Serial, error) {
	s, err := token.SerialFromBytes(b)
	if err == nil {
		return s, nil
	}
	const cure = "write the column as text"
	switch t := string(b); {
	case strings.HasPrefix(t, "'"):
		return s, bad("serial number", "begins with an apostrophe, by which a spreadsheet marks text: take it away")
	case strings.HasPrefix(t, "="):
		return s, bad("serial number", `is a formula, as ="…" by which a spreadsheet is made to keep text: take it away`)
	case exponent(t):
		return s, bad("serial number", "is a number in exponent form, as spreadsheets show long ones: its last digits are lost; "+cure)
	case decimal(t):
		return s, bad("serial number", "is a decimal number, as spreadsheets make of long ones; "+cure)
	}
	return s, bad("serial number", "%w", err)
}

// exponent reports whether s is a number as 2.60012E+12 or 2,6E12.
func exponent(s string) bool {
	mantissa, exp, found := strings.Cut(strings.ToUpper(s), "E")
	exp = strings.TrimLeft(exp, "+-")
	return found && (onlyDigits(mantissa) || decimal(mantissa)) && onlyDigits(exp)
}

func decimal(s string) bool {
	i := strings.IndexAny(s, ".,")
	return i > 0 && onlyDigits(s[:i]) && (i == len(s)-1 || onlyDigits(s[i+1:]))
}

func onlyDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
