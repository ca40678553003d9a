// SPDX-License-Identifier: Apache-2.0

package token

import (
	"strconv"

	"github.com/d204ef64/fob/internal/errclass"
)

// SerialKind is the form of a serial number.
type SerialKind uint8

// The forms that [Serial.Kind] distinguishes. A form describes how a number looks; it
// does not identify the manufacturer.
const (
	// SerialOther is any form except the following.
	SerialOther SerialKind = iota
	// SerialOATH is an OATH class A token identifier: 12 characters of A-Z and 0-9, of
	// which the first two are the manufacturer's prefix. Twelve digits alone are not
	// counted as one, because RSA's server pads its own numbers to that form.
	SerialOATH
	// SerialVendor13 is 13 digits, as on the Feitian c200.
	SerialVendor13
	// SerialVendor9 is 9 digits, as on the RSA SID700.
	SerialVendor9
)

// ErrTestSerial is the error for asking [TestSerial] for a number beyond its range
// or for an unknown kind.
var ErrTestSerial = errclass.New(errclass.Usage, "cannot make a test serial number")

// String returns "other", "oath", "vendor13" or "vendor9".
func (k SerialKind) String() string {
	switch k {
	case SerialOther:
		return "other"
	case SerialOATH:
		return "oath"
	case SerialVendor13:
		return "vendor13"
	case SerialVendor9:
		return "vendor9"
	}
	return "SerialKind(" + strconv.Itoa(int(k)) + ")"
}

// Kind returns the form of s, or [SerialOther] for no serial number.
func (s Serial) Kind() SerialKind {
	digits, upper := 0, 0
	for _, c := range s.b[:s.n] {
		if isDigit(c) {
			digits++
		} else if isUpper(c) {
			upper++
		}
	}
	switch {
	case s.n == 12 && upper > 0 && digits+upper == 12:
		return SerialOATH
	case s.n == 13 && digits == 13:
		return SerialVendor13
	case s.n == 9 && digits == 9:
		return SerialVendor9
	}
	return SerialOther
}

// testSerials describes the serial numbers for tests, by kind: a prefix, then a number
// in upper-case digits of the base, with leading zeros. Each prefix is chosen where real
// tokens are least likely and is easy to recognise:
//
//   - ZZFB: ZZ is the last of the OATH manufacturer prefixes, which companies
//     choose after their names and of which some are registered privately; FB
//     narrows it to 1/1296 of the numbers that a holder of ZZ could use. With
//     eight hex digits it passes LinOTP's check [A-Za-z0-9]{4}[A-Fa-f0-9]{8}.
//   - 9999 of 13 digits: manufacturers begin with a model (2600 and 1000 at Feitian).
//   - 999 of 9 digits: manufacturers count upwards and reach the end of the range last.
//   - FOB-: the hyphen distinguishes it from all the other forms.
var testSerials = [...]struct {
	prefix string
	digits int
	base   uint64
}{
	SerialOther:    {"FOB-", 16, 16},
	SerialOATH:     {"ZZFB", 8, 16},
	SerialVendor13: {"9999", 9, 10},
	SerialVendor9:  {"999", 6, 10},
}

// TestSerial returns serial number n of a kind for a test token. The number is from a
// range in which no manufacturer's inventory is expected, and cannot be mistaken for a
// real one: ZZFB and 8 hex digits ([SerialOATH], n < 2^32), 9999 and 9 digits
// ([SerialVendor13], n < 10^9), 999 and 6 digits ([SerialVendor9], n < 10^6), FOB- and
// 16 hex digits ([SerialOther], any n). The error wraps [ErrTestSerial].
func TestSerial(kind SerialKind, n uint64) (Serial, error) {
	if int(kind) >= len(testSerials) {
		return Serial{}, &TestSerialError{Kind: kind, N: n}
	}
	m := testSerials[kind]
	s := Serial{n: uint8(len(m.prefix) + m.digits)}
	copy(s.b[:], m.prefix)
	left := n
	for i := int(s.n) - 1; i >= len(m.prefix); i-- {
		s.b[i] = "0123456789ABCDEF"[left%m.base]
		left /= m.base
	}
	if left != 0 {
		return Serial{}, &TestSerialError{Kind: kind, N: n}
	}
	return s, nil
}

// Reserved reports whether s is a number that [TestSerial] may return.
func (s Serial) Reserved() bool {
	for _, m := range testSerials {
		if int(s.n) != len(m.prefix)+m.digits || string(s.b[:len(m.prefix)]) != m.prefix {
			continue
		}
		ok := true
		for _, c := range s.b[len(m.prefix):s.n] {
			ok = ok && (isDigit(c) || m.base == 16 && 'A' <= c && c <= 'F')
		}
		if ok {
			return true
		}
	}
	return false
}

// TestSerialError reports a serial number that [TestSerial] cannot return. It wraps
// [ErrTestSerial].
type TestSerialError struct {
	Kind SerialKind
	N    uint64
}

// Error returns for example
// "cannot make a test serial number: 1000000 does not fit the 6 digits after 999".
func (e *TestSerialError) Error() string {
	if int(e.Kind) >= len(testSerials) {
		return ErrTestSerial.Error() + ": unknown kind " + strconv.Itoa(int(e.Kind))
	}
	m := testSerials[e.Kind]
	return ErrTestSerial.Error() + ": " + strconv.FormatUint(e.N, 10) + " does not fit the " +
		strconv.Itoa(m.digits) + " digits after " + m.prefix
}

// Unwrap returns [ErrTestSerial].
func (e *TestSerialError) Unwrap() error { return ErrTestSerial }
