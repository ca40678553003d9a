// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"strings"

	"github.com/d204ef64/fob/token"
)

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
