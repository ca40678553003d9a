// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"math"

	"github.com/d204ef64/fob/token"
)

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
