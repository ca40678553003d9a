// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
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
