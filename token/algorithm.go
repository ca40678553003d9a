// SPDX-License-Identifier: Apache-2.0

package token

import (
	"strconv"

	"github.com/d204ef64/fob/internal/errclass"
)

// Algorithm is the hash function under the HMAC of a code (RFC 6238 section 1.2). The
// zero value is SHA1, which nearly every hardware token uses. The numbers are stable:
// they appear on the wire and in NVM.
type Algorithm uint8

// The algorithms of RFC 6238.
const (
	SHA1   Algorithm = 0
	SHA256 Algorithm = 1
	SHA512 Algorithm = 2
)

// ErrAlgorithm is the error for a name or number other than SHA1, SHA256 and SHA512.
var ErrAlgorithm = errclass.New(errclass.Usage, "unknown algorithm, want SHA1, SHA256 or SHA512")

// Valid reports whether a is one of the three algorithms.
func (a Algorithm) Valid() bool { return a <= SHA512 }

// String returns "SHA1", "SHA256" or "SHA512". For any other value it returns a text
// like "Algorithm(9)".
func (a Algorithm) String() string {
	switch a {
	case SHA1:
		return "SHA1"
	case SHA256:
		return "SHA256"
	case SHA512:
		return "SHA512"
	}
	return "Algorithm(" + strconv.Itoa(int(a)) + ")"
}

// ParseAlgorithm reads the name of an algorithm in the spellings of seed files and
// servers: SHA1, sha-1, SHA_256, HmacSHA1, HMAC-SHA-512, in upper or lower case. The
// error wraps [ErrAlgorithm].
func ParseAlgorithm(s string) (Algorithm, error) {
	rest := cutFold(s, "hmac")
	if len(rest) != len(s) {
		rest = cutSeparator(rest)
	}
	if digits := cutFold(rest, "sha"); len(digits) != len(rest) {
		switch cutSeparator(digits) {
		case "1":
			return SHA1, nil
		case "256":
			return SHA256, nil
		case "512":
			return SHA512, nil
		}
	}
	return 0, &NameError{Name: s, Err: ErrAlgorithm}
}

// MarshalText returns the name of a, or an error that wraps [ErrAlgorithm].
func (a Algorithm) MarshalText() ([]byte, error) {
	if !a.Valid() {
		return nil, &NameError{Name: a.String(), Err: ErrAlgorithm}
	}
	return []byte(a.String()), nil
}

// UnmarshalText works like [ParseAlgorithm]. On an error, a keeps its value.
func (a *Algorithm) UnmarshalText(text []byte) error {
	v, err := ParseAlgorithm(string(text))
	if err == nil {
		*a = v
	}
	return err
}

// cutFold returns s without the prefix, or s itself if it does not start with the
// prefix. Case is ignored. The prefix must be in lower case.
func cutFold(s, prefix string) string {
	if len(s) < len(prefix) {
		return s
	}
	for i := range len(prefix) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != prefix[i] {
			return s
		}
	}
	return s[len(prefix):]
}

// cutSeparator returns s without one leading hyphen, underscore or space.
func cutSeparator(s string) string {
	if s != "" && (s[0] == '-' || s[0] == '_' || s[0] == ' ') {
		return s[1:]
	}
	return s
}
