// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/d204ef64/fob/token"
)

// pskcWriter writes a KeyPackage for each record at once, in the order of the schema.
// It keeps a file that is to be signed in memory until Close.
type pskcWriter struct {
	w      io.Writer
	file   bytes.Buffer // the file until it is signed
	signer *pskcSigner
	seal   *pskcSeal
	sealed bool // the records come with sealed seeds
	b      []byte
	count  int
	server *Server // nil: follow RFC 6030
	warn   func(string)
	err    error // of the first failed write; errPSKCClosed after Close
}

var errPSKCClosed = errors.New("the file has been closed")

// newPSKCWriter does not write anything yet. The error wraps [ErrValue] or
// [ErrUnsupported].
func newPSKCWriter(w io.Writer, o WriteOptions) (Writer, error) {
	p := &pskcWriter{w: w, server: o.For, warn: o.Warn}
	var err error
	switch {
	case o.Sealed != nil && o.Encrypt != nil:
		return nil, fmt.Errorf("%w: sealed seeds cannot be encrypted again", ErrUnsupported)
	case o.Sealed != nil:
		p.seal, p.sealed = &pskcSeal{head: o.Sealed}, true
	case o.Encrypt != nil:
		if p.seal, err = newPSKCSeal(o.Encrypt); err != nil {
			return nil, err
		}
	}
	if o.Sign != nil {
		if p.signer, err = newPSKCSigner(o.Sign); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Write adds a KeyPackage. If the record has no KeyID, which PSKC requires, the serial
// number is used instead. Dates are in UTC (RFC 6030 section 5). If the error wraps
// [ErrValue], nothing was written and more records may follow.
func (p *pskcWriter) Write(r *Record) error {
	if p.err != nil {
		return p.err
	}
	b, err := p.appendPackage(p.b[:0], r)
	if err != nil {
		return &Error{Format: pskcFormatName, Record: safeName(r), Err: err}
	}
	p.b = b
	if p.count == 0 {
		p.write(p.head())
	}
	p.write(b)
	clear(b) // it contained the seed
	p.count++
	return p.err
}

func (p *pskcWriter) write(b []byte) {
	switch {
	case p.err != nil:
	case p.signer == nil:
		_, p.err = p.w.Write(b)
	case p.file.Len()+len(b) > pskcMaxSigned:
		p.err = errPSKCSigned
	default:
		p.file.Write(b)
	}
}

// Close ends the container and signs it. A container without a KeyPackage is not valid;
// the error for it wraps [ErrValue].
func (p *pskcWriter) Close() error {
	if p.err == nil && p.count == 0 {
		p.err = fmt.Errorf("%w: no records: a PSKC file requires at least one", ErrValue)
	}
	p.write([]byte("</KeyContainer>\n"))
	if p.err != nil {
		return p.err
	}
	if p.signer != nil {
		var signed []byte
		signed, p.err = p.signer.sign(p.file.Bytes())
		clear(p.file.Bytes())
		if p.err == nil {
			_, p.err = p.w.Write(signed)
		}
	}
	if p.err != nil {
		return p.err
	}
	p.err = errPSKCClosed
	return nil
}

// head returns the XML before the first KeyPackage.
func (p *pskcWriter) head() []byte {
	b := []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<KeyContainer Version="1.0" xmlns="` + nsPSKC + `"`)
	if p.seal != nil {
		b = append(b, ` xmlns:ds="`+nsDS+`" xmlns:xenc="`+nsXENC+`"`...)
		if p.seal.derived { // multiOTP reads prefixes from the root element only
			b = append(b, ` xmlns:xenc11="`+nsXENC11+`" xmlns:pkcs5="`+nsPKCS5+`"`...)
		}
	}
	b = append(b, ">\n"...)
	if p.seal != nil {
		b = append(b, p.seal.head...)
	}
	return b
}

// appendPackage checks a record and appends its KeyPackage.
func (p *pskcWriter) appendPackage(b []byte, r *Record) ([]byte, error) {
	id := r.KeyID
	if id == "" {
		id = r.SerialText()
	}
	if err := checkPSKC(r, id); err != nil {
		return nil, err
	}
	if p.sealed != (r.Sealed != nil) {
		return nil, fmt.Errorf("%w: want a sealed seed in each record of a file of sealed seeds, and nowhere else", ErrValue)
	}
	x := pskcXML{b: b}
	x.raw("  <KeyPackage>\n")
	p.device(&x, r)
	x.raw(`    <Key Id="`)
	x.escape("key id", id)
	x.raw(`" Algorithm="`)
	if r.Type == HOTP {
		x.raw(pskcHOTP)
	} else {
		x.raw(pskcTOTP)
	}
	x.raw("\">\n")
	x.text("      ", "Issuer", r.Issuer)
	x.raw("      <AlgorithmParameters>\n")
	if r.Algorithm != token.SHA1 { // without Suite, every importer assumes SHA-1
		x.text("        ", "Suite", p.suite(r.Algorithm))
	}
	x.raw(`        <ResponseFormat Length="`)
	x.int(int64(r.Digits))
	x.raw("\" Encoding=\"DECIMAL\"/>\n      </AlgorithmParameters>\n")
	x.text("      ", "FriendlyName", r.FriendlyName)
	x.raw("      <Data>\n")
	if err := p.secret(&x, r); err != nil {
		return nil, err
	}
	if r.Type == HOTP {
		x.plain("Counter", int64(r.Counter))
	} else {
		x.plain("Time", int64(r.T0)) // see pskcFormat
		x.plain("TimeInterval", int64(r.Step))
		if r.Drift != 0 {
			drift := r.Drift
			if p.server != nil && p.server.driftIsTime {
				drift *= int64(r.Step)
			}
			x.plain("TimeDrift", drift)
		}
	}
	x.raw("      </Data>\n")
	x.text("      ", "UserId", r.User)
	if !r.Policy.none() {
		x.raw("      <Policy>\n")
		x.time("        ", "StartDate", r.Policy.Start)
		x.time("        ", "ExpiryDate", r.Policy.Expiry)
		x.raw("      </Policy>\n")
	}
	x.raw("    </Key>\n  </KeyPackage>\n")
	return x.b, x.err
}

// suite returns the text of Suite. RFC 6030 leaves it to the algorithm. The draft that
// defines TOTP uses HMAC-SHA256, and so do vendors and multiOTP, which reads nothing
// else. FreeIPA and this package read both forms.
func (p *pskcWriter) suite(a token.Algorithm) string {
	switch {
	case p.server != nil && p.server.bareSuite:
		return strings.ToLower(a.String())
	case p.server == nil && p.warn != nil:
		p.warn("the hash is written as HMAC-" + a.String() + ", which privacyIDEA reads as SHA-1: name the server that imports the file")
		p.warn = nil
	}
	return "HMAC-" + a.String()
}

// none reports whether neither end is limited.
func (v Validity) none() bool { return v.Start.IsZero() && v.Expiry.IsZero() }

// device writes DeviceInfo, unless it would be empty.
func (p *pskcWriter) device(x *pskcXML, r *Record) {
	if r.SerialText() == "" && r.Manufacturer == "" && r.Model == "" && r.IssueNo == "" && r.Device.none() {
		return
	}
	x.raw("    <DeviceInfo>\n")
	x.text("      ", "Manufacturer", r.Manufacturer)
	x.text("      ", "SerialNo", r.SerialText())
	x.text("      ", "Model", r.Model)
	x.text("      ", "IssueNo", r.IssueNo)
	x.time("      ", "StartDate", r.Device.Start)
	x.time("      ", "ExpiryDate", r.Device.Expiry)
	x.raw("    </DeviceInfo>\n")
}

func (p *pskcWriter) secret(x *pskcXML, r *Record) error {
	seed := r.Seed.Bytes()
	defer clear(seed)
	x.raw("        <Secret>\n")
	switch {
	case p.sealed:
		p.seal.value(x, *r.Sealed)
	case p.seal == nil:
		x.raw("          <PlainValue>")
		x.b = base64.StdEncoding.AppendEncode(x.b, seed)
		x.raw("</PlainValue>\n")
	default:
		v, err := p.seal.encrypt(seed)
		if err != nil {
			return err
		}
		p.seal.value(x, v)
	}
	x.raw("        </Secret>\n")
	return nil
}

// checkPSKC returns an error if the record lacks a value that PSKC requires, or has one
// that PSKC cannot hold.
func checkPSKC(r *Record, id string) error {
	bad := func(field string, value any, allowed string) error {
		return fmt.Errorf("%w: %s %v, want %s", ErrValue, field, value, allowed)
	}
	switch {
	case r.Seed.IsZero() && r.Sealed == nil:
		return fmt.Errorf("%w: %w", ErrValue, token.ErrNoSeed)
	case id == "":
		return fmt.Errorf("%w: neither a key id nor a serial number", ErrValue)
	case r.Type > HOTP:
		return bad("type", uint8(r.Type), "TOTP or HOTP")
	case !r.Algorithm.Valid():
		return bad("algorithm", uint8(r.Algorithm), "SHA1, SHA256 or SHA512")
	case r.Digits < token.MinDigits || r.Digits > token.MaxDigits:
		return bad("digits", r.Digits, "6 to 9")
	case r.Type == HOTP && r.Counter > math.MaxInt64:
		return bad("counter", r.Counter, "0 to 9223372036854775807")
	case r.Type == HOTP:
		return nil
	case r.Step < 1 || r.Step > math.MaxInt32: // xs:int, like the following
		return bad("period", r.Step, "1 to 2147483647 s")
	case !pskcT0(int64(r.T0)): // without it, codes would be wrong
		return bad("T0", r.T0, "0 or 946684800")
	case r.Drift < math.MinInt32 || r.Drift > math.MaxInt32:
		return bad("drift", r.Drift, "-2147483648 to 2147483647 steps")
	}
	return nil
}
