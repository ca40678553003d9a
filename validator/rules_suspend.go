// SPDX-License-Identifier: Apache-2.0

package validator

import "slices"

// LiftWay says how the suspension of a token can be lifted at all, given all
// users of its contract (BK-07, BK-08):
//
//   - on screen, where a master or admin uses another token that is in use
//     (Q4: "別のハードウェアトークンを利用しているマスターユーザ/管理者ユーザがいる
//     場合"; Q10 adds that his own must not be out of use);
//   - on paper otherwise. Q4 says so for "ハードウェアトークンが1つの場合". Where
//     there are more tokens and no such person, neither heading fits; nobody is
//     left who could, so that it is paper too.
//
// The way is [NoWay] for a token that is not suspended.
func LiftWay(s Settings, users []User, target Held) Verdict {
	if !target.Suspended {
		return Verdict{NoWay, BK05, ReasonNotSuspended}
	}
	if anyUser(users, func(u User) bool { return mayLift(s, u, target).Way == OnScreen }) {
		return Verdict{OnScreen, BK08, ReasonAllowed}
	}
	return Verdict{OnPaper, BK07, ReasonPaperOnly}
}

// MayLift says whether a user may lift the suspension of a token, and if not,
// whether paper is what is left or another user can: then the way is [NoWay],
// with the reason why it is not he. Users are all of the contract.
//
// A master or admin may, for any token but the one that he himself uses (BK-08),
// when his own is in use (BK-15, Q10: "自ら使用しているハードウェアトークンの
// 有効期限切れ・故障・紛失状態において、失効や利用停止の解除を行うことはできません").
// Nor may one who used the token when it was suspended and has registered another
// one since, unless Settings.SelfLift: Q4 has it lifted by a user "別のハードウェア
// トークンを利用している", and with a spare token everybody would be that.
// One who is suspended himself can give no code, and so cannot where that is
// asked for. The code is checked apart, see [NeedsOTP].
func MayLift(s Settings, actor User, users []User, target Held) Verdict {
	v := mayLift(s, actor, target)
	if v.Way == OnScreen || v.Reason == ReasonOtherContract || v.Reason == ReasonNotSuspended {
		return v
	}
	if LiftWay(s, users, target).Way == OnPaper {
		v.Way = OnPaper
	}
	return v
}

// mayLift is [MayLift] without regard to others.
func mayLift(s Settings, actor User, target Held) Verdict {
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
	case !s.SelfLift && slices.Contains(actor.Left, target.Serial):
		return Verdict{NoWay, BK08, ReasonOwnToken}
	case actor.Condition != InUse:
		return Verdict{NoWay, BK15, ReasonOwnOutOfUse}
	case actor.Suspended && NeedsOTP(s, OpLift):
		return Verdict{NoWay, BK05, ReasonOwnSuspended}
	}
	return Verdict{OnScreen, BK08, ReasonAllowed}
}
