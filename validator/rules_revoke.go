// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// Arrangement is how the users of a contract share tokens, in the terms of the headings
// of Q10's table.
type Arrangement uint8

// The arrangements.
const (
	OneUser        Arrangement = iota // 【ユーザが1名のみの場合】
	OneToken                          // 複数ユーザが1つのハードウェアトークンを共有
	SeparateTokens                    // 複数ユーザが別のハードウェアトークンを利用している場合
)

// String returns "one user", "one token" or "separate tokens".
func (a Arrangement) String() string {
	return name("Arrangement", []string{"one user", "one token", "separate tokens"}, a)
}

// ArrangementOf returns the arrangement of a contract, given all its users. Users
// without a token do not affect the choice between the second and the third. Q10 does
// not cover a contract in which some users share and others do not. It counts as the
// third, because there is then a token other than the user's own, on which the wording
// of Q10 depends.
func ArrangementOf(users []User) Arrangement {
	if len(users) <= 1 {
		return OneUser
	}
	seen := token.Serial{}
	for _, u := range users {
		switch {
		case u.Token.IsZero() || u.Token == seen:
		case seen.IsZero():
			seen = u.Token
		default:
			return SeparateTokens
		}
	}
	return OneToken
}

// revocation is the table of Q10. Its rows are the status of the acting user's own
// token, as the sentence before the table states ("自ら使用している
// ハードウェアトークンの…状態において"). Theft is treated as loss. OnPaper is "当行所定の書面により、
// 届出が必要となります。"
var revocation = [...]struct {
	rule Rule
	ways map[Condition]Way
}{
	OneUser: {BK16, map[Condition]Way{
		InUse: OnPaper, Expired: OnPaper, Broken: OnPaper, Lost: OnPaper,
	}},
	OneToken: {BK17, map[Condition]Way{
		InUse: OnPaper, Expired: OnPaper, Broken: OnPaper, Lost: OnPaper,
	}},
	SeparateTokens: {BK18, map[Condition]Way{
		InUse: OnScreen, Expired: OnPaper, Broken: OnPaper, Lost: OnPaper,
	}},
}

// RevocationWay returns the entry of Q10's table (BK-16 to BK-18) and the rule that it
// belongs to. A status that is not in the table returns [NoWay].
func RevocationWay(a Arrangement, own Condition) (Way, Rule) {
	if int(a) >= len(revocation) {
		return NoWay, BK18
	}
	return revocation[a].ways[own], revocation[a].rule
}

// MayRevoke returns whether a user may revoke a token (失効), given all users of the
// contract. To revoke on screen, the user must be a master or admin, and the token must
// not be their own, regardless of its status. They must not be suspended, because
// revoking needs a code of their own token (BK-04). The code is checked separately.
//
// The way is [OnPaper] if the table requires it, or if neither this user nor any other
// user of the contract can revoke on screen. It is [NoWay] if another user can.
func MayRevoke(s Settings, actor User, users []User, target Held) Verdict {
	v := mayRevoke(s, actor, users, target)
	if v.Way != NoWay || v.Reason == ReasonOtherContract || v.Reason == ReasonRevoked {
		return v
	}
	if !anyUser(users, func(u User) bool { return mayRevoke(s, u, users, target).Way == OnScreen }) {
		v.Way = OnPaper
	}
	return v
}

// mayRevoke is like [MayRevoke] but does not consider the other users' rights.
func mayRevoke(s Settings, actor User, users []User, target Held) Verdict {
	way, rule := RevocationWay(ArrangementOf(users), actor.Condition)
	switch {
	case actor.Contract != target.Contract:
		return Verdict{NoWay, BK12, ReasonOtherContract}
	case target.Condition == Revoked:
		return Verdict{NoWay, rule, ReasonRevoked}
	case rule != BK18:
		return Verdict{OnPaper, rule, ReasonPaperOnly}
	case !actor.Role.Manages():
		return Verdict{NoWay, rule, ReasonRole}
	case actor.Token.IsZero():
		return Verdict{NoWay, rule, ReasonNoToken}
	case way != OnScreen:
		return Verdict{way, BK15, ReasonOwnOutOfUse}
	case actor.Token == target.Serial:
		return Verdict{NoWay, rule, ReasonOwnToken}
	case actor.Suspended && NeedsOTP(s, OpRevoke):
		return Verdict{NoWay, BK05, ReasonOwnSuspended}
	}
	return Verdict{OnScreen, rule, ReasonAllowed}
}
