// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Realm is the program to which keys belong: 1 to 16 lower-case letters.
type Realm string

// prefix identifies a key file to people, and to programs that search for leaked secrets.
func (r Realm) prefix() string { return "fob-" + string(r) + "-key-1:" }

// check panics unless the realm can be part of additional data: it is a constant of a
// program.
func (r Realm) check() {
	if r == "" || len(r) > 16 || strings.Trim(string(r), "abcdefghijklmnopqrstuvwxyz") != "" {
		panic("vault: internal error: the realm " + strconv.Quote(string(r)) + " is not 1 to 16 lower-case letters")
	}
}

// A keyTextError is a text that is not a master key of a realm.
type keyTextError struct {
	realm   Realm
	problem string
}

func (e *keyTextError) Error() string { return "not a " + string(e.realm) + " key: " + e.problem }

func (e *keyTextError) Unwrap() error { return ErrKeyText }

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
	realm Realm
	k     secret
}

// NewMaster returns a random key. The error is currently always nil.
func (r Realm) NewMaster() (Master, error) {
	r.check()
	return Master{realm: r, k: newSecret()}, nil
}

// ParseMaster reads the text that [Master.Text] returns; surrounding space is ignored.
// The error wraps [ErrKeyText], describes the mistake and never quotes the text.
func (r Realm) ParseMaster(text string) (Master, error) {
	r.check()
	text = strings.TrimSpace(text)
	bad := func(format string, args ...any) (Master, error) {
		return Master{}, &keyTextError{r, fmt.Sprintf(format, args...)}
	}
	body, ok := strings.CutPrefix(text, r.prefix())
	switch {
	case text == "":
		return bad("it is empty")
	case !ok:
		return bad("it does not begin with %q", r.prefix())
	case strings.ContainsAny(body, " \t\r\n"):
		return bad("it has more than one line")
	}
	want := base64.RawURLEncoding.EncodedLen(keyLen + sumLen)
	if len(body) != want {
		return bad("want %d characters after %q, got %d", want, r.prefix(), len(body))
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil { // contains the position, but not the text
		return bad("%v", err)
	}
	defer clear(raw)
	key, sum := raw[:keyLen], sha256.Sum256(raw[:keyLen])
	if !bytes.Equal(sum[:sumLen], raw[keyLen:]) {
		return bad("its checksum is wrong: a character was lost or mistyped")
	}
	m := Master{realm: r, k: secretOf(key)}
	if m.IsZero() {
		return bad("it is all zeros")
	}
	return m, nil
}

// ReadMaster reads a key file. It returns errors from in and from [Realm.ParseMaster].
func (r Realm) ReadMaster(in io.Reader) (Master, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxKeyText+1))
	defer clear(text)
	if err != nil {
		return Master{}, err
	}
	if len(text) > maxKeyText {
		return Master{}, &keyTextError{r, fmt.Sprintf("it has more than %d bytes", maxKeyText)}
	}
	return r.ParseMaster(string(text))
}

// Text returns the key as the only line of a key file, without a line break. It is
// a prefix such as "fob-bank-key-1:" and 48 characters of base64url (RFC 4648 section 5), which hold the
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
	return m.realm.prefix() + base64.RawURLEncoding.EncodeToString(raw)
}

// IsZero reports whether m has no key, because it was never set or was destroyed.
func (m Master) IsZero() bool { return m.k.key() == nil }

// Destroy overwrites the bytes, for all copies of m.
func (m Master) Destroy() { m.k.destroy() }
