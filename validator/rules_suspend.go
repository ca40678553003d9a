// SPDX-License-Identifier: Apache-2.0

package validator

import "slices"

// UnlockWay returns how a token can be unlocked (利用停止解除), given all users of its
// contract (BK-07, BK-08):
//
//   - on screen, if a master or admin uses another token that is in use (Q4:
//     "別のハードウェアトークンを利用しているマスターユーザ/管理者ユーザがいる場合";
//     Q10 adds that their own token must not be out of use);
//   - on paper otherwise. Q4 specifies this for "ハードウェアトークンが1つの場合". If
//     there are more tokens but no such user, neither heading of Q4 applies. It is
//     paper too, because no user is left who could unlock the token.
//
// The way is [NoWay] for a token that is not suspended.
func UnlockWay(s Settings, users []User, target Held) Verdict {
	if !target.Suspended {
		return Verdict{NoWay, BK05, ReasonNotSuspended}
	}
	if anyUser(users, func(u User) bool { return mayUnlock(s, u, target).Way == OnScreen }) {
		return Verdict{OnScreen, BK08, ReasonAllowed}
	}
	return Verdict{OnPaper, BK07, ReasonPaperOnly}
}

// MayUnlock returns whether a user may unlock a suspended token. If not, it distinguishes
// two cases: the way is [OnPaper] if only paper is left, and [NoWay] if another user
// can. The reason states why this user cannot. users must be all users of the contract.
//
// A master or admin may unlock any token except the one that they use (BK-08), if their
// own token is in use (BK-15, Q10: "自ら使用しているハードウェアトークンの有効期限
// 切れ・故障・紛失状態において、失効や利用停止の解除を行うことはできません"). A user
// who used the token when it was suspended and has since registered another one may
// not, unless Settings.SelfUnlock is on. Q4 requires a user "別のハードウェアトークンを
// 利用している", and with a spare token anyone could become such a user. A
// suspended user cannot give a code, and therefore cannot unlock if a code is required.
// The code is checked separately, see [NeedsOTP].
func MayUnlock(s Settings, actor User, users []User, target Held) Verdict {
	v := mayUnlock(s, actor, target)
	if v.Way == OnScreen || v.Reason == ReasonOtherContract || v.Reason == ReasonNotSuspended {
		return v
	}
	if UnlockWay(s, users, target).Way == OnPaper {
		v.Way = OnPaper
	}
	return v
}

// mayUnlock is like [MayUnlock] but does not consider the other users.
func mayUnlock(s Settings, actor User, target Held) Verdict {
	switch {
	case actor.Contract != target.Contract:
		return Verdict{NoWay, BK12, ReasonOtherContract}
	case !target.Suspended:
		return Verdict{NoWay, BK05, ReasonNotSuspended}
	case !actor.Role.Manages():
		return Verdict{NoWay, BK08, ReasonRole}
	case actor.Token.IsZero():
		return Verdict{NoWay, BK08, ReasonNoToken}
	case actor.Token == target.Serial:
		return Verdict{NoWay, BK08, ReasonOwnToken}
	case !s.SelfUnlock && slices.Contains(actor.Left, target.Serial):
		return Verdict{NoWay, BK08, ReasonOwnToken}
	case actor.Condition != InUse:
		return Verdict{NoWay, BK15, ReasonOwnOutOfUse}
	case actor.Suspended && NeedsOTP(s, OpUnlock):
		return Verdict{NoWay, BK05, ReasonOwnSuspended}
	}
	return Verdict{OnScreen, BK08, ReasonAllowed}
}
