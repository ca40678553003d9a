// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"io"
)

// oktaJSON is for Okta's Factors API ("Enroll a custom TOTP factor"), which has no file
// format: each token is a request. A line is
//
//	{"userId":"…","body":{"factorType":"token:hotp","provider":"CUSTOM","factorProfileId":"…","profile":{"sharedSecret":"hexadecimal"}}}
//
// where body is posted to the factors of the user with that id or login. Okta calls the
// factor token:hotp although it is TOTP. Length, algorithm and period are in the factor
// profile. Its id is shown in the Admin Console and comes from
// [WriteOptions].OktaProfile; its encoding must be set to hexadecimal. The reader takes
// length, algorithm and period from the options, and fails with [ErrNoPeriod] if these
// have no period. The format has no serial number, and a record without a user cannot
// be written.
var oktaJSON = &Format{
	Name: "okta", Title: "Okta, requests of the Factors API for custom TOTP", Extension: ".jsonl",
	carries: func(*Record) Field { return FieldUser },
	detect: func(head []byte) bool {
		line := firstLine(head, "")
		return bytes.HasPrefix(line, []byte("{")) && bytes.Contains(line, []byte(`"factorType"`))
	},
	read: readLines("okta", func(l *recordLines) {
		l.parse = func(line []byte, r *Record) (bool, error) {
			return len(line) > 0, parseOkta(line, &l.options, r)
		}
	}),
	write: func(w io.Writer, o WriteOptions) (Writer, error) {
		profile := o.OktaProfile
		err := text("factorProfileId", profile)
		if profile == "" {
			err = &Error{Field: "factorProfileId", Err: ErrNoFactorProfile}
		}
		if err != nil {
			return nil, locate("okta", 0, nil, err)
		}
		return writeFunc(recordWriter{format: "okta", add: func(dst []byte, r *Record) ([]byte, error) {
			return appendOkta(dst, r, profile)
		}})(w, o)
	},
}

func parseOkta(line []byte, o *ReadOptions, r *Record) error {
	if len(line) == 0 {
		return nil
	}
	r.Algorithm, r.Digits = o.Algorithm, o.defaultDigits()
	err := scanJSON(line, func(s *jsonScanner, key string) (err error) {
		switch key {
		case "userId":
			r.User, err = s.str("user")
		case "body":
			err = s.object(func(key string) error { return s.oktaBody(key, r) })
		default:
			err = unknownKey(key)
		}
		return err
	})
	switch {
	case err == nil && r.User == "":
		err = badValue("user", "missing")
	case err == nil:
		r.Step, err = o.defaultStep()
	}
	return err
}

func (s *jsonScanner) oktaBody(key string, r *Record) error {
	var want string
	switch key {
	case "profile":
		return s.object(func(key string) error {
			if key != "sharedSecret" {
				return unknownKey(key)
			}
			secret, err := s.str("seed")
			if err == nil {
				r.Seed, err = hexSeed([]byte(secret))
			}
			return err
		})
	case "factorProfileId":
		_, err := s.str(key)
		return err
	case "factorType":
		want = "token:hotp"
	case "provider":
		want = "CUSTOM"
	default:
		return unknownKey(key)
	}
	v, err := s.str(key)
	if err == nil && v != want {
		err = badValue(key, "not %s", want)
	}
	return err
}

func appendOkta(dst []byte, r *Record, profile string) ([]byte, error) {
	if r.User == "" {
		return dst, badValue("user", "missing: a request requires one")
	}
	if err := needTOTP(r); err != nil {
		return dst, err
	}
	dst = appendKey(dst, '{', "userId")
	dst = appendJSON(dst, r.User)
	dst = append(dst, `,"body":{"factorType":"token:hotp","provider":"CUSTOM","factorProfileId":`...)
	dst = appendJSON(dst, profile)
	dst = append(dst, `,"profile":{"sharedSecret":"`...)
	dst = appendHex(dst, r.Seed)
	return append(dst, "\"}}}\n"...), nil
}
