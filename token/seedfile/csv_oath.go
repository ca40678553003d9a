// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/token"
)

// oathCSV is what privacyIDEA's "OATH CSV" import takes (its documentation,
// "Import", and lib/importotp.py):
//
//	serial, seed[, totp|hotp[, digits[, period or counter]]]
//
// The seed is hexadecimal, digits are 6 or 8, the period is 30 or 60 seconds;
// spaces around a column do not count, nor do lines that begin with #. By that
// documentation the type is hotp where it is missing, the digits 6, the counter
// 0, and the period 30, which is not assumed here: [ErrNoPeriod]. A first line
// "# version: 2" puts user, resolver and realm before the serial number: the
// user is read, as user@realm where there is a realm; the resolver is not. Files
// are written without these three, because a record does not know the realm.
// There is no column for the algorithm: it is that of the options.
var oathCSV = &Format{
	Name: "oath-csv", Title: "privacyIDEA, OATH CSV", Extension: ".csv",
	carries: func(r *Record) Field { return FieldSerial | FieldType | FieldDigits | movingFactor(r) },
	detect:  func(head []byte) bool { return detectOATH(head, 3, 5, true) },
	read: newFunc("oath-csv", (&csvDialect{
		name: "oath-csv", comma: ',', trim: true, comments: true, least: 2,
		columns: []string{"serial", "seed", "type", "digits", "period or counter"},
		head:    oathVersion,
		record: func(c *csvReader, f [][]byte, r *Record) error {
			if len(c.columns) == 8 {
				if err := c.owner(f, r); err != nil {
					return err
				}
				f = f[3:]
			}
			r.Algorithm = c.lines.options.Algorithm
			return c.oath(f, r, 8)
		},
	}).reader),
	write: writeFunc(recordWriter{format: "oath-csv", add: func(dst []byte, r *Record) ([]byte, error) {
		dst, err := appendOATH(dst, r)
		if err == nil {
			err = onlyTwo(r, true, true)
		}
		if r.Type == HOTP {
			dst = strconv.AppendUint(dst, r.Counter, 10)
		}
		return append(dst, '\n'), err
	}}),
}

// linotpCSV is what LinOTP's "OATH CSV" import takes (lib/ImportOTP/oath.py):
//
//	serial, seed[, totp|hotp[, digits[, period[, sha1|sha256|sha512]]]]
//
// as [oathCSV], without versions. The period's column is empty for hotp, and the
// counter is not in the file. Where the algorithm is missing, LinOTP takes the
// one that the seed is as long as: SHA256 for 32 bytes, SHA512 for 64, otherwise
// SHA1. So does the reader, and warns unless it is SHA1; files are always written
// with it.
var linotpCSV = &Format{
	Name: "linotp-csv", Title: "LinOTP, OATH CSV", Extension: ".csv",
	carries: func(*Record) Field { return FieldSerial | FieldType | FieldAlgorithm | FieldDigits | FieldStep },
	detect:  func(head []byte) bool { return detectOATH(head, 3, 6, false) },
	read: newFunc("linotp-csv", (&csvDialect{
		name: "linotp-csv", comma: ',', trim: true, comments: true, least: 2,
		columns: []string{"serial", "seed", "type", "digits", "period", "algorithm"},
		record: func(c *csvReader, f [][]byte, r *Record) error {
			if err := c.oath(f[:min(len(f), 5)], r, 8); err != nil {
				return err
			}
			if len(f) == 6 && len(f[5]) > 0 {
				return r.setAlgorithm(f[5])
			}
			switch r.Seed.Len() {
			case 32:
				r.Algorithm = token.SHA256
			case 64:
				r.Algorithm = token.SHA512
			}
			if r.Algorithm != token.SHA1 {
				c.once("no algorithm: LinOTP takes the one that the seed is as long as, " + r.Algorithm.String())
			}
			return nil
		},
	}).reader),
	write: writeFunc(recordWriter{format: "linotp-csv", add: func(dst []byte, r *Record) ([]byte, error) {
		dst, err := appendOATH(dst, r)
		if err == nil {
			err = onlyTwo(r, true, true)
		}
		dst = append(dst, ", "...)
		dst = append(dst, strings.ToLower(r.Algorithm.String())...)
		return append(dst, '\n'), err
	}}),
}

