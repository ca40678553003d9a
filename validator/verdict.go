// SPDX-License-Identifier: Apache-2.0

package validator

import "fmt"

// Way is how something can be done.
type Way uint8

// The ways.
const (
	NoWay    Way = iota // not, by this user
	OnScreen            // on the bank's pages (操作画面上)
	OnPaper             // by a clerk, on the bank's form (当行所定の書面)
)

// String returns "no way", "on screen" or "on paper".
func (w Way) String() string { return name("Way", []string{"no way", "on screen", "on paper"}, w) }

// Verdict is what a rule says about something that a user wants to do.
type Verdict struct {
	Way    Way
	Rule   Rule
	Reason Reason
}

// IsZero reports whether no rule has said anything.
func (v Verdict) IsZero() bool { return v == Verdict{} }

// Reason is why a decision fell as it did. It is for the audit record: what the
// user is told is less, see [Answer].
type Reason uint8

// The reasons. The first group is about codes, the second about rights, the third
// about passwords and the like.
const (
	ReasonNone      Reason = iota
	ReasonAccepted         // the code of a step in the window, not used before
	ReasonCorrected        // two codes in a row told how the token's clock goes
	ReasonNextCode         // a code in the second-code band
	ReasonWrong            // no code of any step looked at
	ReasonMalformed        // not the digits of a code
	ReasonReplayed         // the code of a step that is used, or earlier than one that is
	ReasonSuspended        // too many wrong entries
	ReasonExpired          // after the expiry date
	ReasonRevoked          // 失効
	ReasonReported         // reported lost, stolen or broken
	ReasonUnknown          // no such token
	ReasonNotYet           // before its start date
	ReasonOutOfTime        // a code of the token, of a time at which its clock cannot be

	ReasonAllowed
	ReasonPaperOnly     // the matrix of Q10 says paper
	ReasonRole          // neither master nor admin
	ReasonOwnToken      // the token that he himself uses
	ReasonOwnOutOfUse   // his own token is expired, broken, lost or revoked
	ReasonOwnSuspended  // he can give no code himself
	ReasonNoToken       // he uses no token, and can give no code
	ReasonOtherContract // 別契約
	ReasonNotSuspended  // there is nothing to lift
	ReasonTooSoon       // the wait after a revocation is not over
	ReasonNotOffered    // a kind of token that the bank does not give out

	ReasonActivationLocked // too many refused activations by this user

	ReasonWrongPassword
	ReasonUnknownUser
	ReasonMustWait    // a login, after too many wrong passwords
	ReasonNotPossible // the code was right, but what was asked for cannot be done
)

var reasonNames = []string{
	"none", "accepted", "corrected", "next code wanted", "wrong", "malformed", "replayed", "suspended",
	"expired", "revoked", "reported lost or broken", "unknown token", "not yet valid", "out of time",
	"allowed", "paper only", "role", "own token", "own token out of use", "own token suspended", "no token",
	"other contract", "not suspended", "too soon", "not offered",
	"activation locked",
	"wrong password", "unknown user", "must wait", "not possible",
}

// Reasons returns all reasons but [ReasonNone].
func Reasons() []Reason { return values(ReasonAccepted, len(reasonNames)) }

// OfCode reports whether a record with the reason is about a code that was looked at.
func (r Reason) OfCode() bool { return ReasonNone < r && r < ReasonAllowed }

// String returns a few words in lower case, for example "own token".
func (r Reason) String() string { return name("Reason", reasonNames, r) }

// Answer is what the outside is told about a code.
type Answer uint8

// The answers. All refusals are one, so that nobody learns from the answer
// whether a code was right while its token is suspended, expired, revoked or not
// there.
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

// values returns the values from first to the last of n.
func values[T ~uint8](first T, n int) []T {
	all := make([]T, 0, n)
	for v := first; int(v) < n; v++ {
		all = append(all, v)
	}
	return all
}

// name returns the name of an enumerated value, "Type(9)" for one that has none.
func name[T ~uint8](typ string, names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%s(%d)", typ, uint8(v))
}
