// SPDX-License-Identifier: Apache-2.0

package seedfile

import "bytes"

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