// netiqCSV is what NetIQ Advanced Authentication takes as "OATH csv" (its
// Helpdesk Administrator guide, "CSV File Format to Import the OATH Compliant
// Tokens"):
//
//	serial, seed[, totp|hotp[, digits[, period]]]
//
// The seed is hexadecimal; spaces around a column do not count. By the guide the
// type is hotp where it is missing, the digits 6, and the period 30, which is
// not assumed here: [ErrNoPeriod]. Neither counter nor algorithm is in the file.
var netiqCSV = &Format{
	Name: "netiq-csv", Title: "NetIQ Advanced Authentication, OATH csv", Extension: ".csv",
	carries: func(*Record) Field { return FieldSerial | FieldType | FieldDigits | FieldStep },
	detect:  func(head []byte) bool { return detectOATH(head, 2, 5, false) },
	read: newFunc("netiq-csv", (&csvDialect{
		name: "netiq-csv", comma: ',', trim: true, least: 2,
		columns: []string{"serial", "seed", "type", "digits", "period"},
		record: func(c *csvReader, f [][]byte, r *Record) error {
			r.Algorithm = c.lines.options.Algorithm
			return c.oath(f, r, token.MaxDigits)
		},
	}).reader),
	write: writeFunc(recordWriter{format: "netiq-csv", add: func(dst []byte, r *Record) ([]byte, error) {
		dst, err := appendOATH(dst, r)
		if r.Type == HOTP {
			dst = dst[:len(dst)-len(", ")]
		}
		return append(dst, '\n'), err
	}}),
}

// oath reads serial, seed[, type[, digits[, period or counter]]].
func (c *csvReader) oath(f [][]byte, r *Record, mostDigits uint8) (err error) {
	if r.Serial, err = serial(f[0]); err != nil {
		return err
	}
	if r.Seed, err = hexSeed(f[1]); err != nil {
		return err
	}
	r.Type = HOTP
	if len(f) > 2 {
		if err = r.setType(f[2]); err != nil {
			return err
		}
	} else {
		c.once("no type: the server takes the token for HOTP")
	}
	r.Digits = c.lines.options.defaultDigits()
	if len(f) > 3 {
		if r.Digits, err = digits(f[3], token.MinDigits, mostDigits); err != nil {
			return err
		}
	}
	moving := len(f) > 4 && len(f[4]) > 0
	switch {
	case r.Type == TOTP && moving:
		r.Step, err = step(f[4])
	case r.Type == TOTP:
		r.Step, err = c.lines.options.defaultStep()
	case moving && c.name == "oath-csv":
		r.Counter, err = number("counter", f[4], math.MaxUint64)
	}
	if err == nil && mostDigits == 8 {
		err = onlyTwo(r, true, true)
	}
	return err
}

// appendOATH appends serial, seed, type, digits, period, and for HOTP the comma
// before the counter.
func appendOATH(dst []byte, r *Record) ([]byte, error) {
	dst, err := appendSerial(dst, r)
	dst = append(dst, ", "...)
	dst = appendHex(dst, r.Seed)
	if r.Type == HOTP {
		dst = append(dst, ", hotp, "...)
	} else {
		dst = append(dst, ", totp, "...)
	}
	dst = strconv.AppendUint(dst, uint64(r.Digits), 10)
	dst = append(dst, ", "...)
	if r.Type == TOTP {
		dst = strconv.AppendInt(dst, int64(r.Step), 10)
	}
	return dst, err
}

// setType reads totp or hotp, in any case. The other types of the same servers
// are refused by name.
func (r *Record) setType(b []byte) error {
	switch name := strings.ToLower(string(b)); name {
	case "totp":
		r.Type = TOTP
	case "hotp":
		r.Type = HOTP
	case "ocra", "ocra2", "tan", "motp", "yubicootp":
		return &Error{Field: "type", Err: unsupported("type %s", name)}
	default:
		return bad("type", "neither totp nor hotp")
	}
	return nil
}

// setAlgorithm reads the name of an algorithm, and does not repeat a wrong one.
func (r *Record) setAlgorithm(b []byte) (err error) {
	if r.Algorithm, err = token.ParseAlgorithm(string(b)); err != nil {
		return bad("algorithm", "%w", token.ErrAlgorithm)
	}
	return nil
}

// oathVersion looks for "# version: 2" of privacyIDEA.
func oathVersion(c *csvReader, line []byte) (bool, error) {
	version, found := cutVersion(line)
	switch {
	case !found:
		return false, nil
	case version == "1":
		return true, nil
	case version != "2":
		return false, &Error{Field: "version", Err: unsupported("a version other than 1 and 2")}
	}
	c.columns = append([]string{"user", "resolver", "realm"}, c.columns...)
	c.least += 3
	return true, nil
}

// cutVersion returns what follows "# version:", if line is that.
func cutVersion(line []byte) (string, bool) {
	rest, found := bytes.CutPrefix(line, []byte("#"))
	rest, found2 := bytes.CutPrefix(bytes.TrimLeft(rest, " \t"), []byte("version:"))
	return string(bytes.TrimSpace(rest)), found && found2
}

// owner reads user, resolver and realm of version 2.
func (c *csvReader) owner(f [][]byte, r *Record) error {
	user, resolver, realm := string(f[0]), f[1], string(f[2])
	switch {
	case looksHex(resolver):
		return malformed("a seed where the resolver belongs: version 2 has user, resolver and realm before the serial number")
	case user == "" && (len(resolver) > 0 || realm != ""):
		return bad("user", "a resolver or realm without a user")
	case len(resolver) > 0:
		c.once("the resolver is left out")
	}
	r.User = user
	if realm != "" {
		r.User += "@" + realm
	}
	return text("user", r.User)
}
