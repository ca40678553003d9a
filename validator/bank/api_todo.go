// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"
	"io"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/token/seedfile"
	"github.com/d204ef64/fob/validator"
)

// Clock tells the time.
type Clock interface{ Now() token.UnixSeconds }

// The kinds of errors: use errors.Is.
var (
	ErrInvalid     = errors.New("invalid request")            // HTTP 422
	ErrNotFound    = errors.New("not found")                  // 404
	ErrForbidden   = errors.New("not allowed")                // 403
	ErrConflict    = errors.New("conflict")                   // 409
	ErrUnavailable = errors.New("the store is not available") // 503
	ErrLogin       = errors.New("login refused")              // 401
)

// Error is an error that the caller can do something about. It wraps Kind.
type Error struct {
	Kind    error
	Field   string // of the request; "" is none
	Problem string // what is wrong and what to do
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Problem
	}
	return e.Field + ": " + e.Problem
}
func (e *Error) Unwrap() error { return e.Kind }

// Bank is the service. Its methods may be called by any number of goroutines.
type Bank struct{}

func (b *Bank) Now() token.UnixSeconds          { panic("todo") }
func (b *Bank) Settings() validator.Settings    { panic("todo") }
func (b *Bank) Ready(ctx context.Context) error { panic("todo") } // ErrUnavailable when the store does not answer

// Codes.

// Check checks a code of a token by serial number; nothing else is done.
func (b *Bank) Check(ctx context.Context, by By, serial token.Serial, code string) (Outcome, error) {
	panic("todo")
}

// CheckUser checks a code of the token that a user uses. An unknown user, or one without a token, is refused alike.
func (b *Bank) CheckUser(ctx context.Context, by By, user, code string) (Outcome, error) {
	panic("todo")
}

// Do does an operation for by.User. Those that have a method of their own (activate, revoke, lift, resync, add and change user) are refused with ErrInvalid.
func (b *Bank) Do(ctx context.Context, by By, r Request) (Outcome, error) { panic("todo") }

func (b *Bank) Activate(ctx context.Context, by By, serial token.Serial, code string) (Outcome, error) {
	panic("todo")
}

// Revoke revokes a token on screen, by a user with a code of his own token, or, by a clerk, on paper (code is then not looked at).
func (b *Bank) Revoke(ctx context.Context, by By, serial token.Serial, code string) (Outcome, error) {
	panic("todo")
}

// Lift lifts a suspension, on screen or on paper, like Revoke.
func (b *Bank) Lift(ctx context.Context, by By, serial token.Serial, code string) (Outcome, error) {
	panic("todo")
}

// Resync corrects a token's clock by two consecutive codes: by a user for the token that he uses, by a clerk for any.
func (b *Bank) Resync(ctx context.Context, by By, serial token.Serial, first, second string) (Outcome, error) {
	panic("todo")
}

// The desk: by.Clerk must be set.

// Report puts a loss, theft (Lost) or breakage (Broken) on record.
func (b *Bank) Report(ctx context.Context, by By, serial token.Serial, c validator.Condition) (Outcome, error) {
	panic("todo")
}

func (b *Bank) AddContract(ctx context.Context, by By, c Contract) (Contract, error) { panic("todo") }
func (b *Bank) ChangeContract(ctx context.Context, by By, c Contract) (Contract, error) {
	panic("todo")
}                                                                                // Name, Address, Email, Language
func (b *Bank) Contract(ctx context.Context, by By, id string) (Contract, error) { panic("todo") }
func (b *Bank) Contracts(ctx context.Context, by By, find string, p Page) ([]Contract, string, error) {
	panic("todo")
}

// Order takes a paper application. Outcome tells of refusals by rule (BK-09).
func (b *Bank) Order(ctx context.Context, by By, o NewOrder) (Order, Outcome, error) { panic("todo") }

// Ship sends a token of the stock for an order: it is issued to the contract.
func (b *Bank) Ship(ctx context.Context, by By, order string, serial token.Serial) (Order, error) {
	panic("todo")
}
func (b *Bank) CancelOrder(ctx context.Context, by By, order string) (Order, error) { panic("todo") }
func (b *Bank) Orders(ctx context.Context, by By, contract string, open bool, p Page) ([]Order, string, error) {
	panic("todo")
}

// Issue gives a token of the stock to a contract without an order (initial set-up by import).
func (b *Bank) Issue(ctx context.Context, by By, contract string, serials ...token.Serial) error {
	panic("todo")
}

// Users. A user with role master or admin adds and changes users of his own contract with a code (BK-04);
// a clerk those of any, without.
func (b *Bank) AddUser(ctx context.Context, by By, u NewUser, code string) (User, Outcome, error) {
	panic("todo")
}
func (b *Bank) ChangeUser(ctx context.Context, by By, id string, c UserChange, code string) (User, Outcome, error) {
	panic("todo")
}
func (b *Bank) User(ctx context.Context, by By, id string) (User, error) { panic("todo") }
func (b *Bank) Users(ctx context.Context, by By, contract string, p Page) ([]User, string, error) {
	panic("todo")
}

