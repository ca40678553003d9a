// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/d204ef64/fob/token"
)

// record interprets the current KeyPackage. Its errors contain the line of the element,
// but never a value of Data.
func (p *pskcReader) record() (Record, error) {
	k := &p.key
	r := Record{
		KeyID:        k.id,
		Manufacturer: k.trimmed(elManufacturer),
		Model:        k.trimmed(elModel),
		IssueNo:      k.trimmed(elIssueNo),
		Issuer:       k.trimmed(elIssuer),
		FriendlyName: k.trimmed(elFriendlyName),
		User:         k.trimmed(elUser),
	}
	if r.User == "" {
		r.User = k.trimmed(elDeviceUser)
	} else if d := k.trimmed(elDeviceUser); d != "" && d != r.User {
		p.left("line %d: the UserId of the key is used, and the device's, which differs, is skipped", k.line)
	}
	var err error
	for _, step := range []func(*Record) error{p.serial, p.supported, p.kind, p.parameters, p.dates, p.data, p.usage} {
		if err = step(&r); err != nil {
			r.Seed.Destroy()
			return Record{}, p.named(&r, err)
		}
	}
	return r, nil
}

// named adds the token's name to an error.
func (p *pskcReader) named(r *Record, err error) error {
	var e *Error
	if errors.As(err, &e) {
		e.Record = safeName(r)
	}
	return err
}

// wrong returns an error about an element of the current KeyPackage. If line is 0, it
// uses the line of the Key.
func (p *pskcReader) wrong(line int, field string, err error) error {
	if line == 0 {
		line = p.key.keyLine
	}
	if line == 0 {
		line = p.key.line
	}
	return &Error{Format: pskcFormatName, Line: line, Field: field, Err: err}
}

// textError is wrong for a text element.
func (p *pskcReader) textError(e pskcElem, err error) error {
	return p.wrong(int(p.key.textLine[e-firstText]), pskcRules[e].name, err)
}

func (p *pskcReader) serial(r *Record) error {
	s := strings.Trim(p.key.get(elSerialNo), xmlSpace)
	if s == "" {
		return nil
	}
	if err := r.setSerial([]byte(s)); err != nil {
		var e *Error
		if errors.As(err, &e) {
			err = e.Err
		}
		return p.textError(elSerialNo, err)
	}
	return nil
}

// supported refuses elements that would have to be enforced but are not supported.
func (p *pskcReader) supported(*Record) error {
	k := &p.key
	if k.keyLine == 0 {
		return p.wrong(0, "KeyPackage", fmt.Errorf("%w: without a Key", ErrUnsupported))
	}
	if k.refused != 0 {
		name := pskcRules[k.refused].name
		return p.wrong(k.refusedLine, name, fmt.Errorf("%w: %s", ErrUnsupported, name))
	}
	if !k.at(elSecret).plain && !k.at(elSecret).sealed {
		if k.get(elKeyReference) != "" {
			return p.textError(elKeyReference, fmt.Errorf("%w: KeyReference without a Secret: the file does not contain the key", ErrUnsupported))
		}
		return p.wrong(k.at(elSecret).line, "Secret", fmt.Errorf("%w: there is no Secret", ErrSyntax))
	}
	for _, e := range []pskcElem{elKeyReference, elKeyProfile, elModuleID} {
		if k.textLine[e-firstText] != 0 {
			p.left("line %d: %s is skipped", k.textLine[e-firstText], pskcRules[e].name)
		}
	}
	return nil
}

func (p *pskcReader) kind(r *Record) error {
	switch a := strings.Trim(p.key.algorithm, xmlSpace); a {
	case pskcTOTP, pskcTOTPDraft:
		r.Type = TOTP
	case pskcHOTP:
		r.Type = HOTP
	case "":
		return p.wrong(0, "Key", fmt.Errorf("%w: without the attribute Algorithm", ErrUnsupported))
	default:
		return p.wrong(0, "Key", fmt.Errorf("%w: Algorithm %s", ErrUnsupported, quoteKnown(a)))
	}
	return nil
}

// parameters reads AlgorithmParameters (RFC 6030 section 4.3.4).
func (p *pskcReader) parameters(r *Record) error {
	k := &p.key
	r.Algorithm = p.o.Algorithm // PSKC's "" means SHA1, which is the zero value
	if s := strings.Trim(cmp.Or(k.trimmed(elSuite), k.hashAttr), xmlSpace); s != "" {
		a, err := token.ParseAlgorithm(s) // its error quotes s
		if err != nil {
			return p.textError(elSuite, fmt.Errorf("%w: Suite %s: %w", ErrUnsupported, quoteKnown(s), token.ErrAlgorithm))
		}
		r.Algorithm = a
	}
	f := &k.response
	if f.line == 0 || f.length == "" {
		r.Digits = p.o.defaultDigits()
		p.warn("line %d: no Length in ResponseFormat: codes of %d digits are assumed", k.keyLine, r.Digits)
	} else {
		n, err := parseXMLInt(f.length, token.MinDigits, token.MaxDigits)
		if err != nil {
			return p.wrong(f.line, "ResponseFormat/Length", err)
		}
		r.Digits = uint8(n)
	}
	if e := strings.Trim(f.encoding, xmlSpace); e != "" && e != "DECIMAL" {
		return p.wrong(f.line, "ResponseFormat/Encoding", fmt.Errorf("%w: Encoding %s", ErrUnsupported, quoteKnown(e)))
	}
	switch strings.Trim(f.checks, xmlSpace) { // xs:boolean
	case "", "false", "0":
		return nil
	case "true", "1":
		return p.wrong(f.line, "ResponseFormat/CheckDigits", fmt.Errorf("%w: CheckDigits", ErrUnsupported))
	}
	return p.wrong(f.line, "ResponseFormat/CheckDigits", fmt.Errorf("%w: neither true nor false", ErrValue))
}

