// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"math"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/token"
)

// multiotpHeader has the column names of multiOTP's release notes.
const multiotpHeader = "serial_number;manufacturer;algorithm;seed;digits;interval_or_event"

// multiotpCSV is the file for multiOTP's -import-csv (release notes of 4.2.4.1):
//
//	serial_number;manufacturer;algorithm;seed;digits;interval_or_event
//
// Semicolons separate the columns. The algorithm is TOTP or HOTP, and the seed is
// hexadecimal. The last column is the period in seconds for TOTP and the counter for
// HOTP. The reader accepts the line above as the first line; the writer does not write
// it. An empty last column is [ErrNoPeriod]. The file does not contain the hash: the
// reader uses the one of the options, and multiOTP uses SHA-1. multiOTP splits a line
// at commas, semicolons and tabs, even inside quotes. A manufacturer that contains one
// of them, or a quotation mark, is left out.
var multiotpCSV = &Format{
	Name: "multiotp-csv", Title: "multiOTP, CSV", Extension: ".csv",
	carries: func(r *Record) Field {
		f := FieldSerial | FieldType | FieldDigits | movingFactor(r)
		if multiotpText(r.Manufacturer) {
			f |= FieldManufacturer
		}
		return f
	},
	detect: detectMultiOTP,
	read: csvDialect{
		name: "multiotp-csv", comma: ';', least: 6,
		columns: strings.Split(multiotpHeader, ";"),
		head: func(_ *csvReader, line []byte) (bool, error) {
			return strings.EqualFold(string(line), multiotpHeader), nil
		},
		record: func(c *csvReader, f [][]byte, r *Record) (err error) {
			o := &c.lines.options
			r.Algorithm = o.Algorithm
			if err = r.setSerial(f[0]); err != nil {
				return err
			}
			if err = r.setType(f[2]); err != nil {
				return err
			}
			if r.Seed, err = hexSeed(f[3]); err != nil {
				return err
			}
			if r.Digits, err = digits(f[4], token.MinDigits, token.MaxDigits); err != nil {
				return err
			}
			r.Manufacturer = string(f[1])
			switch {
			case r.Type == HOTP:
				r.Counter, err = number("counter", f[5], math.MaxUint64)
			case len(f[5]) == 0:
				r.Step, err = o.defaultStep()
			default:
				r.Step, err = step(f[5])
			}
			return err
		},
	}.read(),
	write: writeFunc(recordWriter{format: "multiotp-csv", add: func(dst []byte, r *Record) ([]byte, error) {
		dst, err := appendSerial(dst, r)
		if err != nil {
			return dst, err
		}
		dst = append(dst, ';')
		if multiotpText(r.Manufacturer) {
			if dst, err = appendText(dst, "manufacturer", r.Manufacturer, ';'); err != nil {
				return dst, err
			}
		}
		dst = append(dst, ";"+r.Type.String()+";"...)
		dst = appendHex(dst, r.Seed)
		dst = append(dst, ";"+strconv.Itoa(int(r.Digits))+";"...)
		if r.Type == HOTP {
			dst = strconv.AppendUint(dst, r.Counter, 10)
		} else {
			dst = strconv.AppendInt(dst, int64(r.Step), 10)
		}
		return append(dst, '\n'), nil
	}}),
}

// multiotpText reports whether multiOTP reads back a text unchanged.
func multiotpText(s string) bool { return !strings.ContainsAny(s, ",;\t\"") }
