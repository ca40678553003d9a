// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/d204ef64/fob/token"
)

// appendHex appends a seed in hexadecimal, and wipes its own copy of the bytes.
func appendHex(dst []byte, seed token.Seed) []byte {
	b := seed.Bytes()
	defer clear(b)
	return hex.AppendEncode(dst, b)
}

// appendSerial appends the serial number. Most servers do not accept a token without
// one.
func appendSerial(dst []byte, r *Record) ([]byte, error) {
	s := r.SerialText()
	if s == "" {
		return dst, badValue("serial number", "missing: the format requires one")
	}
	return append(dst, s...), nil
}

// appendText appends a name as a column, in quotes if needed. It refuses a name that a
// spreadsheet would run as a formula; altering it would write a different name. A
// spreadsheet separates cells at commas or at semicolons, depending on its language.
// The full-width signs are those that Japanese spreadsheets accept.
func appendText(dst []byte, field, s string, comma byte) ([]byte, error) {
	if s == "" {
		return dst, nil
	}
	for _, cell := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '\t' }) {
		if c, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \"")); strings.ContainsRune("=+-@\r＝＋－＠", c) {
			where := "begins"
			if !strings.HasPrefix(s, cell) {
				where = "has a part that begins"
			}
			return dst, badValue(field, "%s with %q: a spreadsheet that opens the file would run it as a formula", where, c)
		}
	}
	if err := text(field, s); err != nil {
		return dst, err
	}
	if !strings.ContainsAny(s, `"`) && strings.IndexByte(s, comma) < 0 {
		return append(dst, s...), nil
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(s, `"`, `""`)...)
	return append(dst, '"'), nil
}
