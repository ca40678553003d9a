// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/token"
)

// oathCSV is the file for privacyIDEA's "OATH CSV" import (its documentation, "Import",
// and lib/importotp.py):
//
//	serial, seed[, totp|hotp[, digits[, period or counter]]]
//
// The seed is hexadecimal, digits are 6 or 8, and the period is 30 or 60 seconds.
// Spaces around a column are ignored, as are lines that begin with #. According to that
// documentation the defaults are hotp for the type, 6 digits, a counter of 0 and a
// period of 30. The reader does not assume the period: it returns [ErrNoPeriod]. If the
// first line is "# version: 2", user, resolver and realm come before the serial number.
// The user is read, as user@realm if there is a realm; the resolver is left out. Files
// are written without these three columns, because a record does not contain the realm.
// The algorithm has no column: privacyIDEA uses the one with an output as long as the
// seed, and so does the reader; see hashByLength. A record with another algorithm is
// not written.
var oathCSV = &Format{
	Name: "oath-csv", Title: "privacyIDEA, OATH CSV", Extension: ".csv",
	carries: func(r *Record) Field {
		f := FieldSerial | FieldType | FieldDigits | movingFactor(r)
		if fitsLength(r) {
			f |= FieldAlgorithm
		}
		return f
	},
	detect: func(head []byte) bool { return detectOATH(head, 3, 5, true) },
	read: csvDialect{
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
			if err := c.oath(f, r, 8); err != nil {
				return err
			}
			return c.hashLikeServer(r, "privacyIDEA")
		},
	}.read(),
	write: writeFunc(recordWriter{format: "oath-csv", add: func(dst []byte, r *Record) ([]byte, error) {
		dst, err := appendOATH(dst, r)
		if err == nil {
			err = onlyTwo(r, true, true)
		}
		if err == nil {
			err = needFit(r, "privacyIDEA")
		}
		if r.Type == HOTP {
			dst = strconv.AppendUint(dst, r.Counter, 10)
		}
		return append(dst, '\n'), err
	}}),
}

