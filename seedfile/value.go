// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math"
	"strings"
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

// maxForeignSerial is the maximum length in characters of a serial number that is not
// from a token of fob. It is the limit of privacyIDEA's database.
const maxForeignSerial = 40

// CheckSerial returns an error unless a serial number in a file has the form of
// [token.Serial] or of [Record].ForeignSerial.
func CheckSerial(text string) error { return new(Record).setSerial([]byte(text)) }

// setSerial reads a serial number. Its error explains the changes that spreadsheets
// make to one.
func (r *Record) setSerial(b []byte) error {
	s, err := token.SerialFromBytes(b)
	if err == nil {
		r.Serial = s
		return nil
	}
	text := string(b)
	if foreignSerial(text) {
		r.ForeignSerial = text
		return nil
	}
	const cure = "write the column as text"
	switch {
	case strings.HasPrefix(text, "'"):
		return badValue("serial number", "begins with an apostrophe, which spreadsheets use to mark text: remove it")
	case strings.HasPrefix(text, "="):
		return badValue("serial number", `is a formula (="…"), which spreadsheets use to keep text: remove it`)
	case exponent(text):
		return badValue("serial number", "is a number in exponent form, as spreadsheets show long numbers: its last digits are lost; "+cure)
	case decimal(text):
		return badValue("serial number", "is a decimal number, as spreadsheets write long numbers; "+cure)
	}
	return badValue("serial number", "%w", err)
}

// foreignSerial reports whether s is a serial number that a server may use but fob may
// not: a UUID, as FreeIPA generates them, or letters, digits, hyphens and underscores.
// It rejects a text that could be a seed, whole or in groups.
func foreignSerial(s string) bool {
	if len(s) == 0 || len(s) > maxForeignSerial || strings.Trim(s, "-_") == "" {
		return false
	}
	for _, c := range []byte(s) {
		if !('0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '-' || c == '_') {
			return false
		}
	}
	if isUUID(s) {
		return true
	}
	seed, err := token.ParseShortSeed(s)
	seed.Destroy()
	return err != nil && longestWord(s) <= token.MaxSerialLen
}

// isUUID reports whether s is 32 hexadecimal digits in groups of 8, 4, 4, 4 and
// 12.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHex(s[i]) {
				return false
			}
		}
	}
	return true
}

// exponent reports whether s is a number such as 2.60012E+12 or 2,6E12.
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
