// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math"
	"unicode/utf8"

	"github.com/d204ef64/fob/token"
)

// hexSeed reads a seed that consists of hexadecimal digits only.
func hexSeed(b []byte) (token.Seed, error) {
	for i, c := range b {
		if isHex(c) {
			continue
		}
		r, _ := utf8.DecodeRune(b[i:])
		err := &token.SeedTextError{Pos: utf8.RuneCount(b[:i]) + 1, Char: r, Reason: "is not a hexadecimal digit"}
		if looksBase32(b) {
			return token.Seed{}, badValue("seed", "%w: it looks like base32, want hexadecimal", err)
		}
		return token.Seed{}, badValue("seed", "%w", err)
	}
	switch {
	case len(b) == 0:
		return token.Seed{}, badValue("seed", "empty")
	case len(b)%2 != 0:
		return token.Seed{}, badValue("seed", "%w", &token.SeedTextError{Reason: "odd number of hexadecimal digits"})
	case len(b) > 2*token.MaxSeedLen:
		return token.Seed{}, badValue("seed", "%w", &token.SeedLengthError{Got: len(b) / 2})
	}
	var key [token.MaxSeedLen]byte
	defer clear(key[:])
	n, err := hex.Decode(key[:], b)
	if err != nil {
		return token.Seed{}, badValue("seed", "not hexadecimal")
	}
	return newSeed(key[:n])
}

// base32Seed reads a seed in base32 (RFC 4648 section 6), in either case, with or
// without padding. Like other software it ignores the bits left over at the end: the
// example in Microsoft's documentation has some.
func base32Seed(b []byte) (token.Seed, error) {
	if len(b) == 0 {
		return token.Seed{}, badValue("seed", "empty")
	}
	if i := bytes.IndexAny(b, " -:"); i >= 0 {
		return token.Seed{}, badValue("seed", "%w", &token.SeedTextError{
			Pos: utf8.RuneCount(b[:i]) + 1, Char: rune(b[i]), Reason: "is not in the base32 alphabet A-Z, 2-7",
		})
	}
	seed, err := token.ParseShortSeedBase32(string(b)) // checkSeed checks the minimum length
	switch {
	case err == nil:
		return seed, nil
	case errors.Is(err, token.ErrSeedText) && looksHex(b):
		return token.Seed{}, badValue("seed", "%w: it looks like hexadecimal, want base32", err)
	}
	return token.Seed{}, badValue("seed", "%w", err)
}

// base64Seed reads a seed in base64 (RFC 4648 section 4).
func base64Seed(b []byte) (token.Seed, error) {
	if err := notBase64(b); err != nil {
		return token.Seed{}, badValue("seed", "%w", err)
	}
	key := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	defer clear(key)
	n, err := base64.StdEncoding.Strict().Decode(key, b)
	if err != nil {
		return token.Seed{}, badValue("seed", "%w", err) // the error contains only a position
	}
	return newSeed(key[:n])
}

// notBase64 returns an error for a seed in another encoding that is also valid base64.
// Decoded as base64, a seed of 16 bytes or more would have other bytes and give wrong
// codes. At most one random seed in 10^10 looks like that in base64.
func notBase64(b []byte) error {
	switch {
	case looksHex(b):
		return errors.New("it looks like hexadecimal, want base64")
	case len(b)%8 == 0 && looksBase32(b) && bytes.Equal(b, bytes.ToUpper(b)):
		return errors.New("it looks like base32, want base64")
	}
	return nil
}