// linotpCSV is the file for LinOTP's "OATH CSV" import (lib/ImportOTP/oath.py):
//
//	serial, seed[, totp|hotp[, digits[, period[, sha1|sha256|sha512]]]]
//
// It is like [oathCSV], but without versions. The period's column is empty for hotp,
// and the counter is not in the file. If the algorithm is missing, LinOTP uses the one
// with an output as long as the seed. So does the reader, with a warning unless that is
// SHA1. The writer always writes the algorithm. An algorithm other than SHA1 in the
// options takes precedence over that rule.
var linotpCSV = &Format{
	Name: "linotp-csv", Title: "LinOTP, OATH CSV", Extension: ".csv",
	carries: func(*Record) Field { return FieldSerial | FieldType | FieldAlgorithm | FieldDigits | FieldStep },
	detect:  func(head []byte) bool { return detectOATH(head, 3, 6, false) },
	read: csvDialect{
		name: "linotp-csv", comma: ',', trim: true, comments: true, least: 2,
		columns: []string{"serial", "seed", "type", "digits", "period", "algorithm"},
		record: func(c *csvReader, f [][]byte, r *Record) error {
			if err := c.oath(f[:min(len(f), 5)], r, 8); err != nil {
				return err
			}
			if len(f) == 6 && len(f[5]) > 0 {
				return r.setAlgorithm(f[5])
			}
			return c.hashLikeServer(r, "LinOTP")
		},
	}.read(),
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

// netiqCSV is the "OATH csv" file for NetIQ Advanced Authentication (its Helpdesk
// Administrator guide, "CSV File Format to Import the OATH Compliant Tokens"):
//
//	serial, seed[, totp|hotp[, digits[, period]]]
//
// The seed is hexadecimal. Spaces around a column are ignored. According to the guide
// the defaults are hotp for the type, 6 digits and a period of 30. The reader does not
// assume the period: it returns [ErrNoPeriod]. The file contains neither counter nor
// algorithm.
var netiqCSV = &Format{
	Name: "netiq-csv", Title: "NetIQ Advanced Authentication, OATH csv", Extension: ".csv",
	carries: func(*Record) Field { return FieldSerial | FieldType | FieldDigits | FieldStep },
	detect:  func(head []byte) bool { return detectOATH(head, 2, 5, false) },
	read: csvDialect{
		name: "netiq-csv", comma: ',', trim: true, least: 2,
		columns: []string{"serial", "seed", "type", "digits", "period"},
		record: func(c *csvReader, f [][]byte, r *Record) error {
			r.Algorithm = c.lines.options.Algorithm
			return c.oath(f, r, token.MaxDigits)
		},
	}.read(),
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
	if err = r.setSerial(f[0]); err != nil {
		return err
	}
	if r.Seed, err = hexSeed(f[1]); err != nil {
		return err
	}
	r.Type = HOTP
	if len(f) > 2 && len(f[2]) > 0 {
		if err = r.setType(f[2]); err != nil {
			return err
		}
	} else {
		c.once("no type: the server assumes HOTP")
	}
	r.Digits = c.lines.options.defaultDigits()
	if len(f) > 3 && len(f[3]) > 0 {
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
	case moving:
		// The server ignores this column and starts at 0.
		var counter uint64
		if counter, err = number("counter", f[4], math.MaxUint64); err == nil && counter != 0 {
			c.omit("a counter (" + c.name + " has no column for it)")
		}
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

// setType reads totp or hotp, in upper or lower case. Its error names the other types
// of the same servers.
func (r *Record) setType(b []byte) error {
	switch name := strings.ToLower(string(b)); name {
	case "totp":
		r.Type = TOTP
	case "hotp":
		r.Type = HOTP
	case "ocra", "ocra2", "tan", "motp", "yubicootp":
		return &Error{Field: "type", Err: unsupported("type %s", name)}
	default:
		return badValue("type", "neither totp nor hotp")
	}
	return nil
}

// setAlgorithm reads the name of an algorithm. Its error does not repeat an unknown
// name.
func (r *Record) setAlgorithm(b []byte) (err error) {
	if r.Algorithm, err = token.ParseAlgorithm(string(b)); err != nil {
		return badValue("algorithm", "%w", token.ErrAlgorithm)
	}
	return nil
}

// oathVersion looks for privacyIDEA's "# version: 2".
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

// cutVersion returns the rest of a line that begins with "# version:", and whether it
// does.
func cutVersion(line []byte) (string, bool) {
	rest, found := bytes.CutPrefix(line, []byte("#"))
	rest, found2 := bytes.CutPrefix(bytes.TrimLeft(rest, " \t"), []byte("version:"))
	return string(bytes.TrimSpace(rest)), found && found2
}

// owner reads user, resolver and realm in version 2.
func (c *csvReader) owner(f [][]byte, r *Record) error {
	user, resolver, realm := string(f[0]), f[1], string(f[2])
	switch {
	case looksHex(resolver):
		return malformed("a seed in the resolver's column: version 2 has user, resolver and realm before the serial number")
	case user == "" && (len(resolver) > 0 || realm != ""):
		return badValue("user", "a resolver or realm without a user")
	case len(resolver) > 0:
		c.omit("the resolver")
	}
	r.User = user
	if realm != "" {
		r.User += "@" + realm
	}
	return text("user", r.User)
}

// hashByLength returns the hash that privacyIDEA and LinOTP use if a file does not
// specify it: the one with an output as long as the seed, otherwise SHA-1 (privacyIDEA:
// TokenClass.get_import_csv; LinOTP: parseOATHcsv). It returns false for a hash that
// this package does not support.
func hashByLength(seed token.Seed) (token.Algorithm, bool) {
	switch seed.Len() {
	case 28, 48: // SHA-224 and SHA-384
		return 0, false
	case 32:
		return token.SHA256, true
	case 64:
		return token.SHA512, true
	}
	return token.SHA1, true
}

// hashLikeServer sets the hash of a record from a file that does not specify it. An
// algorithm other than SHA-1 in the options takes precedence.
func (c *csvReader) hashLikeServer(r *Record, server string) error {
	if r.Algorithm = c.lines.options.Algorithm; r.Algorithm != token.SHA1 {
		return nil
	}
	var ok bool
	if r.Algorithm, ok = hashByLength(r.Seed); !ok {
		return &Error{Field: "algorithm", Err: unsupported("%s would use SHA-224 or SHA-384 for a seed of %d bytes", server, r.Seed.Len())}
	}
	if r.Algorithm != token.SHA1 {
		c.once("the file does not name the hash: " + r.Algorithm.String() + " is used, because " + server + " derives it from the length of the seed")
	}
	return nil
}

// fitsLength reports whether a server that derives the hash from the length of the seed
// computes this token's codes.
func fitsLength(r *Record) bool {
	a, ok := hashByLength(r.Seed)
	return ok && a == r.Algorithm
}

// needFit refuses a record for which such a server would use another hash.
func needFit(r *Record, server string) error {
	if fitsLength(r) {
		return nil
	}
	return badValue("algorithm", "the format does not name the hash, and %s derives it from the length of the seed, which is wrong for %s and %d bytes: write pskc",
		server, r.Algorithm, r.Seed.Len())
}
