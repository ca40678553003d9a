// SPDX-License-Identifier: Apache-2.0

package token

import (
	"strconv"

	"github.com/d204ef64/fob/internal/errclass"
)

// MaxSerialLen is the maximum number of characters in a [Serial]. All known serial
// numbers fit (the longest, FortiToken's, has 16), and it is small enough for the
// token's store.
const MaxSerialLen = 20

// ErrSerial is the error for a text that cannot be a serial number. Functions return it
// wrapped in a [SerialError].
var ErrSerial = errclass.New(errclass.Usage, "a serial number has 1 to 20 characters of 0-9, A-Z, a-z and hyphen")

// SerialError describes the mistake in a serial number. It wraps [ErrSerial].
type SerialError struct {
	Len  int  // number of bytes given
	Pos  int  // of the first invalid byte, 1 is the first; 0 if the length is wrong
	Char byte // the byte at Pos
}

// Error returns for example
// "serial number: character '_' at position 4, allowed are 0-9, A-Z, a-z and hyphen".
func (e *SerialError) Error() string {
	switch {
	case e.Pos > 0:
		return "serial number: character " + quoteByte(e.Char) + " at position " + strconv.Itoa(e.Pos) +
			", allowed are 0-9, A-Z, a-z and hyphen"
	case e.Len == 0:
		return "serial number: empty"
	}
	return "serial number: " + strconv.Itoa(e.Len) + " characters, at most " + strconv.Itoa(MaxSerialLen) + " are allowed"
}

// Unwrap returns [ErrSerial].
func (e *SerialError) Unwrap() error { return ErrSerial }

// Serial is the serial number on the back of a token: 1 to 20 characters of 0-9, A-Z,
// a-z and hyphen. The zero value means no serial number. Serials are comparable with ==,
// may be map keys, and contain no pointer.
//
// Case matters, and nothing is trimmed or padded. A given serial number is used
// unchanged, even if it is in the range of [TestSerial].
type Serial struct {
	n uint8
	b [MaxSerialLen]byte // zero from n on, which == relies on
}

// ParseSerial reads a serial number. The error is a [SerialError]. A valid serial
// number is read without an allocation.
func ParseSerial(s string) (Serial, error) { return parseSerial(s) }

// SerialFromBytes is [ParseSerial] for bytes. It keeps a copy of them.
func SerialFromBytes(b []byte) (Serial, error) { return parseSerial(b) }

func parseSerial[T string | []byte](text T) (Serial, error) {
	if len(text) == 0 || len(text) > MaxSerialLen {
		return Serial{}, &SerialError{Len: len(text)}
	}
	var s Serial
	for i := range len(text) {
		c := text[i]
		if !isDigit(c) && !isUpper(c) && !('a' <= c && c <= 'z') && c != '-' {
			return Serial{}, &SerialError{Len: len(text), Pos: i + 1, Char: c}
		}
		s.b[i] = c
	}
	s.n = uint8(len(text))
	return s, nil
}

// IsZero reports whether s is the zero Serial, which means no serial number.
func (s Serial) IsZero() bool { return s.n == 0 }

// Len returns the number of characters, 0 to 20.
func (s Serial) Len() int { return int(s.n) }

// String returns the characters, or "" for no serial number.
func (s Serial) String() string { return string(s.b[:s.n]) }

// AppendTo appends the characters to dst.
func (s Serial) AppendTo(dst []byte) []byte { return append(dst, s.b[:s.n]...) }

// Compare returns -1, 0 or 1 if s sorts before, with or after other. It compares bytes;
// no serial number sorts first.
func (s Serial) Compare(other Serial) int {
	for i := range s.b {
		switch a, b := s.b[i], other.b[i]; {
		case a < b:
			return -1
		case a > b:
			return 1
		}
	}
	return 0
}

// MarshalText returns the characters, or an empty text for no serial number.
func (s Serial) MarshalText() ([]byte, error) { return s.AppendTo(nil), nil }

// UnmarshalText works like [SerialFromBytes], except that an empty text means no serial
// number. On an error, s keeps its value.
func (s *Serial) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = Serial{}
		return nil
	}
	v, err := SerialFromBytes(text)
	if err == nil {
		*s = v
	}
	return err
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// quoteByte is [quoteChar] for a byte that need not be UTF-8.
func quoteByte(c byte) string {
	if c < 0x80 {
		return quoteChar(rune(c))
	}
	return `'\x` + strconv.FormatUint(uint64(c), 16) + "'"
}
