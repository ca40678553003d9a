// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrNotBanks is the error of a token that is none of this bank's; see
// [CheckProfile].
var ErrNotBanks = errclass.New(errclass.Refused, "not a token of this bank")

// CheckProfile reports whether the bank takes tokens of a profile (BK-01, Q1:
// "60秒毎に変更となる"): the step must be 60 s. The text says nothing of digits,
// hash and T0. The error is a [token.FieldError] that wraps [ErrNotBanks], or is
// that of [token.Profile.Validate].
func CheckProfile(p token.Profile) error {
	if p.Step != token.DefaultStep {
		return &token.FieldError{Field: "Step", Value: int64(p.Step), Allowed: "60 s", Err: ErrNotBanks}
	}
	return p.Validate()
}

// NeedsOTP reports whether an operation needs a code (BK-04). For lifting a
// suspension and registering a token, of which Q3 says nothing, the settings
// decide. An unknown operation needs one: what nobody thought of must not be the
// way around.
func NeedsOTP(s Settings, op Operation) bool {
	switch {
	case op < firstOp || op > lastOp:
		return true
	case op == OpLift:
		return s.LiftNeedsOTP
	case op == OpActivate:
		return s.ActivateNeedsOTP
	}
	return operations[op].otp
}

// MayDo says whether a user's token lets him do an operation (BK-05, BK-06): one
// that needs a code he cannot do without a token that is in use and not
// suspended, whoever of those who share it made the wrong entries. The code is
// checked apart. Whether it is his to do is another question: see [MayLift],
// [MayRevoke] and, for a token that is not his yet, [MayActivate].
func MayDo(s Settings, u User, op Operation) Verdict {
	switch {
	case op == OpActivate || !NeedsOTP(s, op):
		return Verdict{OnScreen, BK04, ReasonAllowed}
	case u.Token.IsZero():
		return Verdict{NoWay, BK04, ReasonNoToken}
	case u.Condition == Expired:
		return Verdict{NoWay, BK14, ReasonExpired}
	case u.Condition != InUse:
		return Verdict{NoWay, BK04, ReasonOwnOutOfUse}
	case u.Suspended:
		return Verdict{NoWay, BK05, ReasonSuspended}
	}
	return Verdict{OnScreen, BK04, ReasonAllowed}
}