func newSeed(key []byte) (token.Seed, error) {
	seed, err := token.NewShortSeed(key) // checkSeed checks the minimum length
	if err != nil {
		return token.Seed{}, badValue("seed", "%w", err)
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
	return len(b) >= 2*token.MinShortSeedLen
}

func looksBase32(b []byte) bool {
	b = bytes.TrimRight(b, "=")
	for _, c := range b {
		if !('A' <= c&^0x20 && c&^0x20 <= 'Z' || '2' <= c && c <= '7') {
			return false
		}
	}
	return len(b)*5 >= 8*token.MinShortSeedLen
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// maxStep is the longest period in a file, in seconds: a day.
const maxStep = 86400

// number reads a decimal number up to most. It accepts no sign, space or leading zeros.
func number[T string | []byte](field string, b T, most uint64) (uint64, error) {
	if len(b) == 0 {
		return 0, badValue(field, "empty")
	}
	var v uint64
	for i := range len(b) {
		c := b[i]
		if c < '0' || c > '9' || i == 1 && v == 0 {
			return 0, badValue(field, "not a plain number")
		}
		if v > (math.MaxUint64-9)/10 && (v > math.MaxUint64/10 || uint64(c-'0') > math.MaxUint64-v*10) {
			return 0, badValue(field, "more than %d", most)
		}
		v = v*10 + uint64(c-'0')
	}
	if v > most {
		return 0, badValue(field, "more than %d", most)
	}
	return v, nil
}

// digits reads the number of digits, between least and most.
func digits[T string | []byte](b T, least, most uint8) (uint8, error) {
	v, err := number("digits", b, math.MaxUint32)
	if err != nil {
		return 0, err
	}
	if v > 99 {
		return 0, badValue("digits", "want %d to %d", least, most)
	}
	if v < uint64(least) || v > uint64(most) {
		return 0, badValue("digits", "%d, want %d to %d", v, least, most)
	}
	return uint8(v), nil
}

// step reads the period in seconds, from 1 to a day.
func step[T string | []byte](b T) (token.UnixSeconds, error) {
	v, err := number("period", b, maxStep)
	if err == nil && v == 0 {
		err = badValue("period", "0, want 1 to %d seconds", maxStep)
	}
	return token.UnixSeconds(v), err
}

// onlyTwo checks the digits and the period for a format that allows 6 or 8 digits and
// 30 or 60 seconds. eight and sixty select the checks.
func onlyTwo(r *Record, eight, sixty bool) error {
	if eight && r.Digits != 6 && r.Digits != 8 {
		return badValue("digits", "%d, the format allows 6 or 8", r.Digits)
	}
	if sixty && r.Type == TOTP && r.Step != 30 && r.Step != 60 {
		return badValue("period", "%d, the format allows 30 or 60", r.Step)
	}
	return nil
}

// defaultStep is the period if the file does not specify it.
func (o *ReadOptions) defaultStep() (token.UnixSeconds, error) {
	if o.Step == 0 {
		return 0, &Error{Field: "period", Err: ErrNoPeriod}
	}
	return o.Step, nil
}

// defaultDigits is the number of digits if the file does not specify it.
func (o *ReadOptions) defaultDigits() uint8 {
	if o.Digits == 0 {
		return 6
	}
	return o.Digits
}

// check validates a record after the values of the file and of the options were
// combined.
func check(r *Record) error { return checkFields(r, FieldAll) }

// checkFields validates a record of which only these text fields are written.
func checkFields(r *Record, fields Field) error {
	switch {
	case r.Seed.IsZero():
		return badValue("seed", "missing")
	case r.Type != TOTP && r.Type != HOTP:
		return badValue("type", "neither TOTP nor HOTP")
	case !r.Algorithm.Valid():
		return badValue("algorithm", "%w", token.ErrAlgorithm)
	case r.Digits < token.MinDigits || r.Digits > token.MaxDigits:
		return badValue("digits", "%d, want %d to %d", r.Digits, token.MinDigits, token.MaxDigits)
	case r.Type == TOTP && (r.Step < 1 || r.Step > maxStep):
		return badValue("period", "%d, want 1 to %d seconds", r.Step, maxStep)
	}
	for _, t := range [...]struct {
		field Field
		s     string
	}{
		{FieldManufacturer, r.Manufacturer},
		{FieldModel, r.Model},
		{FieldIssueNo, r.IssueNo},
		{FieldIssuer, r.Issuer},
		{FieldKeyID, r.KeyID},
		{FieldFriendlyName, r.FriendlyName},
		{FieldUser, r.User},
	} {
		if t.s == "" || fields&t.field == 0 {
			continue
		}
		if err := text(t.field.String(), t.s); err != nil {
			return err
		}
	}
	return nil
}
