// SPDX-License-Identifier: Apache-2.0

package validator

import "fmt"

// Way is how an operation can be done.
type Way uint8

// The values of [Way].
const (
	NoWay    Way = iota // not possible for this user
	OnScreen            // on the bank's pages (操作画面上)
	OnPaper             // by a clerk, on the bank's form (当行所定の書面)
)

// String returns "no way", "on screen" or "on paper".
func (w Way) String() string { return name("Way", []string{"no way", "on screen", "on paper"}, w) }

// Verdict is the answer of a rule to an operation that a user requests.
type Verdict struct {
	Way    Way
	Rule   Rule
	Reason Reason
}

// IsZero reports whether the verdict is unset.
func (v Verdict) IsZero() bool { return v == Verdict{} }

// Reason is the reason for a decision. It is for the audit record; users are shown
// less, see [Answer].
type Reason uint8

// The reasons. The first group is about codes, the second about rights, the third
// about passwords and other conditions.
const (
	ReasonNone      Reason = iota
	ReasonAccepted         // a code within the window, not used before
	ReasonCorrected        // two consecutive codes showed the offset of the token's clock
	ReasonNextCode         // a code within the look-ahead
	ReasonWrong            // the code matches none of the searched steps
	ReasonMalformed        // not the right number of digits
	ReasonReplayed         // the step of the code, or a later one, was used
	ReasonSuspended        // too many failed attempts
	ReasonExpired          // after the expiry date
	ReasonRevoked          // 失効
	ReasonReported         // reported lost, stolen or broken
	ReasonUnknown          // no such token
	ReasonNotYet           // before its start date
	ReasonOutOfTime        // a code of the token, at a time at which its clock cannot be

	ReasonAllowed
	ReasonPaperOnly     // the matrix of Q10 requires paper
	ReasonRole          // neither master nor admin
	ReasonOwnToken      // the user's own token
	ReasonOwnOutOfUse   // the user's own token is expired, broken, lost or revoked
	ReasonOwnSuspended  // the user's own token is suspended and gives no code
	ReasonNoToken       // the user has no token and cannot give a code
	ReasonOtherContract // 別契約
	ReasonNotSuspended  // there is nothing to unlock
	ReasonTooSoon       // the wait after a revocation is not over
	ReasonNotOffered    // a kind of token that the bank does not issue

	ReasonActivationLocked // too many refused activations by this user

	ReasonWrongPassword
	ReasonUnknownUser
	ReasonMustWait    // a login is delayed after too many wrong passwords
	ReasonNotPossible // the code was right, but the operation cannot be done
)

var reasonNames = []string{
	"none", "accepted", "corrected", "next code wanted", "wrong", "malformed", "replayed", "suspended",
	"expired", "revoked", "reported lost or broken", "unknown token", "not yet valid", "out of time",
	"allowed", "paper only", "role", "own token", "own token out of use", "own token suspended", "no token",
	"other contract", "not suspended", "too soon", "not offered",
	"activation locked",
	"wrong password", "unknown user", "must wait", "not possible",
}

// Reasons returns all reasons except [ReasonNone].
func Reasons() []Reason { return values(ReasonAccepted, len(reasonNames)) }

// OfCode reports whether a record with the reason is about a code that was checked.
func (r Reason) OfCode() bool { return ReasonNone < r && r < ReasonAllowed }

// String returns a few words in lower case, for example "own token".
func (r Reason) String() string { return name("Reason", reasonNames, r) }

// Answer is the answer to a code that is shown outside the bank.
type Answer uint8

// The answers. All refusals are the same. An answer must not reveal whether a code was
// right while its token is suspended, expired, revoked or missing.
const (
	Refused   Answer = iota
	Accepted         // the operation goes ahead
	NextCode         // enter the next code that the token shows; nothing is authorised
	Corrected        // the clock is corrected; log in with the code after these; nothing is authorised
)

// String returns "refused", "accepted", "next code" or "corrected".
func (a Answer) String() string {
	return name("Answer", []string{"refused", "accepted", "next code", "corrected"}, a)
}

// values returns the values from first to n-1.
func values[T ~uint8](first T, n int) []T {
	all := make([]T, 0, n)
	for v := first; int(v) < n; v++ {
		all = append(all, v)
	}
	return all
}

// name returns the name of an enumerated value, or "Type(9)" for a value without one.
func name[T ~uint8](typ string, names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%s(%d)", typ, uint8(v))
}
