// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"math"
	"strings"

	"github.com/d204ef64/fob/token"
)

// feitianMaxT0 is the latest T0: Time is an xs:int in PSKC.
const feitianMaxT0 = math.MaxInt32

func (f *feitianReader) key(e xml.StartElement, r *Record) error {
	algorithm := cmp.Or(attribute(e, "KeyAlgorithm"), attribute(e, "Algorithm"))
	if err := r.setType([]byte(algorithm[strings.LastIndexAny(algorithm, "#:")+1:])); err != nil {
		return err
	}
	r.KeyID = cmp.Or(attribute(e, "KeyId"), attribute(e, "Id"))
	r.Digits, r.Algorithm = f.options.defaultDigits(), f.options.Algorithm
	f.sized = false
	data := texts{}
	err := f.each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "AlgorithmParameters":
			return f.each(func(e xml.StartElement) error { return f.parameter(e, r) })
		case "Data":
			return f.each(func(e xml.StartElement) error { return f.value(e, data) })
		case "Usage":
			return f.usage(e, r)
		case "Policy":
			return f.each(f.policy)
		}
		return f.unknown(e)
	})
	if err != nil {
		return err
	}
	if r.Seed, err = base64Seed([]byte(data["Secret"])); err != nil {
		return err
	}
	if !f.sized {
		f.options.onceAt(f.options.warn, f.format, f.line, fmt.Sprintf("no ResponseFormat: codes of %d digits are assumed", r.Digits))
	}
	if r.Type == HOTP {
		if s, found := data["Counter"]; found {
			r.Counter, err = number("counter", s, math.MaxUint64)
		}
		return err
	}
	if s, found := data["Time"]; found {
		t0, err := number("T0", s, feitianMaxT0)
		if err != nil {
			return err
		}
		r.T0 = token.UnixSeconds(t0)
	}
	if s, found := data["TimeInterval"]; found {
		r.Step, err = step(s)
	} else {
		r.Step, err = f.options.defaultStep()
	}
	return err
}

func (f *feitianReader) parameter(e xml.StartElement, r *Record) (err error) {
	switch e.Name.Local {
	case "ResponseFormat":
		f.sized = true
		if encoding := cmp.Or(attribute(e, "Encoding"), attribute(e, "Format")); encoding != "DECIMAL" && encoding != "" {
			return &Error{Field: "Encoding", Err: unsupported("an encoding other than DECIMAL")}
		}
		switch strings.TrimSpace(cmp.Or(attribute(e, "CheckDigits"), attribute(e, "CheckDigit"))) {
		case "", "false", "0":
		default:
			return &Error{Field: "CheckDigits", Err: unsupported("CheckDigits")}
		}
		if r.Digits, err = digits(attribute(e, "Length"), 6, 9); err != nil {
			return err
		}
		return f.skip()
	case "ChallengeFormat":
		return &Error{Field: "ChallengeFormat", Err: unsupported("ChallengeFormat")}
	case "Suite":
		named := hashAttribute(e.Attr)
		s, err := f.text()
		if s = cmp.Or(s, named); err == nil && s != "" {
			err = r.setAlgorithm([]byte(s))
		}
		return err
	}
	return f.unknown(e)
}

// usage reads the element that earlier drafts had instead of AlgorithmParameters: an
// attribute for each use of the key, and the format of the response.
func (f *feitianReader) usage(e xml.StartElement, r *Record) error {
	if otp := strings.TrimSpace(attribute(e, "OTP")); otp != "true" && otp != "1" {
		return &Error{Field: "Usage", Err: unsupported("a Usage without OTP")}
	}
	return f.each(func(e xml.StartElement) error { return f.parameter(e, r) })
}

// policy refuses policies that would have to be enforced, like PSKC's reader. Dates and
// usage are left out with a warning.
func (f *feitianReader) policy(e xml.StartElement) error {
	switch e.Name.Local {
	case "PINPolicy", "NumberOfTransactions":
		return &Error{Field: e.Name.Local, Err: unsupported("%s", e.Name.Local)}
	}
	return f.unknown(e)
}

// value reads an element that contains a PlainValue.
func (f *feitianReader) value(e xml.StartElement, data texts) error {
	name := e.Name.Local
	switch name {
	case "Secret", "Time", "TimeInterval", "Counter":
	default:
		return f.unknown(e)
	}
	return f.each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "PlainValue":
			e.Name.Local = name
			return data.set(f.xmlScanner, e)
		case "EncryptedValue", "ValueMAC":
			return unsupported("encryption")
		}
		return f.unknown(e)
	})
}
