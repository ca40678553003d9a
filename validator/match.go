// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"crypto/subtle"
	"math/bits"

	"github.com/d204ef64/fob/token"
)

// matches says which steps have the code that was entered: bit i is the step
// base+i. A match is never looked for with an early exit, and is moved about by
// arithmetic on the word, so that the time of a check does not tell where in the
// window it lies.
type matches struct {
	base int64
	hits uint64
}

// match computes the codes of the steps base to base+n-1, n being 1 to 64, and
// compares each with code, which has the token's digits.
func match(coder token.Coder, base, n int64, code string) matches {
	var buf [token.MaxDigits]byte
	var entered [token.MaxDigits]byte
	m := matches{base: base}
	typed := entered[:copy(entered[:], code)]
	for i := range n {
		same := subtle.ConstantTimeCompare(coder(buf[:0], base+i), typed)
		m.hits |= uint64(same) << uint(i)
	}
	return m
}

// within returns the matches of the steps low to high, both included.
func (m matches) within(low, high int64) matches {
	m.hits &= fromBit(low-m.base) &^ fromBit(high+1-m.base)
	return m
}

// any reports whether there is a match.
func (m matches) any() bool { return m.hits != 0 }

// lowest returns the lowest step that matches, when there is one. Codes of two
// steps in one window are equal once in some hundred thousand times; by taking
// the lower one, the other stays good for its own time.
func (m matches) lowest() int64 { return m.base + int64(bits.TrailingZeros64(m.hits)) }

// fromBit returns a word with all bits from i on; all of them below 0, none
// above 63.
func fromBit(i int64) uint64 {
	if i < 0 {
		i = 0
	}
	return ^uint64(0) << uint64(i) // 0 for i > 63
}

// wellFormed reports whether code is exactly so many digits. Nothing is trimmed
// or converted: a space, a sign or a full-width digit that were let through
// would make a second spelling of a code that was used (CVE-2025-6014).
func wellFormed(code string, digits uint8) bool {
	if len(code) != int(digits) {
		return false
	}
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return false
		}
	}
	return true
}

// coder returns the token's coder. A token that is not there, or cannot have a
// code, gets that of a seed which everybody knows, and known is false: a check of
// it does the same work and then refuses.
func (t Token) coder() (c token.Coder, p token.Profile, known bool) {
	if c, err := t.Profile.Coder(t.Seed); err == nil && t.Condition != NotThere {
		return c, t.Profile, true
	}
	p = token.Profile{Step: token.DefaultStep, Digits: token.MinDigits}
	seed, err := token.NewSeed([]byte("12345678901234567890"))
	if err == nil {
		c, err = p.Coder(seed)
	}
	if err != nil {
		panic("validator: internal error: seed of RFC 4226: " + err.Error())
	}
	return c, p, false
}

// Barred returns why codes of a token that is there are refused whatever they are,
// [ReasonNone] where they are not. It needs no seed.
func (t Token) Barred(st State, now token.UnixSeconds) Reason {
	reason, _ := t.barred(st, true, now)
	return reason
}

// barred returns why a token's codes are refused whatever they are, ReasonNone
// where they are not.
func (t Token) barred(st State, known bool, now token.UnixSeconds) (Reason, Rule) {
	if !known {
		return ReasonUnknown, BK01
	}
	switch ConditionAt(t.Condition, t.Expiry, now) {
	case InUse:
		switch {
		case now < t.Start:
			return ReasonNotYet, BK14
		case st.Suspended:
			return ReasonSuspended, BK05
		}
		return ReasonNone, 0
	case Expired:
		return ReasonExpired, BK14
	case Revoked:
		return ReasonRevoked, BK18
	}
	return ReasonReported, BK10
}
