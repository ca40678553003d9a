// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// A room is a contract with the data that the rules need, locked until the transaction
// ends.
type room struct {
	contract Contract
	users    []store.UserRow
	tokens   map[token.Serial]Token // the tokens that its users use, and any requested one
}

// enter locks a contract. It reads the contract's users, the tokens that they use, and
// one more. It locks the tokens in a fixed order to avoid deadlocks between
// transactions.
func (b *Bank) enter(tx *store.Tx, contract string, also token.Serial) (r room, err error) {
	if r.contract, err = tx.Contract(contract); err != nil {
		return r, missing(err, "contract", contract)
	}
	if r.users, err = tx.ContractUsers(contract); err != nil {
		return r, err
	}
	serials := []token.Serial{also}
	for _, u := range r.users {
		serials = append(serials, u.Token)
	}
	slices.SortFunc(serials, func(a, b token.Serial) int { return cmp.Compare(a.String(), b.String()) })
	r.tokens = map[token.Serial]Token{}
	for _, s := range slices.Compact(serials) {
		if s.IsZero() {
			continue
		}
		t, err := tx.Token(s)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return r, err
		}
		r.tokens[s] = t.Token
	}
	return r, nil
}

// people returns the users for the rules.
func (b *Bank) people(r room, now token.UnixSeconds) []validator.User {
	list := make([]validator.User, 0, len(r.users))
	for _, u := range r.users {
		list = append(list, b.person(u.User, r.tokens, now))
	}
	return list
}

// actor returns the user who makes the request.
func (r room) actor(id string) (store.UserRow, bool) {
	i := slices.IndexFunc(r.users, func(u store.UserRow) bool { return u.ID == id })
	if i < 0 || r.users[i].Locked {
		return store.UserRow{}, false
	}
	return r.users[i], true
}

// onToken is an operation of a user or a clerk on another token, for which a user may
// need a code of their own token.
type onToken struct {
	op     validator.Operation
	serial token.Serial
	code   string

	// may returns whether the user may do it, and onPaper the rule by which a clerk does
	// it.
	may     func(actor validator.User, users []validator.User, target validator.Held) validator.Verdict
	onPaper func(users []validator.User, target validator.Held) validator.Verdict

	// do performs the operation.
	do func(tx *store.Tx, r room, t store.TokenRow, now token.UnixSeconds) error
}

// act performs an operation on a token: for a user on screen, or for a clerk on paper.
// A token of another contract appears nonexistent to a user.
func (b *Bank) act(ctx context.Context, by By, a onToken) (out Outcome, err error) {
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		out = Outcome{}
		var err error
		if by.inBackOffice() {
			out, err = b.actOnPaper(tx, by, a)
		} else {
			out, err = b.actOnScreen(tx, by, a)
		}
		return err
	})
	return unlessFailed(out, err)
}

func (b *Bank) actOnPaper(tx *store.Tx, by By, a onToken) (out Outcome, err error) {
	now := b.Now()
	contract, err := tx.TokenContract(a.serial)
	if err != nil {
		return out, missing(err, "token", a.serial.String())
	}
	var r room
	if contract != "" {
		if r, err = b.enter(tx, contract, a.serial); err != nil {
			return out, err
		}
	}
	row, err := tx.Token(a.serial)
	if err != nil {
		return out, err
	}
	if row.Contract != contract {
		return out, conflict("token %s has just been issued to a contract: try again", a.serial)
	}
	v := a.onPaper(b.people(r, now), held(row.Token, now))
	rec := by.record(v.Audit(validator.User{Contract: row.Contract}, a.op, a.serial, now))
	rec.Done = v.Way != validator.NoWay
	tx.AddAudit(rec)
	if v.Way == validator.NoWay {
		return Outcome{Verdict: v}, nil
	}
	return Outcome{Done: true}, a.do(tx, r, row, now)
}

func (b *Bank) actOnScreen(tx *store.Tx, by By, a onToken) (out Outcome, err error) {
	now := b.Now()
	u, err := tx.User(by.User)
	if err != nil {
		return out, missing(err, "user", by.User)
	}
	r, err := b.enter(tx, u.Contract, a.serial)
	if err != nil {
		return out, err
	}
	actor, ok := r.actor(by.User)
	if !ok {
		return out, forbidden("log in first")
	}
	person := b.person(actor.User, r.tokens, now)
	q := question{bank: b, tx: tx, now: now, by: by, user: person, op: a.op, serial: a.serial}
	target, there := r.tokens[a.serial]
	if !there || target.Contract != u.Contract {
		v := validator.Verdict{Way: validator.NoWay, Rule: validator.BK12, Reason: validator.ReasonOtherContract}
		if !there {
			v.Reason = validator.ReasonUnknown
		}
		q.refuse(v, a.code)
		return Outcome{Verdict: validator.Verdict{Way: validator.NoWay, Rule: validator.BK12, Reason: validator.ReasonUnknown}}, nil
	}
	v := a.may(person, b.people(r, now), held(target, now))
	if v.Way != validator.OnScreen {
		q.refuse(v, a.code)
		return Outcome{Verdict: v}, nil
	}
	out = Outcome{Done: true, Answer: validator.Accepted}
	if b.NeedsOTP(a.op) {
		q.serial = person.Token
		d, _, err := q.check(a.code)
		if out = outcome(d); err != nil || !out.Done {
			return out, err
		}
	}
	row, err := tx.Token(a.serial)
	if err != nil {
		return out, err
	}
	rec := by.record(v.Audit(person, a.op, a.serial, now))
	tx.AddAudit(rec)
	return out, a.do(tx, r, row, now)
}
