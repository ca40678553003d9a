// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto/subtle"

	"github.com/d204ef64/fob/internal/errclass"
)

// The digits that a code may have at this level. RFC 4226 section 5.3 asks for
// at least six; a truncated HMAC has 31 bits, so that nine are the most. A
// [Profile] allows six and eight.
const (
	MinDigits = 6
	MaxDigits = 9
)

var (
	// ErrDigits is the error of a number of digits outside 6 to 9.
	ErrDigits = errclass.New(errclass.Usage, "a code has 6 to 9 digits")
	// ErrKeyLength is the error of a key without bytes or with more than 64.
	ErrKeyLength = errclass.New(errclass.Usage, "a key has 1 to 64 bytes")
	// ErrStep is the error of a time step before T0, for which RFC 6238 knows no
	// code.
	ErrStep = errclass.New(errclass.Usage, "no code before the first time step")
)

// Code is what a token shows: decimal digits, with leading zeros.
type Code string

// String returns the digits.
func (c Code) String() string { return string(c) }

// Equal reports whether c and the digits that a user typed are the same, in a
// time that depends on their lengths only. No code equals the empty one.
func (c Code) Equal(typed Code) bool {
	return len(c) > 0 && subtle.ConstantTimeCompare([]byte(c), []byte(typed)) == 1
}

// AppendCode appends the code of a time step (RFC 6238 section 4.2) to dst. It
// allocates nothing when dst has room for the digits, and is what firmware
// calls; most users want [Profile.Code]. Compiled by TinyGo 0.39 that holds for
// SHA1 only: its escape analysis gives up inside sha256.Sum256 and sha512.Sum512,
// which leave 7 objects of 0.6 kB, and 9 of 3.4 kB, to the collector per code.
//
// The key has 1 to 64 bytes and stays the caller's, who wipes it. Digits are 6
// to 9. The step counts from T0 and uses all 63 bits, so that it does not end in
// 2038 or 2106. For any argument outside its range, a negative step included,
// AppendCode returns dst as it is: a token then shows nothing, never a wrong
// code.
func AppendCode(dst, key []byte, alg Algorithm, digits uint8, step int64) []byte {
	if step < 0 {
		return dst
	}
	return AppendHOTP(dst, key, alg, digits, uint64(step))
}

// AppendHOTP appends the code of a counter (RFC 4226 section 5) to dst, with the
// rules of [AppendCode]. The counter uses all 64 bits.
func AppendHOTP(dst, key []byte, alg Algorithm, digits uint8, counter uint64) []byte {
	if checkHOTP(key, alg, digits) != nil {
		return dst
	}
	var v uint32
	switch alg {
	case SHA1:
		v = truncatedSHA1(key, counter)
	case SHA256:
		v = truncatedSHA256(key, counter)
	case SHA512:
		v = truncatedSHA512(key, counter)
	}
	return appendDigits(dst, v, digits)
}

// appendDigits appends the last digits of v, 6 to 9 of them (RFC 4226 section
// 5.3, step 3).
func appendDigits(dst []byte, v uint32, digits uint8) []byte {
	var b [MaxDigits]byte
	first := MaxDigits - int(digits)
	for i := MaxDigits - 1; i >= first; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
	return append(dst, b[first:]...)
}

// HOTPCode returns the code of a counter (RFC 4226 section 5). The error wraps
// [ErrKeyLength], [ErrAlgorithm] or [ErrDigits].
func HOTPCode(key []byte, alg Algorithm, digits uint8, counter uint64) (Code, error) {
	if err := checkHOTP(key, alg, digits); err != nil {
		return "", err
	}
	var b [MaxDigits]byte
	return Code(AppendHOTP(b[:0], key, alg, digits, counter)), nil
}

// checkHOTP returns what is wrong with the arguments of a code, as a bare
// sentinel: it is in the hot path.
func checkHOTP(key []byte, alg Algorithm, digits uint8) error {
	switch {
	case len(key) == 0 || len(key) > MaxSeedLen:
		return ErrKeyLength
	case !alg.Valid():
		return ErrAlgorithm
	case digits < MinDigits || digits > MaxDigits:
		return ErrDigits
	}
	return nil
}
