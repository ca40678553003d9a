// SPDX-License-Identifier: Apache-2.0

package store

import (
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Language is a language of the bank's letters: "ja" or "en".
type Language string

// The languages.
const (
	Japanese Language = "ja"
	English  Language = "en"
)

// Contract is one customer's agreement (契約).
type Contract struct {
	ID       string // 1 to 32 characters of 0-9, A-Z, a-z and hyphen
	Name     string // 1 to 100 characters
	Address  string // postal address for tokens, 1 to 200 characters
	Email    string // address for notices
	Language Language
	HadFree  bool // its free token was issued (BK-19)
	Created  token.UnixSeconds
}

// User is a user of a contract.
type User struct {
	ID            string // also the login name: 1 to 64 characters of 0-9, A-Z, a-z and . _ @ -
	Contract      string
	Role          validator.Role
	Name          string // 1 to 100 characters
	Email         string // "" means none
	Language      Language
	Token         token.Serial      // zero: no token is registered
	Activated     token.UnixSeconds // time of the registration
	RevokedAt     token.UnixSeconds // time of the last revocation of one of the user's tokens
	Locked        bool              // may not log in
	Refused       validator.RefusedActivations
	LeftSuspended []token.Serial // used before, and suspended when the user registered another token
	Created       token.UnixSeconds
}

// Token is a token in the bank's records, without its seed.
type Token struct {
	Serial       token.Serial
	Contract     string // to which it was issued; "" means inventory
	Profile      token.Profile
	Manufacturer string
	Model        string
	Start        token.UnixSeconds // codes before this time are not valid; 0 means no limit
	Expiry       token.Expiry      // zero means none
	Condition    validator.Condition
	State        validator.State
	Users        []string          // IDs of the users who registered it
	Activated    token.UnixSeconds // time of the first registration; 0 means never
	Noticed      token.UnixSeconds // time at which the expiry notice was created; 0 means not yet
	Imported     token.UnixSeconds
}

// OrderStatus is the progress of an order.
type OrderStatus uint8

// The statuses.
const (
	OrderOpen OrderStatus = iota
	OrderShipped
	OrderCancelled
)

// String returns "open", "shipped" or "cancelled".
func (s OrderStatus) String() string {
	return [...]string{"open", "shipped", "cancelled"}[min(s, OrderCancelled)]
}

// Order is an order for one token.
type Order struct {
	ID       string
	Contract string
	Cause    validator.Cause
	Returned bool         // the old token was returned
	Old      token.Serial // the token that it replaces; zero means none
	New      token.Serial // the token that was sent; zero means none yet
	Fee      validator.Yen
	Rule     validator.Rule // the rule that determines the fee
	Status   OrderStatus
	Address  string
	Applied  token.Expiry // the day of the application
	From, To token.Expiry // the first and the last day of the expected delivery
	By       string       // the clerk, "command" or "daily job"
}

// NoticeStatus is the progress of a notice.
type NoticeStatus uint8

// The statuses.
const (
	NoticeDue      NoticeStatus = iota // to be sent
	NoticeSending                      // handed to the mail server, answer not yet known
	NoticeSent                         // accepted by the mail server
	NoticeFailed                       // permanently refused by the mail server
	NoticeDoubtful                     // the bank's server stopped while sending it: a clerk decides
)

// String returns "due", "sending", "sent", "failed" or "doubtful".
func (s NoticeStatus) String() string {
	return [...]string{"due", "sending", "sent", "failed", "doubtful"}[min(s, NoticeDoubtful)]
}

// Notice is the e-mail about a token's expiry date (BK-13).
type Notice struct {
	ID       string // also part of the e-mail's Message-ID
	Serial   token.Serial
	Contract string
	To       string
	Language Language
	Expiry   token.Expiry
	Order    string // ID of the replacement's order

	// The first and the last day of the expected delivery of the replacement.
	ArrivesFrom, ArrivesBy token.Expiry

	Status  NoticeStatus
	Made    token.UnixSeconds
	Began   token.UnixSeconds // time at which it was last handed to the mail server
	Sent    token.UnixSeconds // 0 means not yet
	Tries   int
	Problem string // last message from the mail server
}

// Transaction is an operation that was performed at the bank.
type Transaction struct {
	ID        string
	Receipt   string // the number shown to people; "" if an older program made the transaction
	At        token.UnixSeconds
	Contract  string
	User      string
	Operation validator.Operation
	Serial    token.Serial // token whose code was used; zero if none was needed
	Details   map[string]string
}

// Record is one entry of the audit log.
type Record struct {
	Chain int64             `json:"chain"` // its hash chain
	Seq   int64             `json:"seq"`   // its place in the chain, from 1
	At    token.UnixSeconds `json:"at"`

	User     string `json:"user,omitempty"`
	Clerk    string `json:"clerk,omitempty"`
	Contract string `json:"contract,omitempty"`
	Act      string `json:"act"`              // the name of a validator.Operation or validator.Act
	Serial   string `json:"serial,omitempty"` // as given, even if no token has it; "" if the act concerns no token
	Rule     string `json:"rule,omitempty"`   // "BK-01" to "BK-20"
	Reason   string `json:"reason"`           // the name of a validator.Reason
	Done     bool   `json:"done"`
	Channel  string `json:"front,omitempty"`
	Source   string `json:"source,omitempty"`
	Note     string `json:"note,omitempty"` // never a code or a seed
}

// Page selects a part of a list.
type Page = sqldb.Page

// Session is the session of a user or clerk who is logged in.
type Session struct {
	Token   string `json:"-"` // the secret; set only when the session is created
	User    string // or
	Clerk   string
	Started token.UnixSeconds
	Ends    token.UnixSeconds
}

// String returns the user or clerk, without the secret.
func (s Session) String() string { return "session of " + s.User + s.Clerk }

// GoString returns the same as String.
func (s Session) GoString() string { return s.String() }

// KeyRole defines the rights of an API key.
type KeyRole string

// The roles.
const (
	KeyCheck KeyRole = "check" // check codes and perform operations for users who have logged in elsewhere
	KeyClerk KeyRole = "clerk" // everything that a clerk may do
	KeyAudit KeyRole = "audit" // read the audit log and the metrics
)

// APIKey identifies a caller of the HTTP interface.
type APIKey struct {
	ID      string
	Role    KeyRole
	Name    string
	Created token.UnixSeconds
	Ended   token.UnixSeconds // 0 means that it is valid
}
