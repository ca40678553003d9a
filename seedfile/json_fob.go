// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"bytes"
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
		for _, line := range headLines(head) {
			return bytes.HasPrefix(line, []byte("{")) && bytes.Contains(line, []byte(`"format"`)) &&
				bytes.Contains(line, []byte(`"fob"`))
		}
		return false
	},
	read: newFunc("fob", func(b *bufio.Reader, o ReadOptions) (*fobReader, error) {
		lines, err := newLineReader("fob", b, o)
		return &fobReader{lines: lines}, err
	}),
	write: writeFunc(recordWriter{
		format: "fob",
		begin:  func(dst []byte, _ *Record) ([]byte, error) { return append(dst, fobHeader+"\n"...), nil },
		add:    appendFob,
	}),
}

type fobReader struct {
	lines *lineReader
	begun bool
}

func (f *fobReader) Line() int { return f.lines.line }

// skipRecord has nothing to skip: the next line is another record.
func (f *fobReader) skipRecord() (bool, error) { return f.begun, nil }

func (f *fobReader) Read() (Record, error) {
	for {
		line, err := f.lines.next()
		if err != nil {
			return Record{}, err
		}
		if !f.begun {
			if err := readFobHeader(line); err != nil {
				return Record{}, f.lines.fail(nil, err)
			}
			f.begun = true
			continue
		}
		if len(line) == 0 {
			continue
		}
		r, err := f.parse(line)
		if err != nil {
			return Record{}, f.lines.fail(&r, err)
		}
		return r, nil
	}
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

// parse reads a line. On an error it returns the fields that identify the token.
func (f *fobReader) parse(line []byte) (Record, error) {
	var r Record
	seen := map[string]bool{}
	err := scanJSON(line, func(s *jsonScanner, key string) error {
		seen[key] = true
		return r.setFob(s, key)
	})
	if err != nil {
		return r, err
	}
	for _, key := range [...]string{"type", "seed", "algorithm", "digits"} {
		if !seen[key] {
			return r, badValue(key, "missing")
		}
	}
	switch {
	case r.Type == HOTP && seen["period"]:
		return r, badValue("period", "HOTP has no period")
	case r.Type == TOTP && !seen["period"]:
		r.Step, err = f.lines.options.defaultStep()
	}
	return r, err
}