// ChangePassword changes by.User's or by.Clerk's own password.
func (b *Bank) ChangePassword(ctx context.Context, by By, old, new string) error { panic("todo") }

// Tokens. A user sees those of his contract.
func (b *Bank) Token(ctx context.Context, by By, serial token.Serial) (Token, error) { panic("todo") }
func (b *Bank) Tokens(ctx context.Context, by By, f TokenFilter) ([]Token, string, error) {
	panic("todo")
}

// Status is what the user's page shows.
func (b *Bank) Status(ctx context.Context, user string) (Status, error) { panic("todo") }
func (b *Bank) Transactions(ctx context.Context, by By, contract string, p Page) ([]Transaction, string, error) {
	panic("todo")
}

// ImportOptions are how a seed file is taken in.
type ImportOptions struct {
	Contract string // that all are issued to at once; "" is stock
	Progress func(tokens int)
}

// Import takes in all tokens of a seed file, or none.
func (b *Bank) Import(ctx context.Context, by By, r seedfile.Reader, o ImportOptions) (ImportReport, error) {
	panic("todo")
}

// Mailer sends the expiry notice. A permanent refusal is an error that wraps ErrMailRefused.
type Mailer interface {
	SendExpiry(ctx context.Context, m ExpiryMail) error
}

// ErrMailRefused is a mail server's permanent refusal (SMTP 5xx).
var ErrMailRefused = errors.New("mail refused")

// ExpiryMail is what the notice says.
type ExpiryMail struct {
	ID       string // of the Message-ID
	To       string
	Language Language
	Customer string // the contract's name
	Serial   token.Serial
	Expiry   token.Expiry
	From, By token.Expiry // the days between which the replacement is expected
}

// DailyReport is what the daily job did.
type DailyReport struct {
	Made     int // notices made out with their orders
	Sent     int
	Failed   int // refused for good
	Later    int // to be tried again
	Doubtful int // were being sent when a server stopped
}

// Daily does what is due today: makes out notices and replacement orders, and sends e-mails that were not sent.
func (b *Bank) Daily(ctx context.Context, m Mailer) (DailyReport, error) { panic("todo") }
func (b *Bank) Notices(ctx context.Context, by By, status *NoticeStatus, p Page) ([]Notice, string, error) {
	panic("todo")
}

// Resend makes a failed or doubtful notice due again.
func (b *Bank) Resend(ctx context.Context, by By, notice string) (Notice, error) { panic("todo") }

// Audit.
func (b *Bank) Audit(ctx context.Context, by By, f AuditFilter) ([]Record, string, error) {
	panic("todo")
}

// AuditReport is what came of checking the log.
type AuditReport struct {
	Records int64
	Heads   string   // the ends of the chains, to be kept elsewhere: a log that was cut off verifies only without it
	Faults  []string // where and what; none: the log is whole
}

// VerifyAudit recomputes the hash chains. since is a former AuditReport.Heads, or "".
func (b *Bank) VerifyAudit(ctx context.Context, since string, progress func(done int64)) (AuditReport, error) {
	panic("todo")
}

// ExportAudit writes all records, one JSON object a line.
func (b *Bank) ExportAudit(ctx context.Context, by By, w io.Writer) error { panic("todo") }

// Who is there.

// LogIn checks a password: of a user, or of a clerk. The error is ErrLogin whatever was wrong.
func (b *Bank) LogIn(ctx context.Context, by By, user, password string) (Session, error) {
	panic("todo")
}
func (b *Bank) LogInClerk(ctx context.Context, by By, clerk, password string) (Session, error) {
	panic("todo")
}

// Session returns who holds a session's secret; ErrLogin when it is over (15 minutes idle, 8 hours in all).
func (b *Bank) Session(ctx context.Context, secret string) (Session, error) { panic("todo") }
func (b *Bank) LogOut(ctx context.Context, secret string) error             { panic("todo") }

// AddClerk adds a clerk.
func (b *Bank) AddClerk(ctx context.Context, by By, id, name, password string) error { panic("todo") }

// AddKey makes an API key and returns its secret, which is shown once.
func (b *Bank) AddKey(ctx context.Context, by By, role KeyRole, name string) (APIKey, string, error) {
	panic("todo")
}
func (b *Bank) Keys(ctx context.Context, by By) ([]APIKey, error)  { panic("todo") }
func (b *Bank) EndKey(ctx context.Context, by By, id string) error { panic("todo") }

// Key returns the API key that a secret is of; ErrLogin when it is none.
func (b *Bank) Key(ctx context.Context, secret string) (APIKey, error) { panic("todo") }

// RotateKey makes a new key for the seeds and seals all of them again.
func (b *Bank) RotateKey(ctx context.Context, by By, progress func(done, all int64)) (int64, error) {
	panic("todo")
}
