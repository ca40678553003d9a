// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// entraHeader is the first line of an Entra file. Token manufacturers ship the file
// without the upn, which is filled in before the upload.
const entraHeader = "upn,serial number,secret key,time interval,manufacturer,model"

// maxEntraKey is the maximum length of a secret key in characters that Entra accepts.
const maxEntraKey = 128

// entraCSV is the CSV file of Microsoft Entra ID ("Upload hardware OATH tokens in CSV
// format"). Other products have adopted it, HelloID for example. The first line is:
//
//	upn,serial number,secret key,time interval,manufacturer,model
//
// The secret key is base32, at most 128 characters. The time interval is 30 or 60
// seconds. Tokens are TOTP with SHA1 and 6 digits. The reader also accepts the variants
// that PowerShell and spreadsheets produce: a first line of Export-Csv (#TYPE …),
// quotes, semicolons or tabs between columns, columns in another order, and names
// without the spaces, such as "timeinterval". Only the serial number and the secret key
// are required. Files are written with all columns. Without a user, the upn is empty
// and must be filled in before the upload.
var entraCSV = &Format{
	Name: "entra-csv", Title: "Microsoft Entra ID, CSV", Extension: ".csv",
	carries: func(*Record) Field {
		return FieldUser | FieldSerial | FieldStep | FieldManufacturer | FieldModel
	},
	detect: func(head []byte) bool {
		_, _, err := entraColumns(firstLine(head, powershellType))
		return err == nil
	},
	read: csvDialect{
		name: "entra-csv", comma: ',',
		head:   entraHead,
		record: entraRecord,
	}.read(),
	write: writeFunc(recordWriter{
		format: "entra-csv",
		begin:  func(dst []byte, _ *Record) ([]byte, error) { return append(dst, entraHeader+"\n"...), nil },
		add:    appendEntra,
	}),
}

// powershellType is the beginning of a file from Export-Csv of PowerShell 5.
const powershellType = "#TYPE "

// entraColumn identifies a column by the position of its name in entraHeader.
type entraColumn int

const (
	entraUser entraColumn = iota
	entraSerial
	entraSecret
	entraInterval
	entraManufacturer
	entraModel
	entraCount
)

// entraNames are the names of the columns without spaces.
var entraNames = strings.Split(strings.ReplaceAll(entraHeader, " ", ""), ",")

// entraColumns reads the line with the column names, and detects the separator.
func entraColumns(line []byte) (comma byte, columns []entraColumn, err error) {
	comma = ','
	for _, other := range []byte(";\t") {
		if bytes.Count(line, []byte{other}) > bytes.Count(line, []byte{comma}) {
			comma = other
		}
	}
	fields, err := splitCSV(nil, bytes.Clone(line), comma, true, maxColumns)
	if err != nil {
		return 0, nil, err
	}
	var seen [entraCount]bool
	for i, f := range fields {
		name := strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(string(f)))
		c := entraColumn(slices.Index(entraNames, name))
		if c < 0 && name == "" && i > 0 {
			c = entraCount // a column without a name, which must be empty
		}
		if c < 0 || c < entraCount && seen[c] {
			return 0, nil, malformed("the first line must be %q", entraHeader)
		}
		if c < entraCount {
			seen[c] = true
		}
		columns = append(columns, c)
	}
	if !seen[entraSerial] || !seen[entraSecret] {
		return 0, nil, malformed("the first line must be %q", entraHeader)
	}
	return comma, columns, nil
}

// entraHead reads the first lines.
func entraHead(c *csvReader, line []byte) (bool, error) {
	if bytes.HasPrefix(line, []byte(powershellType)) {
		c.begun = false // the names are on the next line
		return true, nil
	}
	comma, columns, err := entraColumns(line)
	if err != nil {
		return false, err
	}
	c.comma, c.entra, c.least = comma, columns, 0
	c.columns = make([]string, len(columns))
	for i, column := range columns {
		if column < entraCount {
			c.columns[i] = strings.Split(entraHeader, ",")[column]
			c.least = i + 1
		}
	}
	return true, nil
}

func entraRecord(c *csvReader, f [][]byte, r *Record) (err error) {
	var at [entraCount][]byte
	for i, column := range c.entra[:min(len(f), len(c.entra))] {
		switch {
		case column < entraCount:
			at[column] = bytes.TrimSpace(f[i])
		case len(f[i]) > 0:
			return malformed("a column has values but no name")
		}
	}
	r.User = string(at[entraUser])
	if err = text("user", r.User); err != nil {
		return err
	}
	if err = r.setSerial(at[entraSerial]); err != nil {
		return err
	}
	if len(at[entraSecret]) > maxEntraKey {
		return &Error{Field: "seed", Err: ErrLimit}
	}
	if r.Seed, err = base32Seed(at[entraSecret]); err != nil {
		return err
	}
	r.Digits = 6
	if len(at[entraInterval]) == 0 {
		r.Step, err = c.lines.options.defaultStep()
	} else {
		r.Step, err = step(at[entraInterval])
	}
	if err != nil {
		return err
	}
	r.Manufacturer, r.Model = string(at[entraManufacturer]), string(at[entraModel])
	return onlyTwo(r, false, true)
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
	dst = append(dst, ","+strconv.FormatInt(int64(r.Step), 10)+","...)
	if dst, err = appendText(dst, "manufacturer", r.Manufacturer, ','); err != nil {
		return dst, err
	}
	dst = append(dst, ',')
	dst, err = appendText(dst, "model", r.Model, ',')
	return append(dst, '\n'), err
}

// needTOTP refuses HOTP for a format with a period but no counter.
func needTOTP(r *Record) error {
	if r.Type != TOTP {
		return badValue("type", "the format supports only TOTP")
	}
	return nil
}
