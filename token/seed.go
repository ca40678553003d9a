// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto/subtle"
	"io"
	"strconv"

	"github.com/d204ef64/fob/internal/errclass"
)

// The lengths of a seed in bytes. RFC 4226 section 4, R6, requires 128 bits. 64 bytes
// are the block of SHA-1 and SHA-256 and the output of SHA-512. HMAC would hash a
// longer key down.
const (
	MinSeedLen     = 16
	MaxSeedLen     = 64
	DefaultSeedLen = 20 // RFC 4226 section 4 recommends 160 bits
	// MinShortSeedLen is the minimum for [NewShortSeed]: 80 bits, the length of the
	// seeds that many test systems and older servers give to authenticator apps.
	MinShortSeedLen = 10
)

var (
	// ErrSeedLength is the error for a seed outside 16 to 64 bytes. Functions return it
	// wrapped in a [SeedLengthError].
	ErrSeedLength = errclass.New(errclass.Usage, "a seed has 16 to 64 bytes")
	// ErrNoSeed is the error for using the zero [Seed], or a seed after Destroy.
	ErrNoSeed = errclass.New(errclass.Failed, "no seed: never set, or destroyed")
	// ErrSeedRedacted is the error for reading back the text that a marshaller wrote in
	// place of a seed.
	ErrSeedRedacted = errclass.New(errclass.Failed, "the seed is redacted in this text and cannot be restored")
)

// SeedLengthError contains the length of a refused seed. It wraps [ErrSeedLength].
type SeedLengthError struct{ Got int }

// Error returns for example "a seed has 16 to 64 bytes, got 10".
func (e *SeedLengthError) Error() string {
	return ErrSeedLength.Error() + ", got " + strconv.Itoa(e.Got)
}

// Unwrap returns [ErrSeedLength].
func (e *SeedLengthError) Unwrap() error { return ErrSeedLength }

// Seed is the shared secret of a token and its server, 16 to 64 bytes. The zero value
// is no seed.
//
// A Seed is a handle: copies refer to the same bytes, and [Seed.Destroy] wipes them for
// every copy. Any number of goroutines may use a Seed, but not during Destroy. Compare
// seeds with [Seed.Equal]; == does not compile.
//
// Formatting, logging and marshalling a Seed give "[seed redacted]". Methods cannot
// protect a Seed in an unexported field, because reflection reaches such fields and
// follows pointers. It cannot look into a function, so the bytes are kept in a closure.
// As a result, fmt with a Seed in a private field, spew, and a failed test that dumps
// both sides print only the address of code. The only ways to the bytes are
// [Seed.Bytes], [Seed.ExposeHex] and [Seed.ExposeBase32].
type Seed struct {
	open func() *secret
}

// secret holds the bytes of one seed. n is 0 after Destroy.
type secret struct {
	n uint8
	b [MaxSeedLen]byte
}

// NewSeed returns a seed with a copy of b. The caller still has to wipe b. The error is
// a [SeedLengthError] unless b has 16 to 64 bytes.
func NewSeed(b []byte) (Seed, error) { return newSeed(b, MinSeedLen) }

// NewShortSeed is [NewSeed] for 10 to 64 bytes. RFC 4226 forbids seeds of fewer than 16
// bytes. Use it for tests with short seeds that cannot be changed.
func NewShortSeed(b []byte) (Seed, error) { return newSeed(b, MinShortSeedLen) }

func newSeed(b []byte, minLen int) (Seed, error) {
	if len(b) < minLen || len(b) > MaxSeedLen {
		return Seed{}, &SeedLengthError{Got: len(b)}
	}
	k := new(secret)
	k.n = uint8(copy(k.b[:], b))
	return Seed{open: func() *secret { return k }}, nil
}

// GenerateSeed returns a seed of n bytes, 16 to 64, read from r. Pass
// crypto/rand.Reader, except in a test that must be repeatable. The error is a
// [SeedLengthError] or wraps the error of r, with io.ErrUnexpectedEOF if r ended early.
func GenerateSeed(r io.Reader, n int) (Seed, error) {
	if n < MinSeedLen || n > MaxSeedLen {
		return Seed{}, &SeedLengthError{Got: n}
	}
	k := new(secret)
	if _, err := io.ReadFull(r, k.b[:n]); err != nil {
		wipe(k.b[:])
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return Seed{}, &seedReadError{err}
	}
	k.n = uint8(n)
	return Seed{open: func() *secret { return k }}, nil
}

// seedReadError reports that entropy could not be read.
type seedReadError struct{ err error }

func (e *seedReadError) Error() string { return "reading entropy for a seed: " + e.err.Error() }
func (e *seedReadError) Unwrap() error { return e.err }

// key returns the bytes themselves, not a copy, or nil for no seed.
func (s Seed) key() []byte {
	if s.open == nil {
		return nil
	}
	k := s.open()
	if k.n == 0 {
		return nil
	}
	return k.b[:k.n]
}

// Len returns the number of bytes, or 0 for no seed.
func (s Seed) Len() int { return len(s.key()) }

// IsZero reports whether s has no bytes, because it was never set or was destroyed.
func (s Seed) IsZero() bool { return len(s.key()) == 0 }

// Bytes returns a copy of the bytes, or nil for no seed. The caller must wipe the copy
// with clear after use.
func (s Seed) Bytes() []byte {
	k := s.key()
	if k == nil {
		return nil
	}
	return append(make([]byte, 0, len(k)), k...)
}

// Equal reports whether two seeds have the same bytes, in a time that depends on their
// lengths only. An empty seed equals nothing, not even itself: a check against a wiped
// seed never succeeds.
func (s Seed) Equal(other Seed) bool {
	a, b := s.key(), other.key()
	return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1
}

// Destroy overwrites the bytes, for all copies of s. Afterwards Len is 0, Bytes returns
// nil, and [Profile.Code] returns [ErrNoSeed]. Destroy may be called more than once,
// and on the zero value. It cannot reach copies made by Bytes, the text that was
// parsed, or bytes that the runtime has moved.
func (s Seed) Destroy() {
	if s.open == nil {
		return
	}
	k := s.open()
	wipe(k.b[:])
	k.n = 0
}
