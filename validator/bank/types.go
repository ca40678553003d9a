// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"time"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// The bank's data types, as defined by the store.
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

// Every returns all items of a paged list.
func Every[T any](page func(Page) ([]T, string, error)) (all []T, err error) {
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

// The values of the enumerated types.
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

// By identifies the requester and the origin of a request. Exactly one of User, Clerk
// and Operator is set, except for a check by serial number, which needs no login.
type By struct {
	User     string // ID of a user of a contract
	Clerk    string // ID of a clerk of the bank, or of the API key that acts as one
	Operator bool   // has the database and its key; has the rights of a clerk
	Key      string // ID of the API key with which a caller makes requests for others; "" for none
	Channel  string // such as [ChannelPage]
	Source   string // network address without port, or a command's system user; "" for none
}

// The interfaces through which requests come.
const (
	ChannelHTTP    = "http"
	ChannelPage    = "page"
	ChannelRADIUS  = "radius"
	ChannelCommand = "command"
	ChannelJob     = "job" // the daily job
)

// Roles returns the roles that the requester may give to a user who has the role now.
// A contract has exactly one master, and only a clerk may name another.
func (by By) Roles(now validator.Role) []validator.Role {
	switch {
	case by.inBackOffice():
		return []validator.Role{validator.PlainUser, validator.Admin, validator.Master}
	case now == validator.Master:
		return []validator.Role{validator.Master}
	}
	return []validator.Role{validator.PlainUser, validator.Admin}
}

// inBackOffice reports whether the requester is a clerk or the operator.
func (by By) inBackOffice() bool { return by.Clerk != "" || by.Operator }

// Outcome is the result of a requested operation.
type Outcome struct {
	// Done is set if the operation was done.
	Done bool

	// Answer is the answer about the code. All refusals are alike, whether the code was
	// wrong or used, or its token suspended, expired, revoked, unknown or of another
	// contract.
	Answer validator.Answer

	// Verdict is set if a rule about rights refused the operation. Then the code was
	// not checked, or did not matter. It may be shown to the requesting user. It is
	// never set if it would reveal something about a token of another contract.
	Verdict validator.Verdict

	// Receipt is the receipt number of a completed transaction, such as
	// "260401-7K4M9QX2", and otherwise "".
	Receipt string
}

// ByRule reports whether a rule about rights refused the operation. There is then no
// answer about a code.
func (o Outcome) ByRule() bool { return !o.Verdict.IsZero() }

// CodeRefused reports whether a code was checked and refused.
func (o Outcome) CodeRefused() bool { return !o.Done && !o.ByRule() && o.Answer == validator.Refused }

// Request is an operation that a user requests.
type Request struct {
	Operation validator.Operation
	Code      string            // may be "" if the operation needs none
	Details   map[string]string // kept with the transaction: at most 20 of at most 500 characters
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

// UserChange is a change of a user; nil fields are not changed.
type UserChange struct {
	Role     *validator.Role
	Name     *string
	Email    *string
	Language *Language
	Locked   *bool
	Password *string

	// UnlockActivation clears the refused activations. Only a clerk may set it.
	UnlockActivation bool
}

// NewOrder is a paper application for a token.
type NewOrder struct {
	Contract string
	Cause    validator.Cause
	Kind     validator.Kind // the bank issues hardware only (BK-09)
	Returned bool
	Old      token.Serial // the replaced token; must belong to the contract
	Address  string       // "" or the contract's own (BK-11)
}

// Validate returns an [ErrInvalid] error with the field if the order is inconsistent.
// An order must name the replaced token if its cause is the loss or breakage of one,
// and must not otherwise.
func (n NewOrder) Validate() error {
	switch replaces := n.Cause.OldToken() != validator.NotThere; {
	case replaces && n.Old.IsZero():
		return invalid("old", "name the token to be replaced")
	case !replaces && !n.Old.IsZero():
		return invalid("old", "an order for %s does not replace a token", n.Cause)
	case !replaces && n.Returned:
		return invalid("returned", "an order for %s does not return a token", n.Cause)
	}
	return nil
}

// ImportReport is the result of importing a seed file.
type ImportReport struct {
	Tokens int           // number of imported tokens
	Format string        // of the file
	Took   time.Duration `json:"-"`

	Warnings []string // for the clerk, see [ImportOptions]
}

// Status is the content of a user's own page about their token.
type Status struct {
	User      User
	Contract  Contract
	Users     []User // all of the contract
	Tokens    []Token
	Condition validator.Condition // current status of their token
	Barred    validator.Reason    // why their token cannot currently give a code; ReasonNone: it can
	Suspended bool                // their token is suspended
	UnlockWay validator.Verdict   // how it can be unlocked; zero if it is not suspended
	RevokeWay validator.Way       // how they revoke another token, given their own token's status (BK-16 to BK-18)
	NoticeOn  token.Expiry        // date from which the expiry is announced; zero: not yet, or no token
}
