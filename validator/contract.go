// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// Role is a user's role in a contract. The zero value has no rights over others.
type Role uint8

// The roles.
const (
	PlainUser Role = iota // ユーザ
	Admin                 // 管理者ユーザ
	Master                // マスターユーザ, exactly one in a contract
)

// String returns "user", "admin" or "master".
func (r Role) String() string { return name("Role", []string{"user", "admin", "master"}, r) }

// Manages reports whether the role is one of the two that Q4 and Q10 name:
// "マスターユーザおよび管理者ユーザ". The Q&A does not distinguish between them.
func (r Role) Manages() bool { return r == Admin || r == Master }

// Condition is the status of a token, in the terms of Q10.
type Condition uint8

// The values of [Condition].
const (
	NotThere Condition = iota // the token is unknown
	InUse                     // 利用中
	Expired                   // 有効期限切れ
	Broken                    // 故障
	Lost                      // 紛失, including theft (盗難)
	Revoked                   // 失効
)

// String returns "not there", "in use", "expired", "broken", "lost" or
// "revoked".
func (c Condition) String() string {
	return name("Condition", []string{"not there", "in use", "expired", "broken", "lost", "revoked"}, c)
}

// ConditionAt returns the status at an instant of a token that is recorded as c. A
// token in use becomes [Expired] when its date has passed, without any change of the
// record at midnight. A status that was reported earlier does not change.
func ConditionAt(c Condition, expiry token.Expiry, now token.UnixSeconds) Condition {
	if c == InUse && HasExpired(expiry, now) {
		return Expired
	}
	return c
}

// User is a user of a contract and the token that they use, as far as the rules need
// it.
type User struct {
	ID        string // unique at the bank
	Contract  string // unique at the bank
	Role      Role
	Token     token.Serial       // zero: none registered
	Condition Condition          // of the token at the time of the request, see [ConditionAt]
	Suspended bool               // the token is suspended
	RevokedAt token.UnixSeconds  // when a token of this user was last revoked; zero: never
	Refused   RefusedActivations // refused activations
	Left      []token.Serial     // used earlier, and suspended when the user registered another token
}

// Held is a token as the rules about rights need it.
type Held struct {
	Serial    token.Serial
	Contract  string    // to which it was issued
	Condition Condition // at the time of the request
	Suspended bool
}

// anyUser reports whether fit holds for any of the users. Rules use it to find out
// whether another user could do an operation that this user cannot.
func anyUser(users []User, fit func(User) bool) bool {
	for _, u := range users {
		if fit(u) {
			return true
		}
	}
	return false
}
