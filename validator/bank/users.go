// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"
	"slices"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

var noSerial token.Serial

// firstOf returns the first error, looking inside joined errors.
func firstOf(errs ...error) error {
	err := errors.Join(errs...)
	for {
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok || len(joined.Unwrap()) == 0 {
			return err
		}
		err = joined.Unwrap()[0]
	}
}

// AddUser adds a user to a contract. A clerk may add any user to any contract. A master
// or admin may add users and admins to their own contract, with a code (BK-04). The
// first user of a contract is its master.
func (b *Bank) AddUser(ctx context.Context, by By, n NewUser, code string) (User, Outcome, error) {
	err := firstOf(
		checkUserID(n.ID), text("name", n.Name, 1, 100), checkEmail("email", n.Email, false),
		checkLanguage(&n.Language), checkPassword(n.Password), checkRole(n.Role),
	)
	if err != nil {
		return User{}, Outcome{}, err
	}
	hash, err := b.logins.hash(ctx, n.Password)
	if err != nil {
		return User{}, Outcome{}, err
	}
	u := store.UserRow{User: User{
		ID: n.ID, Contract: n.Contract, Role: n.Role, Name: n.Name, Email: n.Email, Language: n.Language,
	}, Password: hash}
	out, err := b.manage(ctx, by, n.Contract, validator.OpUserAdd, code, func(tx *store.Tx, r room, actor validator.Role) error {
		if !slices.Contains(by.Roles(validator.PlainUser), n.Role) {
			return forbidden("a contract has exactly one master: only the bank's back office can name another")
		}
		if n.Role != validator.Master && !hasMaster(r) {
			return conflict("the first user of contract %q must be its master", n.Contract)
		}
		u.Created = b.Now()
		tx.AddAudit(by.note(u.Created, validator.OpUserAdd, validator.BK04, noSerial, n.Contract, u.ID+" "+u.Role.String()))
		return tx.AddUser(u)
	})
	if errors.Is(err, store.ErrExists) {
		if n.Role == validator.Master {
			err = conflict("user %q already exists, or contract %q already has a master", n.ID, n.Contract)
		} else {
			err = conflict("user %q already exists", n.ID)
		}
	}
	return u.User, out, err
}

// ChangeUser changes a user, with the same rights as [Bank.AddUser]. An admin may not
// change a master, and only a clerk may name one. Locking and a new password end the
// user's sessions.
func (b *Bank) ChangeUser(ctx context.Context, by By, id string, c UserChange, code string) (User, Outcome, error) {
	var hash string
	var errs []error
	if c.Role != nil {
		errs = append(errs, checkRole(*c.Role))
	}
	if c.Name != nil {
		errs = append(errs, text("name", *c.Name, 1, 100))
	}
	if c.Email != nil {
		errs = append(errs, checkEmail("email", *c.Email, false))
	}
	if c.Language != nil {
		errs = append(errs, checkLanguage(c.Language))
	}
	if c.Password != nil {
		errs = append(errs, checkPassword(*c.Password))
	}
	if err := firstOf(errs...); err != nil {
		return User{}, Outcome{}, err
	}
	if c.Password != nil {
		var err error
		if hash, err = b.logins.hash(ctx, *c.Password); err != nil {
			return User{}, Outcome{}, err
		}
	}
	contract, err := b.contractOf(ctx, by, id)
	if err != nil {
		return User{}, Outcome{}, err
	}
	var u store.UserRow
	out, err := b.manage(ctx, by, contract, validator.OpUserChange, code, func(tx *store.Tx, r room, actor validator.Role) error {
		var ok bool
		for _, have := range r.users {
			if have.ID == id {
				u, ok = have, true
			}
		}
		if !ok {
			return notFound("user", id)
		}
		toMaster := c.Role != nil && *c.Role == validator.Master
		if !by.inBackOffice() && (u.Role == validator.Master && actor != validator.Master || c.Role != nil && !slices.Contains(by.Roles(u.Role), *c.Role)) {
			return forbidden("only the bank's back office can change the master of a contract")
		}
		if !by.inBackOffice() && c.UnlockActivation {
			return forbidden("only the bank's back office can unlock activation")
		}
		if u.Role == validator.Master && c.Role != nil && !toMaster {
			return conflict("contract %q must have a master: make another user the master instead", contract)
		}
		if toMaster && u.Role != validator.Master {
			// The previous master becomes an admin.
			for _, have := range r.users {
				if have.Role == validator.Master {
					have.Role = validator.Admin
					if err := tx.PutUser(have); err != nil {
						return err
					}
				}
			}
		}
		apply(&u, c, hash)
		if c.Password != nil || c.Locked != nil && *c.Locked {
			if err := tx.DropSessions(u.ID, "", nil); err != nil {
				return err
			}
		}
		tx.AddAudit(by.note(b.Now(), validator.OpUserChange, validator.BK04, noSerial, contract, u.ID))
		if c.UnlockActivation {
			u.Refused = validator.RefusedActivations{}
			tx.AddAudit(by.note(b.Now(), validator.ActUnlockActivation, validator.BK05, noSerial, contract, u.ID))
		}
		return tx.PutUser(u)
	})
	return u.User, out, err
}

func apply(u *store.UserRow, c UserChange, hash string) {
	if c.Role != nil {
		u.Role = *c.Role
	}
	if c.Name != nil {
		u.Name = *c.Name
	}
	if c.Email != nil {
		u.Email = *c.Email
	}
	if c.Language != nil {
		u.Language = *c.Language
	}
	if c.Locked != nil {
		u.Locked = *c.Locked
	}
	if c.Password != nil {
		u.Password = hash
	}
}

