// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"math"
	"time"

	"github.com/d204ef64/fob/token"
)

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
