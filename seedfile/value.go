// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"unicode/utf8"

	"github.com/d204ef64/fob/token"
)

// hexSeed reads a seed that consists of hexadecimal digits only.
func hexSeed(b []byte) (token.Seed, error) {
	for i, c := range b {
		if isHex(c) {
			continue
		}
		r, _ := utf8.DecodeRune(b[i:])
		err := &token.SeedTextError{Pos: utf8.RuneCount(b[:i]) + 1, Char: r, Reason: "is not a hexadecimal digit"}
		if looksBase32(b) {
			return token.Seed{}, badValue("seed", "%w: it looks like base32, want hexadecimal", err)
		}
		return token.Seed{}, badValue("seed", "%w", err)
	}
	switch {
	case len(b) == 0:
		return token.Seed{}, badValue("seed", "empty")
	case len(b)%2 != 0:
		return token.Seed{}, badValue("seed", "%w", &token.SeedTextError{Reason: "odd number of hexadecimal digits"})
	case len(b) > 2*token.MaxSeedLen:
		return token.Seed{}, badValue("seed", "%w", &token.SeedLengthError{Got: len(b) / 2})
	}
	var key [token.MaxSeedLen]byte
	defer clear(key[:])
	n, err := hex.Decode(key[:], b)
	if err != nil {
		return token.Seed{}, badValue("seed", "not hexadecimal")
	}
	return newSeed(key[:n])
}

// base32Seed reads a seed in base32 (RFC 4648 section 6), in either case, with or
// without padding. Like other software it ignores the bits left over at the end: the
// example in Microsoft's documentation has some.
func base32Seed(b []byte) (token.Seed, error) {
	if len(b) == 0 {
		return token.Seed{}, badValue("seed", "empty")
	}
	if i := bytes.IndexAny(b, " -:"); i >= 0 {
		return token.Seed{}, badValue("seed", "%w", &token.SeedTextError{
			Pos: utf8.RuneCount(b[:i]) + 1, Char: rune(b[i]), Reason: "is not in the base32 alphabet A-Z, 2-7",
		})
	}
	seed, err := token.ParseShortSeedBase32(string(b)) // checkSeed checks the minimum length
	switch {
	case err == nil:
		return seed, nil
	case errors.Is(err, token.ErrSeedText) && looksHex(b):
		return token.Seed{}, badValue("seed", "%w: it looks like hexadecimal, want base32", err)
	}
	return token.Seed{}, badValue("seed", "%w", err)
}

// base64Seed reads a seed in base64 (RFC 4648 section 4).
func base64Seed(b []byte) (token.Seed, error) {
	if err := notBase64(b); err != nil {
		return token.Seed{}, badValue("seed", "%w", err)
	}
	key := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	defer clear(key)
	n, err := base64.StdEncoding.Strict().Decode(key, b)
	if err != nil {
		return token.Seed{}, badValue("seed", "%w", err) // the error contains only a position
	}
	return newSeed(key[:n])
}

// notBase64 returns an error for a seed in another encoding that is also valid base64.
// Decoded as base64, a seed of 16 bytes or more would have other bytes and give wrong
// codes. At most one random seed in 10^10 looks like that in base64.
func notBase64(b []byte) error {
	switch {
	case looksHex(b):
		return errors.New("it looks like hexadecimal, want base64")
	case len(b)%8 == 0 && looksBase32(b) && bytes.Equal(b, bytes.ToUpper(b)):
		return errors.New("it looks like base32, want base64")
	}
	return nil
}

func newSeed(key []byte) (token.Seed, error) {
	seed, err := token.NewShortSeed(key) // checkSeed checks the minimum length
	if err != nil {
		return token.Seed{}, badValue("seed", "%w", err)
	}
	return seed, nil
}

// looksHex and looksBase32 report whether b may be a whole seed in that
// encoding.
func looksHex(b []byte) bool {
	for _, c := range b {
		if !isHex(c) {
			return false
		}
	}
	return len(b) >= 2*token.MinShortSeedLen
}

func looksBase32(b []byte) bool {
	b = bytes.TrimRight(b, "=")
	for _, c := range b {
		if !('A' <= c&^0x20 && c&^0x20 <= 'Z' || '2' <= c && c <= '7') {
			return false
		}
	}
	return len(b)*5 >= 8*token.MinShortSeedLen
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
