// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"errors"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

// Verb is something that can be done with a target.
type Verb string

// The verbs. Every target has import and check.
const (
	VerbImport     Verb = "import"
	VerbAssign     Verb = "assign"
	VerbCheck      Verb = "check"
	VerbCheckOther Verb = "check_other"
	VerbResync     Verb = "resync"
	VerbUnlock     Verb = "unlock"
	VerbRevoke     Verb = "revoke"
	VerbRemove     Verb = "remove"
	VerbStatus     Verb = "status"
	VerbClock      Verb = "clock"
	VerbRestart    Verb = "restart"
	VerbImportFile Verb = "import_file"
)

// The verbs of a bank, whose users have roles in a contract.
const (
	VerbContract Verb = "contract"
	VerbUser     Verb = "user"
	VerbActivate Verb = "activate"
	VerbOperate  Verb = "operate"
	VerbUnlockAs Verb = "unlock_as"
	VerbRevokeAs Verb = "revoke_as"
	VerbReport   Verb = "report"
	VerbOrder    Verb = "order"
	VerbReplace  Verb = "replace"
	VerbNotices  Verb = "notices"
	VerbDaily    Verb = "daily"
	VerbAudit    Verb = "audit"
)

// Verbs returns all verbs.
func Verbs() []Verb {
	return []Verb{
		VerbImport, VerbAssign, VerbCheck, VerbCheckOther, VerbResync, VerbUnlock, VerbRevoke, VerbRemove, VerbStatus, VerbClock, VerbRestart,
		VerbImportFile, VerbContract, VerbUser, VerbActivate, VerbOperate, VerbUnlockAs, VerbRevokeAs,
		VerbReport, VerbOrder, VerbReplace, VerbNotices, VerbDaily, VerbAudit,
	}
}

var (
	// ErrUnreachable is the error of a verb that gets no answer.
	ErrUnreachable = errclass.New(errclass.Unreachable, "the target cannot be reached")
	// ErrRefused is the error of a verb that the target refuses.
	ErrRefused = errclass.New(errclass.Refused, "the target refuses")
	// ErrUndescribed is the error of a verb whose answer is not known to mean anything.
	ErrUndescribed = errclass.New(errclass.Usage, "the target file does not describe this answer")
	// ErrUnsendable is the error of a verb that cannot be sent with its values, such as an entry
	// with a line break in a header.
	ErrUnsendable = errclass.New(errclass.Usage, "the request cannot be sent")
	// ErrTarget is the error of a target that no case can test.
	ErrTarget = errclass.New(errclass.Usage, "invalid target")
)

// LimitedError is the error of a verb that the target has not done, because of too many requests.
type LimitedError struct {
	Err        error
	RetryAfter time.Duration // 0 means a second
}

// Error implements error.
func (e *LimitedError) Error() string { return e.Err.Error() }

// Unwrap returns the error without the time to wait.
func (e *LimitedError) Unwrap() error { return e.Err }

// AnswerError is the error of a verb that the target has answered. Its text is short, and has
// no secrets.
type AnswerError struct {
	Err  error
	Full string // the whole answer, in which cases search for secrets; never print it
}

// Error implements error.
func (e *AnswerError) Error() string { return e.Err.Error() }

// Unwrap returns the error without the whole answer.
func (e *AnswerError) Unwrap() error { return e.Err }

// full returns the whole answer of an error.
func full(err error) string {
	var a *AnswerError
	if errors.As(err, &a) {
		return a.Full
	}
	return err.Error()
}

// hearer is the key of the function of [Hear].
type hearer struct{}

// Hear returns a context in which verbs pass the whole text of each answer to f, which a case
// searches for secrets. Verbs at the same time call f at the same time.
func Hear(ctx context.Context, f func(answer string)) context.Context {
	return context.WithValue(ctx, hearer{}, f)
}

// Answered passes the text of an answer to the function of [Hear], if there is one. Verbs that
// return no [Answer] call it.
func Answered(ctx context.Context, answer string) {
	if f, ok := ctx.Value(hearer{}).(func(string)); ok {
		f(answer)
	}
}

