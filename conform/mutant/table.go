// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"bytes"
	"encoding/base32"
	"encoding/csv"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/token"
)

// tableRows reads a file of lines.
func (s *Server) tableRows(f *conform.SeedFile) (rows []row, err error) {
	parse := map[string]func([]string, *conform.SeedFile) (row, error){
		"oath-csv": s.oathRow, "linotp-csv": s.oathRow, "multiotp-csv": s.multiRow, "entra-csv": s.entraRow, "pingid": s.pairRow,
		"users-oath": s.usersRow, "otpauth": s.uriRow,
	}[f.Format]
	if parse == nil {
		return nil, refusef("its format is unknown")
	}
	text := string(f.Text)
	for line := range strings.Lines(text) {
		ended := strings.HasSuffix(line, "\n")
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") && !s.is("F59") {
			continue
		}
		fields, err := s.fields(line, f.Format)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 && s.isHead(fields, f.Format) {
			continue
		}
		r, err := parse(fields, f)
		if err == nil && r.period == 0 {
			if r.period = f.Period; s.is("F67") {
				r.period = 0
			}
			if r.period == 0 && (s.any("F57", "C58") && f.Format == "oath-csv" || s.is("F68") && f.Format == "pingid" || s.is("F71") && f.Format == "entra-csv") {
				r.period = 30
			}
			if r.period == 0 {
				err = refusef("it has no time step")
			}
		}
		switch {
		case err != nil && (s.is("F61") || s.is("F62") && !ended):
		case err != nil:
			return nil, err
		default:
			if s.is("F58") {
				r.period = 60
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// fields splits a line.
func (s *Server) fields(line, format string) ([]string, error) {
	switch {
	case format == "users-oath" || format == "otpauth":
		return strings.Fields(line), nil
	case s.is("F70") && strings.Contains(line, `"`):
		return nil, refusef("it has quotes")
	}
	r := csv.NewReader(strings.NewReader(line))
	r.TrimLeadingSpace = true
	if format == "multiotp-csv" {
		r.Comma = ';'
	}
	fields, err := r.Read()
	if err != nil {
		return nil, refusef("it is not CSV")
	}
	return fields, nil
}

// isHead reports whether a line has the names of the columns.
func (s *Server) isHead(fields []string, format string) bool {
	switch format {
	case "multiotp-csv":
		return fields[0] == "serial_number" && !s.is("F65")
	case "entra-csv":
		name := fields[min(3, len(fields)-1)]
		return fields[0] == "upn" && (name == "time interval" || s.is("F71"))
	}
	return false
}

func (s *Server) oathRow(fields []string, f *conform.SeedFile) (r row, err error) {
	most := 5
	if f.Format == "linotp-csv" && !s.is("F64") {
		most = 6
	}
	if len(fields) < 4 || len(fields) > most || !strings.EqualFold(fields[2], "totp") {
		return r, refusef("its columns are unknown")
	}
	if fields[3] == "" && s.is("F73") {
		fields[3] = "8"
	}
	period := ""
	if len(fields) > 4 {
		period = fields[4]
	}
	r, err = newRow(fields[0], fields[1], fields[3], period)
	if len(r.key) == 32 && !s.is("F60") {
		r.alg = token.SHA256
	}
	if s.is("F56") && r.period != 0 && f.Format == "oath-csv" {
		r.period = 30
	}
	return r, err
}

func (s *Server) multiRow(fields []string, _ *conform.SeedFile) (row, error) {
	if len(fields) != 6 || fields[2] != "TOTP" {
		return row{}, refusef("its columns are unknown")
	}
	return newRow(fields[0], fields[3], fields[4], fields[5])
}

func (s *Server) entraRow(fields []string, f *conform.SeedFile) (r row, err error) {
	if len(fields) != 6 {
		return r, refusef("its columns are unknown")
	}
	secret, period := fields[2], fields[3]
	if s.is("F72") {
		secret = strings.Map(func(c rune) rune {
			if strings.ContainsRune("0189", c) {
				return -1
			}
			return c
		}, strings.ToUpper(secret))
		secret = secret[:len(secret)/8*8]
	}
	if s.is("F71") && strings.Contains(string(f.Text), "timeinterval") {
		period = ""
	}
	key, err := base32.StdEncoding.DecodeString(secret)
	if err != nil || s.is("F66") {
		return r, refusef("a secret key is not base32")
	}
	return newRow(fields[1], hex.EncodeToString(key), "6", period)
}

func (s *Server) pairRow(fields []string, _ *conform.SeedFile) (row, error) {
	if len(fields) != 2 {
		return row{}, refusef("its columns are unknown")
	}
	return newRow(fields[0], fields[1], "6", "")
}

func (s *Server) usersRow(fields []string, _ *conform.SeedFile) (row, error) {
	if len(fields) != 4 || fields[0] != "HOTP/T60/6" || s.is("F69") {
		return row{}, refusef("its columns are unknown")
	}
	return newRow(fields[1], fields[3], "6", "60")
}

func (s *Server) uriRow(fields []string, _ *conform.SeedFile) (r row, err error) {
	u, err := url.Parse(fields[0])
	if err != nil || u.Scheme != "otpauth" {
		return r, refusef("it is not a URI")
	}
	label, account, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), ":")
	issuer := u.Query().Get("issuer")
	if s.is("F74") && issuer != "" && issuer != label || s.is("F75") && issuer == "" {
		return r, errSkipped
	}
	key, err := base32.StdEncoding.DecodeString(u.Query().Get("secret"))
	if err != nil {
		return r, refusef("a secret is not base32")
	}
	return newRow(account, hex.EncodeToString(key), "6", u.Query().Get("period"))
}

// newRow reads the values of a token. An empty period is left to the caller.
func newRow(serial, secret, digits, period string) (r row, err error) {
	r.serial = serial
	if r.key, err = hex.DecodeString(secret); err != nil {
		return r, refusef("a seed is not hexadecimal")
	}
	n, err := strconv.ParseUint(digits, 10, 8)
	if err != nil {
		return r, refusef("the number of digits is invalid")
	}
	r.digits = uint8(n)
	if period == "" {
		return r, nil
	}
	if r.period, err = strconv.ParseInt(period, 10, 64); err != nil || r.period <= 0 {
		return r, refusef("a time step is invalid")
	}
	return r, nil
}

// hasPrefix reports whether a file begins with some bytes.
func hasPrefix(f *conform.SeedFile, prefix string) bool {
	return bytes.HasPrefix(f.Text, []byte(prefix))
}
