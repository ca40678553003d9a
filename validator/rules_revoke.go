// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// Arrangement is how the users of a contract share tokens, in the headings of
// Q10's table.
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

// ArrangementOf returns the arrangement of a contract, given all its users. Those
// who use no token make no difference between the second and the third. Where
// some share and others do not, which Q10 does not name, it is the third: then
// there is a token other than one's own, which is what its words turn on.
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

// revocation is the table of Q10. Its rows are the state of the token of the user
// who acts, as the sentence before the table says ("自ら使用しているハードウェア
// トークンの…状態において"); theft is with loss. OnPaper is "当行所定の書面により、
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

// RevocationWay returns the field of Q10's table (BK-16 to BK-18), and the rule
// that it belongs to. A condition that the table does not have is [NoWay].
func RevocationWay(a Arrangement, own Condition) (Way, Rule) {
	if int(a) >= len(revocation) {
		return NoWay, BK18
	}
	return revocation[a].ways[own], revocation[a].rule
}

// MayRevoke says whether a user may revoke a token (失効), given all users of the
// contract. Where the table says "on screen" he must be master or admin, the
// token must be another than his own, whatever state it is in, and he must not be
// suspended, since revoking needs a code of his own token (BK-04), which is
// checked apart.
//
// The way is [OnPaper] where the table says so, and where a user cannot and
// nobody else in the contract can; [NoWay] where another user can.
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

// mayRevoke is [MayRevoke] without regard to what others can do.
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
