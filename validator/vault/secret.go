// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"crypto/rand"
	"fmt"
	"log/slog"
)

// keyLen is the length of every key, in bytes: AES-256 and HMAC-SHA-256.
const keyLen = 32

// redacted stands in the place of a key in every text.
const redacted = "[key redacted]"

// secret is 32 bytes behind a closure: reflection, which reaches unexported
// fields and follows pointers, cannot look into a function, so that no formatter
// and no failed test prints them.
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

// key returns the bytes themselves, nil when there are none.
func (s secret) key() []byte {
	if s.open == nil {
		return nil
	}
	k := s.open()
	if *k == [keyLen]byte{} { // destroyed; by chance never
		return nil
	}
	return k[:]
}

func (s secret) destroy() {
	if s.open != nil {
		clear(s.open()[:])
	}
}

// opaque redacts what embeds it.
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