// Target is a server under test. Its fields of a function type are verbs; nil means
// that the target does not have the verb. Verbs may be called by several goroutines at
// once, as far as Limits allow.
type Target struct {
	Name     string
	Version  string // "" if unknown
	Declares Declared
	Limits   Limits

	// Import adds a token and assigns it to its user. It creates the user if necessary.
	Import func(context.Context, *Token) error
	// Assign gives a token to another user too.
	Assign func(ctx context.Context, t *Token, user string) error
	// Check submits a code, and CheckOther submits it through another interface of the
	// same server.
	Check, CheckOther func(context.Context, Attempt) (Answer, error)
	// Resync submits two codes to correct the offset of the token's clock.
	Resync func(context.Context, Attempt) (Answer, error)
	// Unlock ends the lockout of a token, Revoke puts a token out of use, and Remove
	// deletes it.
	Unlock, Revoke, Remove func(context.Context, *Token) error
	// Status reads the state of a token.
	Status func(context.Context, *Token) (Status, error)
	// NoDrift is set if the status never has the offset.
	NoDrift bool
	// SetClock sets the target's clock, which then stands still.
	SetClock func(context.Context, time.Time) error
	// ByHand describes the verbs for people who repeat a failed case. It may be nil.
	ByHand *ByHand
	// Redact hides the secrets of the target itself in a text for a report, such as the key of its
	// interface. It may be nil.
	Redact func(string) string
	// Restart stops the target and starts it again. State that is only in memory is lost.
	// It is called while no other verb is.
	Restart func(context.Context) error
	// ImportFile imports a seed file, and assigns its token to a user. It is used for files
	// in Formats, which are names such as pskc and oath-csv.
	ImportFile func(context.Context, *SeedFile) error
	Formats    []string

	BankVerbs
}

// Declared is the behaviour that a target's documentation declares. nil means nothing.
type Declared struct {
	Window         *int64         // steps before and after the current one whose codes are accepted
	Lockout        *int           // wrong codes in a row that lock a token
	Resync         *int64         // steps before and after the current one that resynchronisation searches
	CountReplayed  *bool          // used codes count as wrong ones
	CountMalformed *bool          // entries that cannot be codes count as wrong ones
	DriftInterval  *time.Duration // time in which the stored offset moves by at most one step

	// The settings of a bank.
	ReactivateAfter *time.Duration // time after a revocation before the user can activate another token
	NoticeMonths    *int           // calendar months before expiry when the notice is sent
	Fee             *int64         // yen for a token that is not free
	UnlockNeedsCode *bool          // a user who unlocks a token enters a code of their own one
}

// Limits are limits of a target's test setup. 0 means none.
type Limits struct {
	Tokens   int // tokens that the target holds at the same time
	Parallel int // requests at the same time
	// Period is the only period of tokens in seconds that the target supports. C01 uses 60 s
	// nevertheless.
	Period int64
	// OtherPeriods reports whether Import honours periods other than the usual one.
	OtherPeriods bool
}

// Has reports whether the target has a verb.
func (t *Target) Has(v Verb) bool {
	switch v {
	case VerbImport:
		return t.Import != nil
	case VerbAssign:
		return t.Assign != nil
	case VerbCheck:
		return t.Check != nil
	case VerbCheckOther:
		return t.CheckOther != nil
	case VerbResync:
		return t.Resync != nil
	case VerbUnlock:
		return t.Unlock != nil
	case VerbRevoke:
		return t.Revoke != nil
	case VerbRemove:
		return t.Remove != nil
	case VerbStatus:
		return t.Status != nil
	case VerbClock:
		return t.SetClock != nil
	case VerbRestart:
		return t.Restart != nil
	case VerbImportFile:
		return t.ImportFile != nil
	}
	return t.BankVerbs.has(v)
}

// Attempt is an attempt to log in, or to resynchronise.
type Attempt struct {
	Token  *Token
	User   string
	Code   string
	Second string // the second code of a resynchronisation

	// Ready is nil, or is called when all is ready to submit the code, and returns when
	// it must be submitted. Attempts at the same time then meet although their
	// preparations take different times.
	Ready func()

	leaveOut bool // if it cannot be sent, the case goes on
}

// Verdict is the verdict of a target about a code.
type Verdict uint8

// The verdicts.
const (
	Trouble     Verdict = iota // an error of the target
	Accepted                   // the code is accepted, or the offset corrected
	Refused                    // the code is refused
	NextCode                   // the target asks for the next code
	Limited                    // the target has not checked the code, because of too many requests
	Undescribed                // the target file does not describe the answer, which can mean anything
)

// String returns the verdict in words.
func (v Verdict) String() string {
	return [...]string{"an error", "accepted", "refused", "the next code is asked for", "too many requests", "an answer that the target file does not describe"}[v]
}

// Answer is the answer of a target to an attempt.
type Answer struct {
	Verdict Verdict
	// Text is all that a client sees, such as the status and the message.
	Text string
	// RetryAfter is how long to wait after Limited; 0 means a second.
	RetryAfter time.Duration
	// OnPaper reports whether only an application on paper remains, by the answer.
	OnPaper bool

	token  *Token // whose code was entered
	unsent bool   // it cannot be sent
}

// Status is the state of a token. nil means unknown.
type Status struct {
	Locked *bool
	Failed *int64   // wrong codes in a row
	Drift  *float64 // stored offset of the token's clock, in steps
	Expiry *string  // the expiry date or time, as the target prints it
	Text   string   // all that the answer shows
	// Unread has the values that the target file describes and that are not in the answer,
	// each with its place, such as failed with /token/failures.
	Unread map[string]string
}
