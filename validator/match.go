// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"crypto/subtle"
	"math/bits"

	"github.com/d204ef64/fob/token"
)

// matches records which steps have the code that was entered: bit i stands for step
// base+i. The search never exits early, and matches are selected by arithmetic on the
// word. Therefore the time of a check does not reveal where in the window the match
// lies.
type matches struct {
	base int64
	hits uint64
}

// match computes the codes of the steps base to base+n-1 and compares each with code. n
// is 1 to 64, and code must have the token's number of digits.
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

// lowest returns the lowest matching step, if any. Two steps in one window have the
// same code about once in some hundred thousand times. Because the lower one is used,
// the other remains valid for its own time.
func (m matches) lowest() int64 { return m.base + int64(bits.TrailingZeros64(m.hits)) }

// fromBit returns a word in which bit i and all higher bits are set: all bits if i is
// below 0, none if it is above 63.
func fromBit(i int64) uint64 {
	if i < 0 {
		i = 0
	}
	return ^uint64(0) << uint64(i) // 0 for i > 63
}

// wellFormed reports whether code consists of exactly the given number of digits.
// Nothing is trimmed or converted: if a space, a sign or a full-width digit were
// allowed, a used code would have a second spelling (CVE-2025-6014).
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

// coder returns the token's coder. If the token is missing or cannot produce a code,
// coder returns one with the public test seed of RFC 4226, and known is false. A check
// of such a token does the same work and is then refused.
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

// Barred returns why all codes of an existing token are refused, or [ReasonNone] if
// they are not. It does not need the seed.
func (t Token) Barred(st State, now token.UnixSeconds) Reason {
	reason, _ := t.barred(st, true, now)
	return reason
}

// barred returns why all codes of a token are refused, or ReasonNone if they are not.
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
