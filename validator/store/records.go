// SPDX-License-Identifier: Apache-2.0

package store

import (
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Language is a language that the bank writes in: "ja" or "en".
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
	Address  string // where tokens are posted, 1 to 200 characters
	Email    string // where notices go
	Language Language
	HadFree  bool // its free token was given out (BK-19)
	Created  token.UnixSeconds
}

// User is a user of a contract.
type User struct {
	ID        string // also the login name: 1 to 64 characters of 0-9, A-Z, a-z and . _ @ -
	Contract  string
	Role      validator.Role
	Name      string // 1 to 100 characters
	Email     string // "" is none
	Language  Language
	Token     token.Serial      // zero: he has registered none
	Activated token.UnixSeconds // when he registered it
	RevokedAt token.UnixSeconds // when a token of his was last revoked
	Locked    bool              // may not log in
	Refused   validator.RefusedActivations
	Left      []token.Serial // used before, and suspended when the user registered another
	Created   token.UnixSeconds
}

// Token is a token as the bank has it, without its seed.
type Token struct {
	Serial       token.Serial
	Contract     string // that it was issued to; "" is stock
	Profile      token.Profile
	Manufacturer string
	Model        string
	Start        token.UnixSeconds // no code before it is good; 0 is none
	Expiry       token.Expiry      // zero: none
	Condition    validator.Condition
	State        validator.State
	Users        []string          // who registered it, by ID
	Activated    token.UnixSeconds // when somebody first did; 0 is never
	Noticed      token.UnixSeconds // when the expiry notice was made out; 0 is not yet
	Imported     token.UnixSeconds
}

// OrderStatus is how far an order is.
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

// Order is one token to be given out.
type Order struct {
	ID       string
	Contract string
	Cause    validator.Cause
	Returned bool         // the old token was given back
	Old      token.Serial // that it replaces; zero is none
	New      token.Serial // that was sent; zero is none yet
	Fee      validator.Yen
	Rule     validator.Rule // that the fee is by
	Status   OrderStatus
	Address  string
	Applied  token.Expiry // the day
	From, To token.Expiry // the days between which it is expected
	By       string       // the clerk, "command" or "daily job"
}

// NoticeStatus is how far a notice is.
type NoticeStatus uint8

// The statuses.
const (
	NoticeDue      NoticeStatus = iota // to be sent
	NoticeSending                      // handed to the mail server, the answer is not known
	NoticeSent                         // the mail server took it
	NoticeFailed                       // the mail server refused it for good
	NoticeDoubtful                     // it was being sent when the server stopped: a clerk decides
)

// String returns "due", "sending", "sent", "failed" or "doubtful".
func (s NoticeStatus) String() string {
	return [...]string{"due", "sending", "sent", "failed", "doubtful"}[min(s, NoticeDoubtful)]
}

// Notice is the e-mail that tells of a token's expiry date (BK-13).
type Notice struct {
	ID       string // also of the e-mail's Message-ID
	Serial   token.Serial
	Contract string
	To       string
	Language Language
	Expiry   token.Expiry
	Order    string // ID of the replacement's order

	// The days between which the replacement is expected.
	ArrivesFrom, ArrivesBy token.Expiry

	Status  NoticeStatus
	Made    token.UnixSeconds
	Began   token.UnixSeconds // when it was last handed to the mail server
	Sent    token.UnixSeconds // 0 is not yet
	Tries   int
	Problem string // what the mail server said last
}

// Transaction is something that was done at the bank.
type Transaction struct {
	ID        string
	Receipt   string // the number that people read; "" for one of an older program
	At        token.UnixSeconds
	Contract  string
	User      string
	Operation validator.Operation
	Serial    token.Serial // of the code; zero where none was needed
	Details   map[string]string
}

// Record is one entry of the audit log.
type Record struct {
	Chain int64             `json:"chain"` // the hash chain that it is in
	Seq   int64             `json:"seq"`   // its place there, from 1
	At    token.UnixSeconds `json:"at"`

	User     string `json:"user,omitempty"`
	Clerk    string `json:"clerk,omitempty"`
	Contract string `json:"contract,omitempty"`
	Act      string `json:"act"`              // an operation's name, or "order", "ship", "report", "import", …
	Serial   string `json:"serial,omitempty"` // as given, also when there is no such token; "" where no token is concerned
	Rule     string `json:"rule,omitempty"`   // "BK-01" to "BK-20"
	Reason   string `json:"reason"`           // see validator.Reason
	Done     bool   `json:"done"`
	Front    string `json:"front,omitempty"`
	Source   string `json:"source,omitempty"`
	Note     string `json:"note,omitempty"` // never a code or a seed
}

// Page is which part of a list is wanted.
type Page struct {
	After string // the last line's Next; "" is the beginning
	Limit int    // 1 to 1000; 0 is 100
}

// Session is somebody who is logged in.
type Session struct {
	Token   string `json:"-"` // the secret, only where it is made
	User    string // or
	Clerk   string
	Started token.UnixSeconds
	Ends    token.UnixSeconds
}

// String returns who it is, without the secret.
func (s Session) String() string { return "session of " + s.User + s.Clerk }

// GoString returns the same.
func (s Session) GoString() string { return s.String() }

// KeyRole is what an API key may do.
type KeyRole string

// The roles.
const (
	KeyCheck KeyRole = "check" // check codes and do operations for users who have logged in elsewhere
	KeyClerk KeyRole = "clerk" // all that a clerk may
	KeyAudit KeyRole = "audit" // read the audit log and the metrics
)

// APIKey is a caller of the HTTP interface.
type APIKey struct {
	ID      string
	Role    KeyRole
	Name    string
	Created token.UnixSeconds
	Ended   token.UnixSeconds // 0: it is good
}