func (p *pskcReader) dates(r *Record) error {
	for _, d := range [...]struct {
		e  pskcElem
		to *time.Time
	}{
		{elDeviceStart, &r.Device.Start},
		{elDeviceExpiry, &r.Device.Expiry},
		{elPolicyStart, &r.Policy.Start},
		{elPolicyExpiry, &r.Policy.Expiry},
	} {
		e := d.e
		if p.key.textLine[e-firstText] == 0 {
			continue
		}
		t, zone, err := parseXMLTime(p.key.get(e))
		if err != nil {
			return p.textError(e, err)
		}
		if !zone {
			p.warn("line %d: %s has no time zone: UTC is assumed", p.key.textLine[e-firstText], pskcRules[e].name)
		}
		*d.to = t
	}
	return nil
}

// data reads the values of Data (RFC 6030 section 4.1).
func (p *pskcReader) data(r *Record) error {
	secret, err := p.open(elSecret)
	if err != nil {
		return err
	}
	n := len(secret)
	if looksHex(secret) && bytes.ContainsAny(secret, "abcdefABCDEF") {
		p.warn("line %d: the secret is %d bytes of hexadecimal text: the file may contain hexadecimal instead of base64", p.key.at(elSecret).line, len(secret))
	}
	r.Seed, err = token.NewShortSeed(secret)
	clear(secret)
	if err == nil {
		err = p.o.checkSeed(r.Seed, &p.short)
	}
	if err != nil {
		return p.wrong(p.key.at(elSecret).line, "Secret", fmt.Errorf("%w: %w", ErrValue, &token.SeedLengthError{Got: n}))
	}
	var counter, at, step, drift int64
	values := []struct {
		e        pskcElem
		to       *int64
		low, top int64
	}{
		{elCounter, &counter, 0, math.MaxInt64},
		{elTime, &at, math.MinInt32, math.MaxInt32},
		{elTimeInterval, &step, 1, math.MaxInt32},
		{elTimeDrift, &drift, math.MinInt32, math.MaxInt32},
	}
	if r.Type == HOTP { // privacyIDEA writes a TimeInterval of 0
		values = values[:1]
	}
	for _, v := range values {
		if *v.to, err = p.number(v.e, v.low, v.top); err != nil {
			return err
		}
	}
	if r.Type == HOTP {
		r.Counter = uint64(counter)
		for _, e := range []pskcElem{elTime, elTimeInterval, elTimeDrift} {
			if v := p.key.at(e); v.line != 0 && strings.Trim(v.text, xmlSpace) != "0" {
				line := v.line
				p.left("line %d: %s has no meaning for HOTP and is skipped", line, pskcRules[e].name)
			}
		}
		return nil
	}
	if counter != 0 {
		p.left("line %d: Counter has no meaning for TOTP and is skipped", p.key.at(elCounter).line)
	}
	if !pskcT0(at) {
		return p.wrong(p.key.at(elTime).line, "Time", fmt.Errorf("%w: a Time other than 0 and %d (2000-01-01)", ErrUnsupported, token.Epoch2000))
	}
	if step == 0 {
		if step = int64(p.o.Step); step <= 0 {
			return p.wrong(0, "TimeInterval", ErrNoPeriod)
		}
	}
	r.T0, r.Step, r.Drift = token.UnixSeconds(at), token.UnixSeconds(step), drift
	return nil
}

// usage enforces KeyUsage (RFC 6030 section 5). If it is present, it must include OTP
// and no unknown use.
func (p *pskcReader) usage(*Record) error {
	otp := len(p.key.usage) == 0
	if !otp {
		p.left("line %d: KeyUsage was checked but is not kept: files written from this one allow every use", p.key.textLine[elKeyUsage-firstText])
	}
	for _, u := range p.key.usage {
		switch u = strings.Trim(u, xmlSpace); u {
		case "OTP":
			otp = true
		case "CR", "Encrypt", "Integrity", "Verify", "Unlock", "Decrypt", "KeyWrap", "Unwrap", "Derive", "Generate":
		default:
			return p.textError(elKeyUsage, fmt.Errorf("%w: KeyUsage %s", ErrUnsupported, quoteKnown(u)))
		}
	}
	if !otp {
		return p.textError(elKeyUsage, fmt.Errorf("%w: KeyUsage without OTP", ErrUnsupported))
	}
	return nil
}