// manage performs an operation on the users of a contract: for a clerk, or for a master
// or admin with a code of their own token. A right code is used up even if the
// operation turns out to be impossible, for example because a name is taken. Otherwise
// one code could be used to try names during its whole lifetime, without a record.
func (b *Bank) manage(
	ctx context.Context, by By, contract string, op validator.Operation, code string,
	do func(tx *store.Tx, r room, actor validator.Role) error,
) (out Outcome, err error) {
	var spent *question
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		out, spent = Outcome{Done: true}, nil
		if by.inBackOffice() {
			r, err := b.enter(tx, contract, noSerial)
			if err != nil {
				return err
			}
			return do(tx, r, validator.Master)
		}
		own, err := by.contract(tx)
		if err != nil {
			return err
		}
		if own != contract {
			return notFound("contract", contract)
		}
		r, err := b.enter(tx, contract, noSerial)
		if err != nil {
			return err
		}
		actor, ok := r.actor(by.User)
		if !ok {
			return forbidden("log in first")
		}
		now := b.Now()
		q := question{bank: b, tx: tx, now: now, by: by, user: b.person(actor.User, r.tokens, now), op: op, serial: actor.Token}
		if !actor.Role.Manages() {
			v := validator.Verdict{Way: validator.NoWay, Rule: validator.BK04, Reason: validator.ReasonRole}
			q.refuse(v, code)
			out = Outcome{Verdict: v}
			return nil
		}
		d, _, err := q.check(code)
		if out = outcome(d); err != nil || !out.Done {
			return err
		}
		spent = &q
		return do(tx, r, actor.Role)
	})
	if err != nil && spent != nil && !errors.Is(err, ErrUnavailable) {
		if e := b.spend(ctx, *spent, code); e != nil {
			err = e
		}
	}
	return unlessFailed(out, err)
}

// spend uses up a code after its operation failed.
func (b *Bank) spend(ctx context.Context, q question, code string) error {
	return b.db.Update(ctx, func(tx *store.Tx) error {
		q.tx = tx
		d, _, err := q.check(code)
		if err == nil && d.Answer == validator.Accepted {
			r := q.by.note(q.now, q.op, validator.BK04, q.serial, q.user.Contract, "nothing was done")
			tx.AddAudit(refused(r, validator.ReasonNotPossible))
		}
		return err
	})
}

// contractOf returns the contract of a user, if the requester may see that user.
func (b *Bank) contractOf(ctx context.Context, by By, id string) (string, error) {
	u, err := b.User(ctx, by, id)
	return u.Contract, err
}

func hasMaster(r room) bool {
	for _, u := range r.users {
		if u.Role == validator.Master {
			return true
		}
	}
	return false
}

func checkRole(r validator.Role) error {
	if r > validator.Master {
		return invalid("role", "want user, admin or master")
	}
	return nil
}

// User returns a user; a user sees only the users of their contract.
func (b *Bank) User(ctx context.Context, by By, id string) (u User, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		see, err := b.sight(tx, by)
		if err != nil {
			return err
		}
		row, err := tx.User(id)
		if err == nil && !see.clerk && row.Contract != see.contract {
			err = store.ErrNotFound
		}
		u = row.User
		u.Token = see.serial(u.Token)
		return missing(err, "user", shorten(id))
	})
	if err != nil {
		u = User{}
	}
	return u, err
}

// Users lists the users of a contract. For a clerk, "" selects all contracts.
func (b *Bank) Users(ctx context.Context, by By, contract string, p Page) (list []User, next string, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		if err := by.confine(tx, &contract); err != nil {
			return err
		}
		see, err := b.sight(tx, by)
		if err != nil {
			return err
		}
		list, next, err = tx.Users(contract, p)
		see.users(list)
		return err
	})
	return list, next, err
}

// Status returns the content of a user's own page.
func (b *Bank) Status(ctx context.Context, user string) (s Status, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		u, err := tx.User(user)
		if err != nil {
			return missing(err, "user", user)
		}
		now := b.Now()
		s = Status{User: u.User}
		if s.Contract, err = tx.Contract(u.Contract); err != nil {
			return err
		}
		rows, err := tx.ContractUsers(u.Contract)
		if err != nil {
			return err
		}
		tokens, err := Every(func(p Page) ([]Token, string, error) {
			return tx.Tokens(TokenFilter{Contract: u.Contract, Page: p})
		})
		if err != nil {
			return err
		}
		s.Barred = validator.ReasonNoToken
		byName := map[token.Serial]Token{}
		for i, t := range tokens {
			byName[t.Serial] = t
			tokens[i] = present(t, now)
		}
		people := make([]validator.User, 0, len(rows))
		for _, row := range rows {
			s.Users = append(s.Users, row.User)
			people = append(people, b.person(row.User, byName, now))
		}
		see := b.sightOf(u.User)
		s.Tokens = slices.DeleteFunc(tokens, func(t Token) bool { return !see.token(t) })
		see.users(s.Users)
		t, ok := byName[u.Token]
		if !ok {
			return nil
		}
		s.Condition = validator.ConditionAt(t.Condition, t.Expiry, now)
		s.Barred = validator.Token{Condition: t.Condition, Start: t.Start, Expiry: t.Expiry}.Barred(t.State, now)
		if s.Suspended = t.State.Suspended; s.Suspended {
			s.UnlockWay = validator.UnlockWay(b.settings, people, held(t, now))
		}
		s.RevokeWay, _ = validator.RevocationWay(validator.ArrangementOf(people), s.Condition)
		if validator.NoticeDue(b.settings, t.Expiry, t.Condition, t.Activated != 0, now) {
			s.NoticeOn = validator.NoticeOn(b.settings, t.Expiry)
		}
		return nil
	})
	return s, err
}
