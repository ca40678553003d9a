// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrNotBanks is returned for a token that does not belong to this bank; see
// [CheckProfile].
var ErrNotBanks = errclass.New(errclass.Refused, "not a token of this bank")

// CheckProfile returns an error unless the bank accepts tokens of a profile (BK-01, Q1:
// "60秒毎に変更となる"): the step must be 60 s. The text does not specify digits, hash
// or T0. The error is a [token.FieldError] that wraps [ErrNotBanks], or an error of
// [token.Profile.Validate].
func CheckProfile(p token.Profile) error {
	if p.Step != token.DefaultStep {
		return &token.FieldError{Field: "Step", Value: int64(p.Step), Allowed: "60 s", Err: ErrNotBanks}
	}
	return p.Validate()
}

// NeedsOTP reports whether an operation needs a code (BK-04). Q3 does not mention
// unlocking or registering a token; the settings decide for these. An unknown operation
// needs a code: an oversight must not become a bypass.
func NeedsOTP(s Settings, op Operation) bool {
	switch {
	case op < firstOp || op > lastOp:
		return true
	case op == OpUnlock:
		return s.UnlockNeedsOTP
	case op == OpActivate:
		return s.ActivateNeedsOTP
	}
	return operations[op].otp
}

// MayDo returns whether a user's token allows them to do an operation (BK-05, BK-06).
// An operation that needs a code requires a token that is in use and not suspended, no
// matter which of the users who share it made the failed attempts. The code is checked
// separately. Whether the user has the right to the operation is also separate: see
// [MayUnlock], [MayRevoke] and, for a token that is not yet theirs, [MayActivate].
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
