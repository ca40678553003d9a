// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto/subtle"

	"github.com/d204ef64/fob/internal/errclass"
)

// These are the limits of the number of digits in AppendHOTP and HOTPCode. RFC 4226
// section 5.3 requires at least six. A truncated HMAC has 31 bits, which are enough for
// nine at most. A [Profile] allows six and eight.
const (
	MinDigits = 6
	MaxDigits = 9
)

var (
	// ErrDigits is the error for a number of digits outside 6 to 9.
	ErrDigits = errclass.New(errclass.Usage, "a code has 6 to 9 digits")
	// ErrKeyLength is the error for an empty key or a key of more than 64 bytes.
	ErrKeyLength = errclass.New(errclass.Usage, "a key has 1 to 64 bytes")
	// ErrStep is the error for a time step before T0, for which RFC 6238 defines no
	// code.
	ErrStep = errclass.New(errclass.Usage, "no code before the first time step")
)

// Code is the code on a token's display: decimal digits, including leading zeros.
type Code string

// String returns the digits.
func (c Code) String() string { return string(c) }

// Equal reports whether c equals the digits that a user typed. Its running time depends
// on the lengths only. An empty code equals nothing.
func (c Code) Equal(typed Code) bool {
	return len(c) > 0 && subtle.ConstantTimeCompare([]byte(c), []byte(typed)) == 1
}

// AppendCode appends the code of a time step (RFC 6238 section 4.2) to dst. It
// allocates nothing if dst has room for the digits, and is meant for firmware; most
// users should call [Profile.Code]. Compiled with TinyGo 0.39, it is free of
// allocations for SHA1 only: the escape analysis gives up inside sha256.Sum256 and
// sha512.Sum512, which leave 7 objects of 0.6 kB and 9 of 3.4 kB per code to the
// garbage collector.
//
// The key has 1 to 64 bytes. The caller owns it and wipes it. The number of digits is 6
// to 9. The step counts from T0 and uses all 63 bits, so it does not overflow in 2038
// or 2106. If any argument is outside its range, or the step is negative, AppendCode
// returns dst unchanged: a token then shows nothing rather than a wrong code.
func AppendCode(dst, key []byte, alg Algorithm, digits uint8, step int64) []byte {
	if step < 0 {
		return dst
	}
	return AppendHOTP(dst, key, alg, digits, uint64(step))
}

// AppendHOTP appends the code of a counter (RFC 4226 section 5) to dst, with the rules
// of [AppendCode]. The counter uses all 64 bits.
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

// appendDigits appends the last 6 to 9 digits of v (RFC 4226 section 5.3, step 3).
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

// checkHOTP validates the arguments of a code. It returns a bare sentinel because it is
// in the hot path.
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
