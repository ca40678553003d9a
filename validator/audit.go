// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrAudit is the error of an audit record that leaves something out.
var ErrAudit = errclass.New(errclass.Failed, "incomplete audit record")

// Audit is what is kept of a decision (BK-20): who, what, which token, which rule,
// when. There is no code and no seed in it.
type Audit struct {
	At       token.UnixSeconds
	User     string // who; "" where nobody is logged in
	Clerk    string // who of the bank, for what is done on paper or at the desk
	Contract string
	What     Operation
	Serial   token.Serial // as given, also when there is no such token
	Rule     Rule
	Reason   Reason
	Done     bool // it was allowed; of a code: accepted or corrected
}

// Validate returns an error that wraps [ErrAudit] unless the record says who,
// what, which token, which rule, why and when.
func (a Audit) Validate() error {
	for _, f := range []struct {
		field string
		ok    bool
	}{
		{"At", a.At > 0},
		{"User or Clerk", a.User != "" || a.Clerk != ""},
		{"What", a.What != OpNone && a.What <= lastOp},
		{"Serial", !a.Serial.IsZero()},
		{"Rule", a.Rule.Valid()},
		{"Reason", a.Reason != ReasonNone},
	} {
		if !f.ok {
			return &AuditError{Field: f.field}
		}
	}
	return nil
}

// AuditError says what a record leaves out. It wraps [ErrAudit].
type AuditError struct{ Field string }

// Error returns for example "incomplete audit record: Serial is missing".
func (e *AuditError) Error() string { return ErrAudit.Error() + ": " + e.Field + " is missing" }

// Unwrap returns [ErrAudit].
func (e *AuditError) Unwrap() error { return ErrAudit }

// Audit returns the record of a decision about a code. The user must be known to
// the caller, the rest is the decision's.
func (d Decision) Audit(u User, op Operation, serial token.Serial, now token.UnixSeconds) Audit {
	return Audit{
		At: now, User: u.ID, Contract: u.Contract, What: op, Serial: serial,
		Rule: d.Rule, Reason: d.Reason, Done: d.Answer == Accepted || d.Answer == Corrected,
	}
}

// Audit returns the record of a verdict about what a user wanted to do with a
// token on screen.
func (v Verdict) Audit(u User, op Operation, serial token.Serial, now token.UnixSeconds) Audit {
	return Audit{
		At: now, User: u.ID, Contract: u.Contract, What: op, Serial: serial,
		Rule: v.Rule, Reason: v.Reason, Done: v.Way == OnScreen,
	}
}
