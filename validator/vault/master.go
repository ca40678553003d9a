// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// keyPrefix identifies a key file to people, and to programs that search for leaked
// secrets.
const keyPrefix = "fob-bank-key-1:"

// sumLen is the number of bytes of the key's SHA-256 that follow the key. With them, a
// mistake in typing the key from the paper in the safe is reported at once. Key and sum
// together are 36 bytes. The base64 then has no spare bits, and each key has only one
// text.
const sumLen = 4

// maxKeyText is a limit in bytes, larger than any key file.
const maxKeyText = 1024

// Master is the key that wraps all data keys. The zero value has no key. Copies refer
// to the same bytes. Any number of goroutines may use a Master, but not during
// [Master.Destroy].
type Master struct {
	opaque
	k secret
}

// NewMaster returns a random key. The error is currently always nil.
func NewMaster() (Master, error) { return Master{k: newSecret()}, nil }

// ParseMaster reads the text that [Master.Text] returns; surrounding space is ignored.
// The error wraps [ErrKeyText], describes the mistake and never quotes the text.
func ParseMaster(text string) (Master, error) {
	text = strings.TrimSpace(text)
	body, ok := strings.CutPrefix(text, keyPrefix)
	switch {
	case text == "":
		return Master{}, fmt.Errorf("%w: it is empty", ErrKeyText)
	case !ok:
		return Master{}, fmt.Errorf("%w: it does not begin with %q", ErrKeyText, keyPrefix)
	case strings.ContainsAny(body, " \t\r\n"):
		return Master{}, fmt.Errorf("%w: it has more than one line", ErrKeyText)
	}
	want := base64.RawURLEncoding.EncodedLen(keyLen + sumLen)
	if len(body) != want {
		return Master{}, fmt.Errorf("%w: want %d characters after %q, got %d", ErrKeyText, want, keyPrefix, len(body))
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil { // contains the position, but not the text
		return Master{}, fmt.Errorf("%w: %w", ErrKeyText, err)
	}
	defer clear(raw)
	key, sum := raw[:keyLen], sha256.Sum256(raw[:keyLen])
	if !bytes.Equal(sum[:sumLen], raw[keyLen:]) {
		return Master{}, fmt.Errorf("%w: its checksum is wrong: a character was lost or mistyped", ErrKeyText)
	}
	m := Master{k: secretOf(key)}
	if m.IsZero() {
		return Master{}, fmt.Errorf("%w: it is all zeros", ErrKeyText)
	}
	return m, nil
}

// ReadMaster reads a key file. It returns errors from r and from [ParseMaster].
func ReadMaster(r io.Reader) (Master, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxKeyText+1))
	defer clear(text)
	if err != nil {
		return Master{}, err
	}
	if len(text) > maxKeyText {
		return Master{}, fmt.Errorf("%w: it has more than %d bytes", ErrKeyText, maxKeyText)
	}
	return ParseMaster(string(text))
}

// Text returns the key as the only line of a key file, without a line break. It is
// "fob-bank-key-1:" and 48 characters of base64url (RFC 4648 section 5), which hold the
// 32 bytes and 4 bytes of their SHA-256. Text returns "" if there is no key. The text
// is as secret as the key itself.
func (m Master) Text() string {
	key := m.k.key()
	if key == nil {
		return ""
	}
	sum := sha256.Sum256(key)
	raw := append(append(make([]byte, 0, keyLen+sumLen), key...), sum[:sumLen]...)
	defer clear(raw)
	return keyPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

// IsZero reports whether m has no key, because it was never set or was destroyed.
func (m Master) IsZero() bool { return m.k.key() == nil }

// Destroy overwrites the bytes, for all copies of m.
func (m Master) Destroy() { m.k.destroy() }
