// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// Check checks a code of a token with a serial number, without any other effect. A
// nonexistent token is refused like any other.
func (b *Bank) Check(ctx context.Context, by By, serial token.Serial, code string) (out Outcome, err error) {
	if serial.IsZero() {
		return out, invalid("serial", "not a serial number: %v", token.ErrSerial)
	}
	err = b.db.Grouped(ctx, serial.String(), func(tx *store.Tx) error {
		q := question{bank: b, tx: tx, now: b.Now(), by: by, op: validator.OpCheck, serial: serial}
		d, _, err := q.check(code)
		out = outcome(d)
		return err
	})
	return unlessFailed(out, err)
}

// unlessFailed returns out if err is nil. The outcome of a transaction that failed, or
// may have failed, must not be reported.
func unlessFailed(out Outcome, err error) (Outcome, error) {
	if err != nil {
		out = Outcome{}
	}
	return out, err
}

// CheckUser checks a code of the token that a user uses. A user who does not exist, is
// locked or has no token is refused like any other.
func (b *Bank) CheckUser(ctx context.Context, by By, user, code string) (Outcome, error) {
	return b.ofUser(ctx, user, func(q *question, u *User) (Outcome, error) {
		q.by = by
		q.op = validator.OpCheck
		d, _, err := q.check(code)
		return outcome(d), err
	})
}

// Do performs an operation for by.User. If the operation needs a code, the code of
// their token decides. Operations that have a method of their own are refused with
// [ErrInvalid].
func (b *Bank) Do(ctx context.Context, by By, r Request) (Outcome, error) {
	if err := r.validate(); err != nil {
		return Outcome{}, err
	}
	var out Outcome
	var err error
	for range 3 {
		if out, err = b.do(ctx, by, r); !errors.Is(err, store.ErrExists) {
			break
		}
		// The receipt number was taken. Nothing was written, so draw another one.
	}
	return out, err
}

func (b *Bank) do(ctx context.Context, by By, r Request) (Outcome, error) {
	return b.ofUser(ctx, by.User, func(q *question, u *User) (Outcome, error) {
		if u == nil {
			return Outcome{}, forbidden("log in first")
		}
		q.by, q.op = by, r.Operation
		out := Outcome{Done: true, Answer: validator.Accepted}
		if b.NeedsOTP(r.Operation) {
			d, _, err := q.check(r.Code)
			if out = outcome(d); err != nil || !out.Done {
				return out, err
			}
		} else {
			q.serial = token.Serial{}
			v := validator.MayDo(b.settings, q.user, r.Operation)
			q.tx.AddAudit(by.record(v.Audit(q.user, q.op, u.Token, q.now)))
		}
		out.Receipt = newReceipt(q.now)
		return out, q.tx.AddTransaction(Transaction{
			ID: newID(), Receipt: out.Receipt, At: q.now, Contract: u.Contract, User: u.ID, Operation: r.Operation, Serial: q.serial,
			Details: r.Details,
		})
	})
}

// ofUser runs a function on the code of the token that a user uses, in a grouped
// transaction. If the user does not exist or is locked, the function gets a nil user and
// no token.
func (b *Bank) ofUser(ctx context.Context, id string, fn func(*question, *User) (Outcome, error)) (Outcome, error) {
	for {
		serial, err := b.tokenOf(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		var out Outcome
		moved := false
		err = b.db.Grouped(ctx, serial.String(), func(tx *store.Tx) error {
			out, moved = Outcome{}, false
			q := question{bank: b, tx: tx, now: b.Now(), op: validator.OpCheck}
			u, err := tx.User(id)
			switch {
			case errors.Is(err, store.ErrNotFound): // do not record the name: people type codes into that field
				out, err = fn(&q, nil)
				return err
			case err == nil && u.Locked:
				q.user = validator.User{ID: u.ID, Contract: u.Contract}
				out, err = fn(&q, nil)
				return err
			case err != nil:
				return err
			case u.Token != serial:
				moved = true // another token was registered in between; groups are sorted by token
				return nil
			}
			q.user = validator.User{ID: u.ID, Contract: u.Contract, Role: u.Role, Token: u.Token}
			q.serial = u.Token
			out, err = fn(&q, &u.User)
			return err
		})
		if err != nil || !moved {
			return unlessFailed(out, err)
		}
	}
}

// tokenOf returns the token that a user uses, or zero if there is none.
func (b *Bank) tokenOf(ctx context.Context, user string) (serial token.Serial, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		u, err := tx.User(user)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		serial = u.Token
		return err
	})
	return serial, err
}

// ownCall lists the operations that have a method of their own.
var ownCall = map[validator.Operation]string{
	validator.OpRevoke:     "revocation",
	validator.OpUnlock:     "unlocking a token",
	validator.OpActivate:   "activation",
	validator.OpResync:     "resynchronisation",
	validator.OpUserAdd:    "adding a user",
	validator.OpUserChange: "changing a user",
	validator.OpCheck:      "checking a code",
}

const (
	maxDetails = 20
	maxDetail  = 500
)

func (r Request) validate() error {
	if own, is := ownCall[r.Operation]; is {
		return invalid("operation", "%q has its own request: %s", r.Operation, own)
	}
	if r.Operation == validator.OpNone || r.Operation.String()[0] == 'O' {
		return invalid("operation", "unknown operation")
	}
	if len(r.Details) > maxDetails {
		return invalid("details", "want at most %d entries", maxDetails)
	}
	for _, k := range slices.Sorted(maps.Keys(r.Details)) {
		if err := text("details", k, 1, 50); err != nil {
			return err
		}
		if err := text("details."+shorten(k), r.Details[k], 0, maxDetail); err != nil {
			return err
		}
	}
	return nil
}
