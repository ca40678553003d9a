// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"time"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// What the bank remembers, as the store has it.
type (
	Language     = store.Language
	Contract     = store.Contract
	User         = store.User
	Token        = store.Token
	OrderStatus  = store.OrderStatus
	Order        = store.Order
	NoticeStatus = store.NoticeStatus
	Notice       = store.Notice
	Transaction  = store.Transaction
	Record       = store.Record
	Page         = store.Page
	TokenFilter  = store.TokenFilter
	AuditFilter  = store.AuditFilter
	Session      = store.Session
	KeyRole      = store.KeyRole
	APIKey       = store.APIKey
)

// every returns all lines of a list that comes in pages.
func every[T any](page func(Page) ([]T, string, error)) (all []T, err error) {
	for p := (Page{Limit: 1000}); ; {
		lines, next, err := page(p)
		if err != nil {
			return nil, err
		}
		all = append(all, lines...)
		if next == "" {
			return all, nil
		}
		p.After = next
	}
}

// The values of those that are enumerations.
const (
	Japanese = store.Japanese
	English  = store.English

	OrderOpen      = store.OrderOpen
	OrderShipped   = store.OrderShipped
	OrderCancelled = store.OrderCancelled

	NoticeDue      = store.NoticeDue
	NoticeSending  = store.NoticeSending
	NoticeSent     = store.NoticeSent
	NoticeFailed   = store.NoticeFailed
	NoticeDoubtful = store.NoticeDoubtful

	KeyCheck = store.KeyCheck
	KeyClerk = store.KeyClerk
	KeyAudit = store.KeyAudit
)

// By is who asks, and from where. Exactly one of User, Clerk and Operator is set,
// except for a check by serial number, where nobody is logged in.
type By struct {
	User     string // ID of a user of a contract
	Clerk    string // ID of a clerk of the bank, or of the API key that acts as one
	Operator bool   // who has the database and its key; may do what a clerk may
	Key      string // ID of the API key with which a caller asks for others; "" is none
	Front    string // such as [FrontPage]
	Source   string // network address without port, of a command the system's user; "" is none
}

// The fronts, by which somebody asks.
const (
	FrontHTTP    = "http"
	FrontPage    = "page"
	FrontRADIUS  = "radius"
	FrontCommand = "command"
	FrontJob     = "job" // the daily one
)

// Roles returns those that who asks may give a user who has one of them now: the
// master of a contract, of whom there is one, is named by a clerk.
func (by By) Roles(now validator.Role) []validator.Role {
	switch {
	case by.atDesk():
		return []validator.Role{validator.PlainUser, validator.Admin, validator.Master}
	case now == validator.Master:
		return []validator.Role{validator.Master}
	}
	return []validator.Role{validator.PlainUser, validator.Admin}
}

// atDesk reports whether a clerk or the operator asks.
func (by By) atDesk() bool { return by.Clerk != "" || by.Operator }

// Outcome is what came of something that somebody wanted to do.
type Outcome struct {
	// Done is that it was done.
	Done bool

	// Answer is what is said of the code. All refusals are alike, whether the
	// code was wrong, used, or its token suspended, expired, revoked, unknown or
	// another contract's.
	Answer validator.Answer

	// Verdict is set when a rule about rights said no (then no code was looked
	// at, or it did not matter), and may be told to the user who asked. It is
	// never set where it would tell something of a token that is not his
	// contract's.
	Verdict validator.Verdict

	// Receipt is the receipt number of the transaction that was done, such as
	// "260401-7K4M9QX2"; "" otherwise.
	Receipt string
}

// ByRule reports whether a rule about rights said no, so that nothing is said of a
// code.
func (o Outcome) ByRule() bool { return !o.Verdict.IsZero() }

// CodeRefused reports whether a code was looked at, and refused.
func (o Outcome) CodeRefused() bool { return !o.Done && !o.ByRule() && o.Answer == validator.Refused }

// Request is an operation that a user wants to do.
type Request struct {
	Operation validator.Operation
	Code      string            // may be "" where the operation needs none
	Details   map[string]string // what is kept with the transaction: at most 20 of at most 500 characters
}

// NewUser is a user to be added.
type NewUser struct {
	ID       string
	Contract string
	Role     validator.Role
	Name     string
	Email    string
	Language Language
	Password string // 12 to 128 characters
}

// UserChange is what is changed of a user; nil leaves a field alone.
type UserChange struct {
	Role     *validator.Role
	Name     *string
	Email    *string
	Language *Language
	Locked   *bool
	Password *string

	// UnlockActivation forgets the refused activations. Only a clerk does it.
	UnlockActivation bool
}

// NewOrder is a paper application for a token.
type NewOrder struct {
	Contract string
	Cause    validator.Cause
	Kind     validator.Kind // the bank gives out hardware only (BK-09)
	Returned bool
	Old      token.Serial // that it replaces; must be the contract's
	Address  string       // "" or the contract's own (BK-11)
}

// Validate returns an error with [ErrInvalid], which has the field, unless the
// order names a token to be replaced where its cause is what befell one, and
// nothing of it otherwise.
func (n NewOrder) Validate() error {
	switch replaces := n.Cause.OldToken() != validator.NotThere; {
	case replaces && n.Old.IsZero():
		return invalid("old", "say which token is to be replaced")
	case !replaces && !n.Old.IsZero():
		return invalid("old", "an order for %s replaces no token", n.Cause)
	case !replaces && n.Returned:
		return invalid("returned", "an order for %s gives no token back", n.Cause)
	}
	return nil
}

// ImportReport is what came of reading a seed file.
type ImportReport struct {
	Tokens int           // taken in
	Format string        // that the file has
	Took   time.Duration `json:"-"`

	Warnings []string // for the clerk, see [ImportOptions]
}

// Status is what a user's own page says of his token.
type Status struct {
	User      User
	Contract  Contract
	Users     []User // all of the contract
	Tokens    []Token
	Condition validator.Condition // of his token now
	Barred    validator.Reason    // why his token can give no code now; ReasonNone: it can
	Suspended bool                // of his token
	LiftWay   validator.Verdict   // how that can be lifted; zero where it is not suspended
	RevokeWay validator.Way       // how he revokes another token, by his own one's condition (BK-16 to BK-18)
	NoticeOn  token.Expiry        // from when on the expiry is announced; zero: not yet, or no token
}
