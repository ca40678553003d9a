// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrAudit is returned for an audit record that lacks a required field.
var ErrAudit = errclass.New(errclass.Failed, "incomplete audit record")

// Audit is the record of a decision (BK-20): the person, operation, token, rule and time.
// It contains no code and no seed.
type Audit struct {
	At       token.UnixSeconds
	User     string // the user; "" if no user is logged in
	Clerk    string // the clerk, for operations on paper or at the back office
	Contract string
	What     Operation
	Serial   token.Serial // as given, even if no such token exists
	Rule     Rule
	Reason   Reason
	Done     bool // the operation was allowed; for a code: accepted or corrected
}

// Validate returns an error that wraps [ErrAudit] unless the record states the person,
// operation, token, rule, reason and time.
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

// AuditError names the missing field of a record. It wraps [ErrAudit].
type AuditError struct{ Field string }

// Error returns for example "incomplete audit record: Serial is missing".
func (e *AuditError) Error() string { return ErrAudit.Error() + ": " + e.Field + " is missing" }

// Unwrap returns [ErrAudit].
func (e *AuditError) Unwrap() error { return ErrAudit }

// Audit returns the record of a decision about a code. The caller supplies the
// authenticated user; the other values come from the decision.
func (d Decision) Audit(u User, op Operation, serial token.Serial, now token.UnixSeconds) Audit {
	return Audit{
		At: now, User: u.ID, Contract: u.Contract, What: op, Serial: serial,
		Rule: d.Rule, Reason: d.Reason, Done: d.Answer == Accepted || d.Answer == Corrected,
	}
}

// Audit returns the record of a verdict about an operation that a user requested on
// screen.
func (v Verdict) Audit(u User, op Operation, serial token.Serial, now token.UnixSeconds) Audit {
	return Audit{
		At: now, User: u.ID, Contract: u.Contract, What: op, Serial: serial,
		Rule: v.Rule, Reason: v.Reason, Done: v.Way == OnScreen,
	}
}
