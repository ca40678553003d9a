// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/d204ef64/fob/token"
)

// fobHeader is the first line of a fob file.
const fobHeader = `{"format":"fob","version":1}`

// fobJSON is our own format, which carries all fields: JSON Lines, in UTF-8. The first
// line is
//
//	{"format":"fob","version":1}
//
// and each further line is a token, an object. These keys are required:
//
//	type          "TOTP" or "HOTP"
//	seed          hexadecimal
//	algorithm     "SHA1", "SHA256" or "SHA512"
//	digits        6 to 9
//	period        seconds, 1 to 86400; for TOTP, otherwise [ErrNoPeriod]
//
// The others are present if they carry information:
//
//	serial        serial number
//	t0            TOTP: seconds from 1970 to step 0
//	drift         TOTP: how many steps the token's clock is ahead
//	counter       HOTP: of the next code, 0 to 2^64-1
//	deviceStart, deviceExpiry, policyStart, policyExpiry
//	              RFC 3339, both ends are valid
//	manufacturer, model, issueNo, issuer, keyId, friendlyName, user
//
// Unknown keys, keys in another case, and duplicate keys are refused. A later version
// of the format will have another version number.
var fobJSON = &Format{
	Name: "fob", Title: "fob, JSON Lines with everything", Extension: ".jsonl",
	carries: func(*Record) Field { return FieldAll },
	detect: func(head []byte) bool {
		line := firstLine(head, "")
		return bytes.HasPrefix(line, []byte("{")) && bytes.Contains(line, []byte(`"format"`)) && bytes.Contains(line, []byte(`"fob"`))
	},
	read: readLines("fob", func(l *recordLines) {
		l.header = true
		l.parse = func(line []byte, r *Record) (bool, error) {
			if l.header {
				err := readFobHeader(line)
				l.header = err != nil
				return false, err
			}
			return len(line) > 0, l.parseFob(line, r)
		}
	}),
	write: writeFunc(recordWriter{
		format: "fob",
		begin:  func(dst []byte, _ *Record) ([]byte, error) { return append(dst, fobHeader+"\n"...), nil },
		add:    appendFob,
	}),
}

func readFobHeader(line []byte) error {
	var format, version string
	err := scanJSON(line, func(s *jsonScanner, key string) (err error) {
		switch key {
		case "format":
			format, err = s.str(key)
		case "version":
			version, err = s.num(key)
		default:
			err = unknownKey(key)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case format != "fob":
		return malformed("the first line must be %s", fobHeader)
	case version != "1":
		return &Error{Field: "version", Err: unsupported("a version other than 1")}
	}
	return nil
}

// parseFob reads a line. On an error it sets the fields that identify the token.
func (l *lineReader) parseFob(line []byte, r *Record) error {
	if len(line) == 0 {
		return nil
	}
	seen := map[string]bool{}
	err := scanJSON(line, func(s *jsonScanner, key string) error {
		seen[key] = true
		return r.setFob(s, key)
	})
	if err != nil {
		return err
	}
	for _, key := range [...]string{"type", "seed", "algorithm", "digits"} {
		if !seen[key] {
			return badValue(key, "missing")
		}
	}
	switch {
	case r.Type == HOTP && seen["period"]:
		return badValue("period", "HOTP has no period")
	case r.Type == TOTP && !seen["period"]:
		r.Step, err = l.options.defaultStep()
	}
	return err
}

func (r *Record) setFob(s *jsonScanner, key string) (err error) {
	if p := r.fobText(key); p != nil {
		*p, err = s.str(key)
		return err
	}
	if p := r.fobTime(key); p != nil {
		return s.time(key, p)
	}
	switch key {
	case "serial", "type", "seed", "algorithm":
		text, err := s.str(key)
		if err != nil {
			return err
		}
		return r.setFobString(key, text)
	case "digits", "period", "counter":
		text, err := s.num(key)
		if err != nil {
			return err
		}
		switch key {
		case "digits":
			r.Digits, err = digits(text, token.MinDigits, token.MaxDigits)
		case "period":
			r.Step, err = step(text)
		default:
			r.Counter, err = number(key, text, math.MaxUint64)
		}
		return err
	case "t0":
		v, err := s.integer(key)
		r.T0 = token.UnixSeconds(v)
		return err
	case "drift":
		r.Drift, err = s.integer(key)
		return err
	}
	return unknownKey(key)
}

func (r *Record) setFobString(key, text string) (err error) {
	switch key {
	case "serial":
		err = r.setSerial([]byte(text))
	case "seed":
		r.Seed, err = hexSeed([]byte(text))
	case "algorithm":
		err = r.setAlgorithm([]byte(text))
	case "type":
		err = r.setType([]byte(text))
	}
	return err
}

// fobTexts and fobTimes are the keys of text and time fields, in the order in which
// they are written.
var (
	fobTexts = [...]string{"manufacturer", "model", "issueNo", "issuer", "keyId", "friendlyName", "user"}
	fobTimes = [...]string{"deviceStart", "deviceExpiry", "policyStart", "policyExpiry"}
)

// fobText and fobTime return the field of a key, or nil for a key of another kind.
func (r *Record) fobText(key string) *string {
	for i, p := range [...]*string{
		&r.Manufacturer, &r.Model, &r.IssueNo, &r.Issuer, &r.KeyID, &r.FriendlyName, &r.User,
	} {
		if fobTexts[i] == key {
			return p
		}
	}
	return nil
}

func (r *Record) fobTime(key string) *time.Time {
	for i, p := range [...]*time.Time{&r.Device.Start, &r.Device.Expiry, &r.Policy.Start, &r.Policy.Expiry} {
		if fobTimes[i] == key {
			return p
		}
	}
	return nil
}

func (s *jsonScanner) time(key string, p *time.Time) error {
	text, err := s.str(key)
	if err != nil {
		return err
	}
	if *p, err = time.Parse(time.RFC3339Nano, text); err != nil || p.IsZero() {
		return badValue(key, "want a time like 2031-11-30T14:59:59Z")
	}
	return nil
}

// appendFob appends a line.
func appendFob(dst []byte, r *Record) ([]byte, error) {
	before := byte('{')
	key := func(name string) {
		dst = appendKey(dst, before, name)
		before = ','
	}
	str := func(name, s string) {
		if s != "" {
			key(name)
			dst = appendJSON(dst, s)
		}
	}
	num := func(name string, n int64) {
		if n != 0 {
			key(name)
			dst = strconv.AppendInt(dst, n, 10)
		}
	}
	str("serial", r.SerialText())
	str("type", r.Type.String())
	key("seed")
	dst = append(dst, '"')
	dst = appendHex(dst, r.Seed)
	dst = append(dst, '"')
	str("algorithm", r.Algorithm.String())
	num("digits", int64(r.Digits))
	if r.Type == TOTP {
		num("period", int64(r.Step))
	}
	num("t0", int64(r.T0))
	num("drift", r.Drift)
	if r.Counter != 0 {
		key("counter")
		dst = strconv.AppendUint(dst, r.Counter, 10)
	}
	for _, name := range fobTimes {
		t := *r.fobTime(name)
		if t.IsZero() {
			continue
		}
		b, err := t.MarshalText() // RFC 3339, with fractions of a second
		if err != nil {
			return dst, badValue(name, "a time that RFC 3339 cannot represent")
		}
		key(name)
		dst = append(dst, '"')
		dst = append(dst, b...)
		dst = append(dst, '"')
	}
	for _, name := range fobTexts {
		str(name, *r.fobText(name))
	}
	return append(dst, "}\n"...), nil
}
