// SPDX-License-Identifier: Apache-2.0

package token

import (
	"strconv"

	"github.com/d204ef64/fob/internal/errclass"
)

// ErrSeedText is the error for a text that is not a seed: it contains an invalid
// character, half a byte, or wrong padding. Functions return it wrapped in a
// [SeedTextError].
var ErrSeedText = errclass.New(errclass.Usage, "seed text is neither hexadecimal nor base32")

// SeedTextError describes the mistake in the text of a seed. The only part of the text
// that it quotes is the invalid character. It wraps [ErrSeedText].
type SeedTextError struct {
	Pos    int    // of the character, 1 is the first; 0 if the error is about the whole text
	Char   rune   // 0 if the error is about the whole text
	Reason string // for example "is not a hexadecimal digit"
}

// Error returns for example
// "seed text: character 'g' at position 7 is not a hexadecimal digit".
func (e *SeedTextError) Error() string {
	if e.Pos == 0 {
		return "seed text: " + e.Reason
	}
	return "seed text: character " + quoteChar(e.Char) + " at position " + strconv.Itoa(e.Pos) + " " + e.Reason
}

// Unwrap returns [ErrSeedText].
func (e *SeedTextError) Unwrap() error { return ErrSeedText }

// notHex and notBase32 record the encodings that a text can no longer have.
const (
	notHex = 1 << iota
	notBase32
)

// ParseSeed reads a seed in hexadecimal or base32 (RFC 4648 section 6), in either case.
// Base32 may lack its padding. ParseSeed skips spaces, hyphens and colons between the
// characters, because people group long texts when they type them.
//
// An even number of characters that are all 0-9, a-f or A-F is hexadecimal; everything
// else is base32. A base32 text that happens to consist of A-F and 2-7 only would be
// misread. That happens for one in 4e13 random 20-byte seeds. Call [ParseSeedBase32] if
// the encoding is known.
//
// The error is a [SeedTextError] or a [SeedLengthError]. Go cannot wipe a string: if
// possible, read a seed as bytes and call [NewSeed].
func ParseSeed(text string) (Seed, error) { return parseSeed(text, MinSeedLen) }

// ParseShortSeed is [ParseSeed] for the lengths of [NewShortSeed].
func ParseShortSeed(text string) (Seed, error) { return parseSeed(text, MinShortSeedLen) }

func parseSeed(text string, minLen int) (Seed, error) {
	excluded, digits := 0, 0
	pos := 0
	for _, r := range text {
		pos++
		if isSeparator(r) {
			continue
		}
		if hexValue(r) < 0 {
			excluded |= notHex
		} else {
			digits++
		}
		if base32Value(r) < 0 && r != '=' {
			excluded |= notBase32
		}
		if excluded == notHex|notBase32 {
			return Seed{}, &SeedTextError{Pos: pos, Char: r, Reason: "makes it neither hexadecimal nor base32"}
		}
	}
	if excluded&notHex == 0 && (digits%2 == 0 || excluded&notBase32 != 0) {
		return parseHex(text, minLen)
	}
	return parseBase32(text, minLen)
}

// ParseSeedHex is [ParseSeed] for hexadecimal only.
func ParseSeedHex(text string) (Seed, error) { return parseHex(text, MinSeedLen) }

func parseHex(text string, minLen int) (Seed, error) {
	var d seedBits
	defer d.wipe()
	pos := 0
	for _, r := range text {
		pos++
		if isSeparator(r) {
			continue
		}
		v := hexValue(r)
		if v < 0 {
			return Seed{}, &SeedTextError{Pos: pos, Char: r, Reason: "is not a hexadecimal digit"}
		}
		d.push(uint32(v), 4)
	}
	if d.bits != 0 {
		return Seed{}, &SeedTextError{Reason: "odd number of hexadecimal digits"}
	}
	return d.seed(minLen)
}

// ParseSeedBase32 is [ParseSeed] for base32 only. It ignores bits after the last whole
// byte, as authenticator apps do.
func ParseSeedBase32(text string) (Seed, error) { return parseBase32(text, MinSeedLen) }

// ParseShortSeedBase32 is [ParseSeedBase32] for the lengths of [NewShortSeed].
func ParseShortSeedBase32(text string) (Seed, error) { return parseBase32(text, MinShortSeedLen) }

func parseBase32(text string, minLen int) (Seed, error) {
	var d seedBits
	defer d.wipe()
	pos, chars, padding := 0, 0, 0
	for _, r := range text {
		pos++
		if isSeparator(r) {
			continue
		}
		if r == '=' {
			padding++
			continue
		}
		v := base32Value(r)
		if v < 0 {
			return Seed{}, &SeedTextError{Pos: pos, Char: r, Reason: "is not in the base32 alphabet A-Z, 2-7"}
		}
		if padding > 0 {
			return Seed{}, &SeedTextError{Pos: pos, Char: r, Reason: "follows the padding"}
		}
		chars++
		d.push(uint32(v), 5)
	}
	switch chars % 8 {
	case 1, 3, 6:
		return Seed{}, &SeedTextError{Reason: strconv.Itoa(chars) + " base32 characters are not a whole number of bytes"}
	}
	if padding > 0 && (padding > 6 || (chars+padding)%8 != 0) {
		return Seed{}, &SeedTextError{Reason: "wrong number of padding characters"}
	}
	return d.seed(minLen)
}

// ExposeHex returns the seed in lower-case hexadecimal, or "" for no seed. The string
// cannot be wiped.
func (s Seed) ExposeHex() string { return exposeBits(s.key(), 4, "0123456789abcdef") }

// ExposeBase32 returns the seed in upper-case base32 without padding, the form in
// otpauth URIs, or "" for no seed. The string cannot be wiped.
func (s Seed) ExposeBase32() string {
	return exposeBits(s.key(), 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
}

// isSeparator reports whether r only groups the characters of a seed.
func isSeparator(r rune) bool { return r == ' ' || r == '-' || r == ':' }

// hexValue returns the value of a hexadecimal digit, or -1 for any other character.
func hexValue(r rune) int {
	switch {
	case '0' <= r && r <= '9':
		return int(r - '0')
	case 'a' <= r && r <= 'f':
		return int(r-'a') + 10
	case 'A' <= r && r <= 'F':
		return int(r-'A') + 10
	}
	return -1
}

// base32Value returns the value of a base32 character, or -1 for any other character.
func base32Value(r rune) int {
	switch {
	case 'A' <= r && r <= 'Z':
		return int(r - 'A')
	case 'a' <= r && r <= 'z':
		return int(r - 'a')
	case '2' <= r && r <= '7':
		return int(r-'2') + 26
	}
	return -1
}
