// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// RefusedActivations is the record of a user's refused activations. They are counted
// against the user and never against the token: otherwise, a user who knows the serial
// number of a colleague's token could suspend it. An accepted activation does not clear
// the count, because a user with a token of their own could then clear it after each
// guess. The zero value means none.
type RefusedActivations struct {
	Count int
	Last  token.UnixSeconds
}

// Again counts one more refused activation. The count restarts if the last one is more
// than a day and more than Settings.ActivationLock ago, unless activation is locked.
func (r RefusedActivations) Again(s Settings, now token.UnixSeconds) RefusedActivations {
	if !r.Locked(s, now) && apart(now, r.Last) >= max(s.ActivationLock, day) {
		r.Count = 0
	}
	return RefusedActivations{Count: r.Count + 1, Last: now}
}

// Locked reports whether the user is currently barred from registering a token.
func (r RefusedActivations) Locked(s Settings, now token.UnixSeconds) bool {
	return r.Count >= s.ActivationLimit && (s.ActivationLock == 0 || apart(now, r.Last) < s.ActivationLock)
}

// apart returns the time between two instants, in either direction. A clock that jumped
// ahead and came back leaves an instant in the future. It must not lock a user for
// years.
func apart(a, b token.UnixSeconds) token.UnixSeconds { return max(a-b, b-a) }

// CountsAgainstUser reports whether a refused activation counts against the user who
// made it. Every entry that may be a guess counts. The only codes that do not count are
// codes that the token itself has shown. A nonexistent serial number counts like a
// wrong code; otherwise the lock would reveal which serial numbers exist.
func CountsAgainstUser(why Reason) bool {
	switch why {
	case ReasonReplayed, ReasonOutOfTime, ReasonTooSoon, ReasonActivationLocked:
		return false
	}
	return true
}

// SeesTokens reports whether users with a role see all tokens of their contract. Other
// users see only the token that they use.
func SeesTokens(s Settings, r Role) bool { return s.UsersSeeTokens || r.Manages() }

// MayActivate returns whether a user may register a token as the one that they use
// (利用開始登録; BK-12, Q8). Any number of users of a contract may register the same token
// ("同一シリアル番号を登録することによって共有"); a user of another contract may not.
//
// The token must be in use according to the bank. If activation needs a code, the token
// must not be suspended; the code is checked separately. A user who already has a token
// may register another in its place. This is how the token sent before the expiry date
// (BK-13) replaces the old one. After a revocation the user must wait for
// Settings.ReactivateAfter. A user with too many refused activations may not register
// another token.
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
