// SPDX-License-Identifier: Apache-2.0

package conform

import "context"

// BankVerbs are verbs of a bank. Its users have roles in a contract, and act with codes
// of their own tokens.
type BankVerbs struct {
	// AddContract adds a contract, and AddUser adds a user to it.
	AddContract func(ctx context.Context, contract string) error
	AddUser     func(context.Context, Person) error
	// Activate registers a token for a user, who enters a code of it.
	Activate func(context.Context, Act) (Answer, error)
	// Operate is an operation such as a transfer, with a code of the user's own token, or "".
	Operate func(context.Context, Act) (Answer, error)
	// UnlockAs and RevokeAs are actions of a user on a token, with a code of their own one.
	UnlockAs, RevokeAs func(context.Context, Act) (Answer, error)

	// Report records the condition of a token: "lost", "broken" or "in use".
	Report func(ctx context.Context, t *Token, condition string) error
	// Order applies for a token, and returns the fee in yen.
	Order func(context.Context, Order) (fee int64, err error)
	// Replace sends a new token to the customer of an expiring one.
	Replace func(ctx context.Context, contract string, old, fresh *Token) error
	// Notices returns the number of notices sent about the expiry of a token.
	Notices func(context.Context, *Token) (int, error)
	// Daily runs the daily job.
	Daily func(context.Context) error
	// Audit returns the text of all records about a token.
	Audit func(context.Context, *Token) (string, error)
}

func (b *BankVerbs) has(v Verb) bool {
	switch v {
	case VerbContract:
		return b.AddContract != nil
	case VerbUser:
		return b.AddUser != nil
	case VerbActivate:
		return b.Activate != nil
	case VerbOperate:
		return b.Operate != nil
	case VerbUnlockAs:
		return b.UnlockAs != nil
	case VerbRevokeAs:
		return b.RevokeAs != nil
	case VerbReport:
		return b.Report != nil
	case VerbOrder:
		return b.Order != nil
	case VerbReplace:
		return b.Replace != nil
	case VerbNotices:
		return b.Notices != nil
	case VerbDaily:
		return b.Daily != nil
	case VerbAudit:
		return b.Audit != nil
	}
	return false
}

// Role is the role of a user in a contract.
type Role string

// The roles.
const (
	Master Role = "master"
	Admin  Role = "admin"
	User   Role = "user"
)

// Person is a user of a contract.
type Person struct {
	ID       string
	Contract string
	Role     Role
}

// Act is something that a user does, with a code of their own token.
type Act struct {
	Person    Person
	Token     *Token // of Activate, UnlockAs, RevokeAs: the token that they act on; of Operate: their own
	Operation string // of Operate
	Code      string
}

// Order is an application for a token.
type Order struct {
	Contract string
	Cause    string // first, additional, loss, theft, damage, fault or expiry
	Old      *Token // the token that is replaced, or nil
	Returned bool   // the old token is given back
}

// SeedFile is a file with seeds of tokens.
type SeedFile struct {
	Token    *Token // the token of the file, which is assigned to its user
	Contract string // "": the target's default
	Format   string // such as pskc or oath-csv
	Text     []byte
	Key      []byte // pre-shared key, or nil
	Password string // or ""
	Period   int64  // seconds, to enter because the file does not have it, or 0
}
