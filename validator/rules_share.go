// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// RefusedActivations is what the bank remembers of a user's refused activations. They are
// counted against the person and never against the token: a user who knows the
// serial number of a colleague's token could suspend it otherwise. An accepted
// activation does not clear the count, or a user with a token of their own could
// clear it after each guess. The zero value is no refused activation.
type RefusedActivations struct {
	Count int
	Last  token.UnixSeconds
}

// Again counts one more refused activation. The count starts again when the last
// one is longer ago than a day and longer than Settings.ActivationLock, unless
// activation is locked.
func (r RefusedActivations) Again(s Settings, now token.UnixSeconds) RefusedActivations {
	if !r.Locked(s, now) && apart(now, r.Last) >= max(s.ActivationLock, day) {
		r.Count = 0
	}
	return RefusedActivations{Count: r.Count + 1, Last: now}
}

// Locked reports whether the user cannot register a token now.
func (r RefusedActivations) Locked(s Settings, now token.UnixSeconds) bool {
	return r.Count >= s.ActivationLimit && (s.ActivationLock == 0 || apart(now, r.Last) < s.ActivationLock)
}

// apart returns the time between two instants. A clock that jumped ahead and came
// back has left an instant in the future, which must not lock anybody for years.
func apart(a, b token.UnixSeconds) token.UnixSeconds { return max(a-b, b-a) }

// CountsAgainstUser reports whether a refused activation is counted against the
// user who made it: each that may be a guess. Of the codes, only those that the
// token itself has shown are not. A serial number that is not there counts like a
// wrong code, or the lock would tell which serial numbers are.
func CountsAgainstUser(why Reason) bool {
	switch why {
	case ReasonReplayed, ReasonOutOfTime, ReasonTooSoon, ReasonActivationLocked:
		return false
	}
	return true
}

// SeesTokens reports whether users with a role see all tokens of their contract;
// others see the one that they use.
func SeesTokens(s Settings, r Role) bool { return s.UsersSeeTokens || r.Manages() }

// MayActivate says whether a user may register a token as the one that he uses
// (利用開始登録; BK-12, Q8). Any number of users of a contract may register the
// same one ("同一シリアル番号を登録することによって共有"); a user of another
// contract may not.
//
// The token must be in use as the bank sees it, and not suspended where a code of
// it is asked for, which is checked apart. A user who has a token already may
// register another in its place: that is how the one sent before the expiry date
// (BK-13) replaces the old one. After a revocation he waits
// Settings.ReactivateAfter.
// A user with too many refused activations may not.
func MayActivate(s Settings, u User, target Held, now token.UnixSeconds) Verdict {
	switch {
	case u.Token != target.Serial && u.Refused.Locked(s, now):
		return Verdict{NoWay, BK05, ReasonActivationLocked}
	case u.Contract != target.Contract:
		return Verdict{NoWay, BK12, ReasonOtherContract}
	case target.Condition == Expired:
		return Verdict{NoWay, BK14, ReasonExpired}
	case target.Condition == Revoked:
		return Verdict{NoWay, BK12, ReasonRevoked}
	case target.Condition == NotThere:
		return Verdict{NoWay, BK12, ReasonUnknown}
	case target.Condition != InUse:
		return Verdict{NoWay, BK10, ReasonReported}
	case target.Suspended && NeedsOTP(s, OpActivate):
		return Verdict{NoWay, BK05, ReasonSuspended}
	case u.RevokedAt != 0 && now-u.RevokedAt < s.ReactivateAfter:
		return Verdict{NoWay, BK12, ReasonTooSoon}
	}
	return Verdict{OnScreen, BK12, ReasonAllowed}
}
