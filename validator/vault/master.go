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

// keyPrefix says what a key file is, to people and to programs that look for
// secrets in the wrong places.
const keyPrefix = "fob-bank-key-1:"

// sumLen is how many bytes of the key's SHA-256 follow it: whoever types a key
// off the paper in the safe is told of a slip at once. Key and sum together are
// 36 bytes, so that the base64 has no spare bits and a key has one text only.
const sumLen = 4

// maxKeyText is more than any key file has, in bytes.
const maxKeyText = 1024

// Master is the key that wraps all data keys. The zero value is none. Copies
// refer to the same bytes; any number of goroutines may use one, but none during
// [Master.Destroy].
type Master struct {
	opaque
	k secret
}

// NewMaster returns a random key. The error is always nil today.
func NewMaster() (Master, error) { return Master{k: newSecret()}, nil }

// ParseMaster reads what [Master.Text] writes; space around it is ignored. The
// error wraps [ErrKeyText], says what is wrong and never quotes the text.
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
	if err != nil { // says where, not what
		return Master{}, fmt.Errorf("%w: %w", ErrKeyText, err)
	}
	defer clear(raw)
	key, sum := raw[:keyLen], sha256.Sum256(raw[:keyLen])
	if !bytes.Equal(sum[:sumLen], raw[keyLen:]) {
		return Master{}, fmt.Errorf("%w: its check sum is wrong: a character was lost or mistyped", ErrKeyText)
	}
	m := Master{k: secretOf(key)}
	if m.IsZero() {
		return Master{}, fmt.Errorf("%w: it is all zeros", ErrKeyText)
	}
	return m, nil
}

// ReadMaster reads a key file. The errors are those of r and of [ParseMaster].
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

// Text returns the key as the one line of a key file, without a line break:
// "fob-bank-key-1:" and 48 characters of base64url (RFC 4648 section 5) that hold
// the 32 bytes and 4 bytes of their SHA-256. It is "" for no key. It is the key
// itself: keep it like one.
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

// IsZero reports whether there is no key: never set, or destroyed.
func (m Master) IsZero() bool { return m.k.key() == nil }

// Destroy overwrites the bytes, for all copies of m.
func (m Master) Destroy() { m.k.destroy() }
