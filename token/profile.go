// SPDX-License-Identifier: Apache-2.0

package token

import "github.com/d204ef64/fob/internal/errclass"

// DefaultStep is the usual time step of a bank's hardware tokens. The default of RFC
// 6238 section 4.1, X = 30 s, is allowed as well.
const DefaultStep UnixSeconds = 60

// ErrProfile is the error for a profile with a value that is not allowed. Validate
// returns it wrapped in a [FieldError].
var ErrProfile = errclass.New(errclass.Usage, "invalid profile")

// maxT0 is 9999-12-31T23:59:59Z, the end of the calendar in this package.
const maxT0 UnixSeconds = 253402300799

// Profile is a kind of token: how it computes a code, and how it behaves. Get one from
// [ProfileByName], change the fields that differ, then call Validate.
type Profile struct {
	Name      string      // for display only; not checked
	Step      UnixSeconds // RFC 6238's X: 20, 30, 36 or 60 s
	Digits    uint8       // 6 or 8
	Algorithm Algorithm
	T0        UnixSeconds // instant of step 0: 0 is 1970 (RFC 6238), [Epoch2000] for SafeNet tokens
	Behaviour Behaviour
}

// Validate returns nil, or a [FieldError] for the first field outside its range. The
// error wraps [ErrProfile] and contains the field, its value and the allowed values.
func (p Profile) Validate() error {
	switch {
	case !p.Step.validStep():
		return profileError("Step", int64(p.Step), "20, 30, 36 or 60 s")
	case p.Digits != 6 && p.Digits != 8:
		return profileError("Digits", int64(p.Digits), "6 or 8")
	case !p.Algorithm.Valid():
		return profileError("Algorithm", int64(p.Algorithm), "0 (SHA1), 1 (SHA256) or 2 (SHA512)")
	case p.T0 < 0 || p.T0 > maxT0:
		return profileError("T0", int64(p.T0), "0 (1970) to 253402300799 (9999)")
	}
	return p.Behaviour.Validate()
}

// validStep reports whether s is an allowed time step: 60 s (RSA, Feitian), 30 s (RFC
// 6238's default), 36 s (OneSpan) or 20 s. The last is for tests of servers that offer
// it; it is not documented for any hardware token.
func (s UnixSeconds) validStep() bool {
	switch s {
	case 20, 30, 36, 60:
		return true
	}
	return false
}

func profileError(field string, value int64, allowed string) error {
	return &FieldError{Field: field, Value: value, Allowed: allowed, Err: ErrProfile}
}

// step returns the time step, or the default if Step is not positive: a token must not
// stop on a division by zero.
func (p Profile) step() int64 {
	if p.Step <= 0 {
		return int64(DefaultStep)
	}
	return int64(p.Step)
}

// StepAt returns the time step that contains t: floor((t-T0)/Step), RFC 6238 section
// 4.2. It is negative before T0; step -1 ends at T0. StepAt is correct for all t within
// 2^62 s of 1970.
func (p Profile) StepAt(t UnixSeconds) int64 { return floorDiv(int64(t-p.T0), p.step()) }

// StepAtMilli is [Profile.StepAt] for milliseconds.
func (p Profile) StepAtMilli(t UnixMilli) int64 { return p.StepAt(t.Seconds()) }

// StepStart returns the first second of a time step. The step ends at
// StepStart(step+1).
func (p Profile) StepStart(step int64) UnixSeconds { return p.T0 + UnixSeconds(step*p.step()) }

// Code returns the code of a time step (RFC 6238 section 4.2). The error is [ErrNoSeed]
// for a zero or destroyed seed, [ErrStep] for a negative step, or a [FieldError] for a
// profile with digits or an algorithm that are not allowed.
func (p Profile) Code(seed Seed, step int64) (Code, error) {
	key := seed.key()
	if err := p.checkKey(key); err != nil {
		return "", err
	}
	if step < 0 {
		return "", ErrStep
	}
	var b [MaxDigits]byte
	return Code(AppendCode(b[:0], key, p.Algorithm, p.Digits, step)), nil
}

// checkKey returns an error if this profile cannot compute codes from the key.
func (p Profile) checkKey(key []byte) error {
	switch {
	case len(key) == 0:
		return ErrNoSeed
	case p.Digits != 6 && p.Digits != 8 || !p.Algorithm.Valid():
		return p.Validate()
	}
	return nil
}
