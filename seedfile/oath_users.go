// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// usersOATH is the file of pam_oath and liboath of the OATH Toolkit (its
// pam_oath/README; the format is mod_authn_otp's "UsersFile"). Each line is a user:
//
//	HOTP/T60/6 user - seed [moving factor [last code [time]]]
//
// with any space between the columns. The first column is HOTP, then /E for a counter
// (the default) or /T30 or /T60 for TOTP with that period, then /6, /7 or /8 digits. If
// the digits are missing, the reader takes them from the options. The third column is a
// PIN, or - for none. The seed is hexadecimal and the hash is SHA1. Lines that begin
// with # are ignored.
//
// The format has no serial number. If a record has no user, its serial number is
// written in the user's place, and is read back as the user. The moving factor is the
// counter of the next code, or, if a last code follows it, of the code before that. For
// TOTP it is internal to the module and not a drift, and is left out. A PIN is left out
// as well, with a warning.
var usersOATH = &Format{
	Name: "users-oath", Title: "OATH Toolkit, users.oath of pam_oath", Extension: ".oath",
	carries: func(r *Record) Field {
		f := FieldType | FieldUser | movingFactor(r)
		if r.Digits <= 8 {
			f |= FieldDigits
		}
		if r.Step != 30 && r.Step != 60 {
			f &^= FieldStep
		}
		return f
	},
	detect: func(head []byte) bool {
		f := bytes.Fields(firstLine(head, "#"))
		return len(f) >= 4 && bytes.HasPrefix(f[0], []byte("HOTP"))
	},
	read: readLines("users-oath", func(l *recordLines) {
		l.parse = func(line []byte, r *Record) (bool, error) {
			f := bytes.Fields(line)
			if len(f) == 0 || line[0] == '#' {
				return false, nil
			}
			return true, l.parseUser(f, r)
		}
	}),
	write: writeFunc(recordWriter{format: "users-oath", add: appendUser}),
}

func (l *lineReader) parseUser(f [][]byte, r *Record) (err error) {
	if len(f) < 4 || len(f) > 7 {
		return malformed("%d columns, want 4 to 7: type, user, PIN or -, seed, moving factor, last code, time", len(f))
	}
	if err = r.setOATHType(string(f[0]), &l.options); err != nil {
		return err
	}
	r.User = string(f[1])
	if string(f[2]) != "-" {
		if looksHex(f[2]) {
			return badValue("PIN", "looks like a seed: is the column missing? Want - for no PIN")
		}
		l.options.onceAt(l.options.leftOut, l.format, l.line, "a PIN is left out")
	}
	if r.Seed, err = hexSeed(f[3]); err != nil {
		return err
	}
	switch {
	case len(f) == 4:
	case r.Type == TOTP:
		l.options.onceAt(l.options.leftOut, l.format, l.line, "the record of past codes is left out")
	default:
		if r.Counter, err = number("moving factor", f[4], math.MaxUint64-1); err != nil {
			return err
		}
		if len(f) > 5 {
			r.Counter++
		}
	}
	return nil
}

// setOATHType reads the first column.
func (r *Record) setOATHType(s string, o *ReadOptions) (err error) {
	const want = "want HOTP, HOTP/E/6, HOTP/T30/6 or HOTP/T60/6 (or 7 or 8 digits)"
	parts := strings.Split(s, "/")
	if parts[0] != "HOTP" || len(parts) > 3 {
		return badValue("type", want)
	}
	r.Type, r.Digits = HOTP, o.defaultDigits()
	if len(parts) > 1 {
		switch parts[1] {
		case "E":
		case "T30":
			r.Type, r.Step = TOTP, 30
		case "T60":
			r.Type, r.Step = TOTP, 60
		default:
			return badValue("type", want)
		}
	}
	if len(parts) > 2 {
		if r.Digits, err = digits(parts[2], 6, 8); err != nil {
			return err
		}
	}
	return nil
}

// account returns the name of the token in a format that has only users: the user, or
// the serial number if there is none.
func (r *Record) account() (string, error) {
	switch {
	case r.User != "":
		return r.User, nil
	case r.SerialText() != "":
		return r.SerialText(), nil
	}
	return "", badValue("user", "there is neither a user nor a serial number")
}

func appendUser(dst []byte, r *Record) ([]byte, error) {
	user, err := r.account()
	switch {
	case err != nil:
		return dst, err
	case strings.ContainsFunc(user, unicode.IsSpace):
		return dst, badValue("user", "contains a space, which separates columns")
	case r.Digits > 8:
		return dst, badValue("digits", "%d, the format allows 6 to 8", r.Digits)
	case r.Type == HOTP && r.Counter == math.MaxUint64:
		return dst, badValue("counter", "too large")
	case r.Type == HOTP:
		dst = append(dst, "HOTP/E/"...)
	default:
		if err := onlyTwo(r, false, true); err != nil {
			return dst, err
		}
		dst = append(dst, fmt.Sprintf("HOTP/T%d/", r.Step)...)
	}
	dst = append(dst, strconv.Itoa(int(r.Digits))+" "+user+" - "...)
	dst = appendHex(dst, r.Seed)
	if r.Type == HOTP && r.Counter > 0 {
		dst = append(dst, ' ')
		dst = strconv.AppendUint(dst, r.Counter, 10)
	}
	return append(dst, '\n'), nil
}
