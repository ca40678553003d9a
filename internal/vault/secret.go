// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"crypto/rand"
	"fmt"
	"log/slog"
)

// keyLen is the length of every key, in bytes: AES-256 and HMAC-SHA-256.
const keyLen = 32

// redacted replaces a key in every text.
const redacted = "[key redacted]"

// secret keeps 32 bytes in a closure. Reflection reaches unexported fields and follows
// pointers, but cannot look into a function. No formatter or failed test can therefore
// print the bytes.
type secret struct {
	open func() *[keyLen]byte
}

func newSecret() secret {
	k := new([keyLen]byte)
	rand.Read(k[:]) // never fails, see crypto/rand
	return secret{func() *[keyLen]byte { return k }}
}

// secretOf copies b, which has 32 bytes.
func secretOf(b []byte) secret {
	k := [keyLen]byte(b)
	return secret{func() *[keyLen]byte { return &k }}
}

// key returns the bytes themselves, not a copy, or nil if there are none.
func (s secret) key() []byte {
	if s.open == nil {
		return nil
	}
	k := s.open()
	if *k == [keyLen]byte{} { // destroyed; a random key is never zero
		return nil
	}
	return k[:]
}

func (s secret) destroy() {
	if s.open != nil {
		clear(s.open()[:])
	}
}

// opaque redacts any type that embeds it.
type opaque struct{}

var (
	_ fmt.Formatter  = opaque{}
	_ slog.LogValuer = opaque{}
)

// String returns "[key redacted]".
func (opaque) String() string { return redacted }

// Format writes "[key redacted]" for every verb and flag.
func (opaque) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns "[key redacted]".
func (opaque) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[key redacted]".
func (opaque) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalBinary returns "[key redacted]".
func (opaque) MarshalBinary() ([]byte, error) { return []byte(redacted), nil }
