// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"errors"
	"fmt"
	"strings"

	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// A question is a request to decide about the code of one token, inside a transaction.
type question struct {
	bank   *Bank
	tx     *store.Tx
	now    token.UnixSeconds
	by     By
	user   validator.User // the requester; zero if no user is logged in
	op     validator.Operation
	serial token.Serial
}

// decide applies the rules through ask, which is [validator.Check] or
// [validator.Resync] with the codes. It stores the token's state, if it changed, and
// the audit record. A nonexistent token is also passed to ask, to make the answer take
// as long.
func (q *question) decide(ask func(validator.Settings, validator.Token, validator.State) (validator.Decision, validator.State)) (validator.Decision, store.TokenRow, error) {
	var row store.TokenRow
	var t validator.Token
	err := store.ErrNotFound
	if !q.serial.IsZero() {
		row, err = q.tx.Token(q.serial)
	}
	switch {
	case err == nil:
		if t, err = q.bank.open(q.tx, row); err != nil {
			return validator.Decision{}, row, err
		}
	case !errors.Is(err, store.ErrNotFound):
		return validator.Decision{}, row, err
	}
	d, after := ask(q.bank.settings, t, row.State)
	if after != row.State {
		if err := q.tx.PutState(q.serial, after); err != nil {
			return d, row, err
		}
		if after.Suspended && !row.State.Suspended {
			q.tx.After(func() { q.bank.observer.Suspended(q.by, q.serial, row.Contract) })
		}
		row.State = after
	}
	q.tx.AddAudit(q.by.record(d.Audit(q.user, q.op, q.serial, q.now)))
	return d, row, nil
}

// check decides about one code.
func (q *question) check(code string) (validator.Decision, store.TokenRow, error) {
	return q.decide(func(s validator.Settings, t validator.Token, st validator.State) (validator.Decision, validator.State) {
		return validator.Check(s, t, st, q.now, code)
	})
}

// refuse records a verdict without reading the token. It checks the code against a
// nonexistent token to take the same time.
func (q *question) refuse(v validator.Verdict, code string) {
	validator.Check(q.bank.settings, validator.Token{}, validator.State{}, q.now, code)
	q.tx.AddAudit(q.by.record(v.Audit(q.user, q.op, q.serial, q.now)))
}

// open returns a token for the rules, with its seed. A data key that another server has
// created is read in the same transaction. On a connection of its own, the read would
// wait for transactions that wait for this one.
func (b *Bank) open(tx *store.Tx, row store.TokenRow) (validator.Token, error) {
	plain, err := b.ring.Open(row.Serial.String(), row.SealKey, row.Sealed)
	if errors.Is(err, vault.ErrUnknownKey) {
		if err := b.loadKeys(tx); err != nil {
			return validator.Token{}, fmt.Errorf("seed of token %s: %w", row.Serial, err)
		}
		plain, err = b.ring.Open(row.Serial.String(), row.SealKey, row.Sealed)
	}
	if err != nil {
		return validator.Token{}, fmt.Errorf("seed of token %s: %w", row.Serial, err)
	}
	seed, err := token.NewSeed(plain)
	clear(plain)
	if err != nil {
		return validator.Token{}, fmt.Errorf("seed of token %s: %w", row.Serial, err)
	}
	return validator.Token{
		Profile: row.Profile, Seed: seed, Condition: row.Condition, Start: row.Start, Expiry: row.Expiry,
	}, nil
}

// record returns the audit record of a decision, with the origin of the request.
func (by By) record(a validator.Audit) store.Record {
	r := store.Record{
		At: a.At, User: a.User, Clerk: by.Clerk, Contract: a.Contract, Act: a.What.String(),
		Rule: a.Rule.String(), Reason: a.Reason.String(), Done: a.Done, Channel: by.Channel, Source: by.Source,
	}
	if !a.Serial.IsZero() {
		r.Serial = a.Serial.String()
	}
	if a.Reason == validator.ReasonUnknown && len(r.Serial) <= token.MaxDigits && strings.Trim(r.Serial, "0123456789") == "" {
		r.Serial, r.Note = "", "serial not recorded: it has as many digits as a code" // probably a code, typed into the wrong field
	}
	if by.Key != "" {
		r.Note = "key " + by.Key
	}
	return r
}

// note returns the audit record of an operation of the bank, a [validator.Act] or
// [validator.Operation].
func (by By) note(now token.UnixSeconds, act fmt.Stringer, rule validator.Rule, serial token.Serial, contract, text string) store.Record {
	r := store.Record{
		At: now, User: by.User, Clerk: by.Clerk, Contract: contract, Act: act.String(), Reason: validator.ReasonAllowed.String(),
		Done: true, Channel: by.Channel, Source: by.Source, Note: text,
	}
	if rule.Valid() {
		r.Rule = rule.String()
	}
	if !serial.IsZero() {
		r.Serial = serial.String()
	}
	return r
}

// refused returns the record of a refused operation, with the reason.
func refused(r store.Record, why validator.Reason) store.Record {
	r.Done, r.Reason = false, why.String()
	return r
}

// outcome returns the outcome of a decision about a code.
func outcome(d validator.Decision) Outcome {
	return Outcome{Done: d.Answer == validator.Accepted, Answer: d.Answer}
}

// person returns a user for the rules, given the tokens of their contract.
func (b *Bank) person(u User, tokens map[token.Serial]Token, now token.UnixSeconds) validator.User {
	p := validator.User{ID: u.ID, Contract: u.Contract, Role: u.Role, Token: u.Token, RevokedAt: u.RevokedAt, Refused: u.Refused, Left: u.LeftSuspended}
	if u.Locked { // still shares the token, but has no rights over others
		p.Role = validator.PlainUser
	}
	if t, ok := tokens[u.Token]; ok {
		p.Condition = validator.ConditionAt(t.Condition, t.Expiry, now)
		p.Suspended = t.State.Suspended
	}
	return p
}

// present returns a token with its current status.
func present(t Token, now token.UnixSeconds) Token {
	t.Condition = validator.ConditionAt(t.Condition, t.Expiry, now)
	return t
}

// held returns a token for the rules about rights.
func held(t Token, now token.UnixSeconds) validator.Held {
	return validator.Held{
		Serial: t.Serial, Contract: t.Contract,
		Condition: validator.ConditionAt(t.Condition, t.Expiry, now), Suspended: t.State.Suspended,
	}
}
