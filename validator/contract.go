// SPDX-License-Identifier: Apache-2.0

package validator

import "github.com/d204ef64/fob/token"

// Role is what a user is inside a contract. The zero value has no rights over
// others.
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
// "マスターユーザおよび管理者ユーザ". They make no difference between them.
func (r Role) Manages() bool { return r == Admin || r == Master }

// Condition is the state of a token in the words of Q10.
type Condition uint8

// The conditions.
const (
	NotThere Condition = iota // no token is known
	InUse                     // 利用中
	Expired                   // 有効期限切れ
	Broken                    // 故障
	Lost                      // 紛失, theft (盗難) with it
	Revoked                   // 失効
)

// String returns "not there", "in use", "expired", "broken", "lost" or
// "revoked".
func (c Condition) String() string {
	return name("Condition", []string{"not there", "in use", "expired", "broken", "lost", "revoked"}, c)
}

// ConditionAt returns the condition at an instant of a token that is on record
// as c: one in use is [Expired] when its date has passed, so that no record has
// to change at midnight. What was reported before stays as it was.
func ConditionAt(c Condition, expiry token.Expiry, now token.UnixSeconds) Condition {
	if c == InUse && HasExpired(expiry, now) {
		return Expired
	}
	return c
}

// User is a user of a contract, with the token that he uses, as far as the rules
// look at it.
type User struct {
	ID        string // unique at the bank
	Contract  string // unique at the bank
	Role      Role
	Token     token.Serial       // zero: he has registered none
	Condition Condition          // of his token at the time of the question, see [ConditionAt]
	Suspended bool               // of his token
	RevokedAt token.UnixSeconds  // when a token of his was last revoked; zero is never
	Refused   RefusedActivations // activations
	Left      []token.Serial     // used before, and suspended when the user registered another
}

// Held is a token as the rules about rights see it.
type Held struct {
	Serial    token.Serial
	Contract  string    // that it was issued to
	Condition Condition // at the time of the question
	Suspended bool
}

// anyUser reports whether fit holds for any of the users; it is how a rule
// asks whether somebody could do what this user cannot.
func anyUser(users []User, fit func(User) bool) bool {
	for _, u := range users {
		if fit(u) {
			return true
		}
	}
	return false
}
