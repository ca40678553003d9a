// SPDX-License-Identifier: Apache-2.0

// Package fleetkey derives the secrets of test tokens from one key and the number of a
// token. Programs that have the key agree on every token without a shared list: a fleet of
// virtual tokens, a writer of seed files, and any number of load generators.
//
//	key, err := fleetkey.Parse(text)
//	serial, err := token.TestSerial(token.SerialOATH, n)
//	seed, err := key.Seed(n, token.DefaultSeedLen)
//
// # Derivation
//
// A value is the output of HKDF with SHA-256 (RFC 5869). The input keying material is the
// 32 bytes of the key, without a salt. The info is the ASCII text "fob-fleet-key-v1",
// a space, a purpose, a space, and the token's number in decimal without leading zeros,
// such as "fob-fleet-key-v1 seed 42":
//
//	seed     the seed of the token: as many bytes as it has
//	crystal  32 bytes: the seed of the ChaCha8 generator that draws the token's crystal
//	lot      32 bytes: the same for its age and expiry date, if a lot has a range of them
//
// The ID of a key is 8 bytes with the info "fob-fleet-key-v1 id". The serial number does not
// depend on the key. Use different numbers if the tokens of two keys go to one server.
package fleetkey

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// Size is the number of bytes of a key.
const Size = 32

// ErrKey is the error of a text that is not a fleet key.
var ErrKey = errclass.New(errclass.Usage, "not a fleet key: want 64 hexadecimal digits")

// Key is a fleet key. The zero value has no bytes. It is safe for concurrent use.
//
// Formatting a Key gives "[fleet key redacted]". Marshalling does not show it either,
// because reflection cannot look into a function.
type Key struct {
	expand func(info string, n int) []byte
}

// Generate returns the text of a new random key, for [Parse].
func Generate() []byte {
	var key [Size]byte
	defer clear(key[:])
	_, _ = rand.Read(key[:]) // never fails
	return append(hex.AppendEncode(nil, key[:]), '\n')
}

// Parse parses 64 hexadecimal digits. White space before and after them is ignored. The
// caller still has to wipe the text. The error is [ErrKey], which does not contain it.
func Parse(text []byte) (Key, error) {
	text = bytes.TrimSpace(text)
	var key [Size]byte
	defer clear(key[:])
	if len(text) != hex.EncodedLen(Size) {
		return Key{}, ErrKey
	}
	if _, err := hex.Decode(key[:], text); err != nil {
		return Key{}, ErrKey
	}
	extracted, err := hkdf.Extract(sha256.New, key[:], nil)
	if err != nil {
		return Key{}, fmt.Errorf("fleet key: %w", err)
	}
	return Key{func(info string, n int) []byte {
		out, err := hkdf.Expand(sha256.New, extracted, "fob-fleet-key-v1 "+info, n)
		if err != nil { // only if n is too large
			panic("fleetkey: internal error: " + err.Error())
		}
		return out
	}}, nil
}

// Format writes "[fleet key redacted]" for every verb and flag.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[fleet key redacted]")) }

// IsZero reports whether k is the zero value.
func (k Key) IsZero() bool { return k.expand == nil }

// ID returns a name of the key that is not secret: 16 hexadecimal digits.
func (k Key) ID() string { return hex.EncodeToString(k.expand("id", 8)) }

// Seed returns the seed of token n, which has length bytes. The error wraps
// [token.ErrSeedLength].
func (k Key) Seed(n uint64, length int) (token.Seed, error) {
	if length < token.MinShortSeedLen || length > token.MaxSeedLen {
		return token.Seed{}, &token.SeedLengthError{Got: length}
	}
	seed := k.derive("seed", n, length)
	defer clear(seed)
	return token.NewShortSeed(seed)
}

// Crystal returns the seed of the generator that draws the crystal of token n.
func (k Key) Crystal(n uint64) [32]byte { return [32]byte(k.derive("crystal", n, 32)) }

// Lot returns the seed of the generator for the values that token n gets from its lot.
func (k Key) Lot(n uint64) [32]byte { return [32]byte(k.derive("lot", n, 32)) }

func (k Key) derive(purpose string, n uint64, length int) []byte {
	return k.expand(purpose+" "+strconv.FormatUint(n, 10), length)
}
