// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"strconv"
	"strings"
)

// entraHeader is the first line of an Entra file. Makers of tokens ship it
// without the upn, which is put in before the upload.
const (
	entraHeader      = "upn,serial number,secret key,time interval,manufacturer,model"
	entraMakerHeader = "serial number,secret key,time interval,manufacturer,model"
)

// maxEntraKey is the most characters of a secret key that Entra takes.
const maxEntraKey = 128

// entraCSV is the CSV file of Microsoft Entra ID ("Upload hardware OATH tokens
// in CSV format"), which others have taken over, HelloID for example:
//
//	upn,serial number,secret key,time interval,manufacturer,model
//
// and that line comes first. The secret key is base32, at most 128 characters;
// the time interval is 30 or 60 seconds. Tokens are TOTP with SHA1 and 6 digits.
// The reader also takes a file without the column upn. It is written with it,
// empty where there is no user, and then must be filled in before the upload.
var entraCSV = &Format{
	Name: "entra-csv", Title: "Microsoft Entra ID, CSV", Extension: ".csv",
	carries: func(*Record) Field {
		return FieldUser | FieldSerial | FieldStep | FieldManufacturer | FieldModel
	},
	detect: func(head []byte) bool {
		for _, line := range headLines(head) {
			return isEntraHeader(line)
		}
		return false
	},
	read: newFunc("entra-csv", (&csvDialect{
		name: "entra-csv", comma: ',',
		head: func(c *csvReader, line []byte) (bool, error) {
			if !isEntraHeader(line) {
				if strings.EqualFold(string(bytes.ReplaceAll(line, []byte(";"), []byte(","))), entraHeader) {
					return false, malformed("semicolons where commas belong")
				}
				return false, malformed("the first line must be %q", entraHeader)
			}
			c.columns = strings.Split(strings.ToLower(string(line)), ",")
			c.least = len(c.columns)
			return true, nil
		},
		record: func(c *csvReader, f [][]byte, r *Record) (err error) {
			if len(f) == 6 {
				r.User = string(f[0])
				if err = text("user", r.User); err != nil {
					return err
				}
				f = f[1:]
			}
			if r.Serial, err = serial(f[0]); err != nil {
				return err
			}
			if len(f[1]) > maxEntraKey {
				return &Error{Field: "seed", Err: ErrLimit}
			}
			if r.Seed, err = base32Seed(f[1]); err != nil {
				return err
			}
			r.Digits = 6
			if len(f[2]) == 0 {
				r.Step, err = c.lines.options.defaultStep()
			} else {
				r.Step, err = step(f[2])
			}
			if err != nil {
				return err
			}
			r.Manufacturer, r.Model = string(f[3]), string(f[4])
			return onlyTwo(r, false, true)
		},
	}).reader),
	write: writeFunc(recordWriter{
		format: "entra-csv",
		begin:  func(dst []byte, _ *Record) ([]byte, error) { return append(dst, entraHeader+"\n"...), nil },
		add:    appendEntra,
	}),
}

func isEntraHeader(line []byte) bool {
	return strings.EqualFold(string(line), entraHeader) || strings.EqualFold(string(line), entraMakerHeader)
}

func appendEntra(dst []byte, r *Record) ([]byte, error) {
	if err := needTOTP(r); err != nil {
		return dst, err
	}
	if err := onlyTwo(r, false, true); err != nil {
		return dst, err
	}
	dst, err := appendText(dst, "user", r.User, ',')
	if err != nil {
		return dst, err
	}
	dst = append(dst, ',')
	if dst, err = appendSerial(dst, r); err != nil {
		return dst, err
	}
	dst = append(dst, ',')
	dst = append(dst, r.Seed.ExposeBase32()...)
	dst = append(dst, ',')
	dst = strconv.AppendInt(dst, int64(r.Step), 10)
	dst = append(dst, ',')
	if dst, err = appendText(dst, "manufacturer", r.Manufacturer, ','); err != nil {
		return dst, err
	}
	dst = append(dst, ',')
	dst, err = appendText(dst, "model", r.Model, ',')
	return append(dst, '\n'), err
}

// needTOTP refuses HOTP for a format that has a period and no counter.
func needTOTP(r *Record) error {
	if r.Type != TOTP {
		return bad("type", "the format is for TOTP")
	}
	return nil
}
