// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

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
func MayActivate(s Settings, u User, target Held, now token.UnixSeconds) Verdict {
	switch {
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
