// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// xmlSpace contains the characters that XML Schema trims from a value that is not a
// string.
const xmlSpace = " \t\r\n"

// open returns the bytes of a value, decrypted if necessary. The caller must wipe them.
func (p *pskcReader) open(e pskcElem) ([]byte, error) {
	v := p.key.at(e)
	name := pskcRules[e].name
	switch {
	case v.plain && (v.sealed || v.encrypted):
		return nil, p.wrong(v.line, name, fmt.Errorf("%w: both PlainValue and EncryptedValue", ErrSyntax))
	case v.plain && v.hasMAC:
		return nil, p.wrong(v.line, name, fmt.Errorf("%w: ValueMAC with a PlainValue", ErrUnsupported))
	case v.plain:
		if why := p.mustSeal(); why != "" {
			return nil, p.wrong(v.line, name, fmt.Errorf("%w: the value is not encrypted, but %s", ErrNoMAC, why))
		}
		if e == elSecret {
			if err := notBase64([]byte(strings.Trim(v.text, xmlSpace))); err != nil {
				return nil, p.wrong(v.line, name+"/PlainValue", fmt.Errorf("%w: %w", ErrValue, err))
			}
		}
		b, err := decodeXMLBase64(v.text)
		if err != nil {
			return nil, p.wrong(v.line, name+"/PlainValue", err)
		}
		return b, nil
	}
	b, err := p.crypt.open(v, &p.o.Keys, p.warn)
	if err != nil {
		return nil, p.wrong(v.line, name, err)
	}
	return b, nil
}

// mustSeal returns why a secret must be encrypted, or "" if it need not be. An attacker
// needs no key to insert an unencrypted secret into a file. If a key is supposed to
// authenticate all secrets, the reader therefore refuses unencrypted ones.
func (p *pskcReader) mustSeal() string {
	k := &p.o.Keys
	switch {
	case p.crypt.line != 0:
		return "the file has an EncryptionKey"
	case len(k.Key) != 0 || len(k.Password) != 0 || len(k.Private) != 0:
		return "a key was given: read the file without one"
	}
	return ""
}

// number returns an integer of Data, or 0 if it is absent.
func (p *pskcReader) number(e pskcElem, low, top int64) (int64, error) {
	v := p.key.at(e)
	name := pskcRules[e].name
	switch {
	case v.line == 0:
		return 0, nil
	case !v.plain && !v.sealed:
		return 0, p.wrong(v.line, name, fmt.Errorf("%w: neither PlainValue nor EncryptedValue", ErrSyntax))
	case v.plain && !v.sealed && !v.encrypted && !v.hasMAC:
		n, err := parseXMLInt(v.text, low, top)
		if err != nil {
			return 0, p.wrong(v.line, name, err)
		}
		return n, nil
	}
	b, err := p.open(e)
	if err != nil {
		return 0, err
	}
	n, err := sealedInt(b, low, top)
	if err != nil {
		return 0, p.wrong(v.line, name, err)
	}
	return n, nil
}

// sealedInt reads an integer that was encrypted. RFC 6030 does not define its encoding.
// Files use two: text, which FreeIPA reads, and 1 to 8 bytes, most significant first,
// which python-pskc writes. Like python-pskc, this function reads digits as text. In
// binary they would be numbers above 808 million (or 12,336 in two bytes), which no
// counter or period reaches. One byte is ambiguous.
func sealedInt(b []byte, low, top int64) (int64, error) {
	if digits := bytes.TrimPrefix(b, []byte("-")); onlyDigits(string(digits)) {
		if len(b) == 1 {
			return 0, fmt.Errorf("%w: an encrypted number of one byte, which may be a digit or binary", ErrUnsupported)
		}
		return parseXMLInt(string(b), low, top)
	}
	if len(b) == 0 || len(b) > 8 {
		return 0, fmt.Errorf("%w: an encrypted number of %d bytes, want 1 to 8", ErrUnsupported, len(b))
	}
	var u uint64
	for _, c := range b {
		u = u<<8 | uint64(c)
	}
	n := int64(u)
	switch negative := b[0]&0x80 != 0; {
	case !negative || low >= 0:
	case len(b) == 4: // xs:int
		n = int64(int32(u))
	case len(b) < 8:
		return 0, fmt.Errorf("%w: an encrypted number of %d bytes that may be negative", ErrUnsupported, len(b))
	}
	if n < low || n > top {
		return 0, fmt.Errorf("%w: want %d to %d", ErrValue, low, top)
	}
	return n, nil
}

// parseXMLInt reads an integer in a range. The error does not contain the value: in a
// file with shifted values it may be a seed.
func parseXMLInt(s string, low, top int64) (int64, error) {
	s = strings.Trim(s, xmlSpace)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: want an integer from %d to %d", ErrValue, low, top)
	}
	if n < low || n > top {
		return 0, fmt.Errorf("%w: want %d to %d", ErrValue, low, top)
	}
	return n, nil
}

// decodeXMLBase64 reads xs:base64Binary, which may contain spaces anywhere. The error
// reveals only a position in the content.
func decodeXMLBase64(s string) ([]byte, error) {
	if s = strings.Trim(s, xmlSpace); strings.ContainsAny(s, " \t") {
		s = strings.NewReplacer(" ", "", "\t", "").Replace(s)
	}
	b, err := base64.StdEncoding.DecodeString(s) // skips \r and \n itself
	if err != nil {
		return nil, fmt.Errorf("%w: base64: %w", ErrSyntax, err)
	}
	if len(b) == 0 {
		return nil, fmt.Errorf("%w: empty", ErrValue)
	}
	return b, nil
}

// parseXMLTime reads an xs:dateTime (XML Schema part 2, section 3.2.7) as UTC, and
// reports whether it named a zone. The error does not contain the value.
func parseXMLTime(s string) (t time.Time, zone bool, err error) {
	s = strings.Trim(s, xmlSpace)
	bad := func() error {
		return fmt.Errorf("%w: want a date and time like 2026-12-31T23:59:59Z", ErrValue)
	}
	const date, clock = len("2006-01-02T"), len("15:04:05")
	if len(s) < date+clock || strings.Contains(s, ",") {
		return time.Time{}, false, bad()
	}
	if !strings.ContainsAny(s[date+clock:], "Z+-") {
		s += "Z"
	} else {
		zone = true
	}
	days := 0
	if rest, ok := strings.CutPrefix(s[date:], "24:00:00"); ok { // the end of the day
		s, days = s[:date]+"00:00:00"+rest, 1
	}
	t, e := time.Parse(time.RFC3339Nano, s)
	if e != nil || days != 0 && t.Nanosecond() != 0 {
		return time.Time{}, zone, bad()
	}
	t = t.AddDate(0, 0, days).UTC()
	// The zero time would turn a date long ago into no expiry date.
	if t.Year() < 1 || t.IsZero() || t.Year() > 9999 {
		return time.Time{}, zone, fmt.Errorf("%w: a date outside the calendar", ErrValue)
	}
	return t, zone, nil
}
