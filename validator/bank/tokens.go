// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// Activate registers a token as the one that by.User uses (利用開始登録, BK-12). A
// token that does not exist, is in the inventory or belongs to another contract is
// refused like a wrong code. Refused activations count against the user
// ([validator.RefusedActivations]). They do not change a token that the user does not
// already use.
func (b *Bank) Activate(ctx context.Context, by By, serial token.Serial, code string) (out Outcome, err error) {
	if serial.IsZero() {
		return out, invalid("serial", "not a serial number: %v", token.ErrSerial)
	}
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		out = Outcome{}
		now := b.Now()
		u, err := tx.User(by.User)
		if err != nil {
			return missing(err, "user", by.User)
		}
		r, err := b.enter(tx, u.Contract, serial)
		if err != nil {
			return err
		}
		actor, ok := r.actor(by.User)
		if !ok {
			return forbidden("log in first")
		}
		q := question{
			bank: b, tx: tx, now: now, by: by, user: b.person(actor.User, r.tokens, now), op: validator.OpActivate, serial: serial,
		}
		target, there := r.tokens[serial]
		v := validator.MayActivate(b.settings, q.user, held(target, now), now)
		if !there && v.Reason == validator.ReasonOtherContract {
			v.Reason = validator.ReasonUnknown
		}
		if v.Way != validator.OnScreen {
			q.refuse(v, code)
			switch v.Reason {
			case validator.ReasonTooSoon, validator.ReasonActivationLocked:
				out.Verdict = v // reveals something about the user, not about the token
				return nil
			}
			return b.refusedActivation(tx, by, actor, serial, v.Reason, now)
		}
		out = Outcome{Done: true, Answer: validator.Accepted}
		if b.NeedsOTP(validator.OpActivate) {
			d, err := q.checkActivation(code)
			if out = outcome(d); err == nil && d.Answer == validator.Refused {
				err = b.refusedActivation(tx, by, actor, serial, d.Reason, now)
			}
			if err != nil || !out.Done {
				return err
			}
		} else {
			tx.AddAudit(by.record(v.Audit(q.user, q.op, serial, now)))
		}
		if old := r.tokens[actor.Token]; old.State.Suspended && actor.Token != serial {
			actor.LeftSuspended = append(actor.LeftSuspended, actor.Token)
		}
		actor.Token, actor.Activated = serial, now
		if err := tx.PutUser(actor); err != nil {
			return err
		}
		if target.Activated == 0 {
			target.Activated = now
			return tx.PutToken(target)
		}
		return nil
	})
	return unlessFailed(out, err)
}

// checkActivation checks the code of an activation. Only the users of a token can
// suspend it (Q4), so a refused code of another user does not change its state.
func (q *question) checkActivation(code string) (validator.Decision, error) {
	d, _, err := q.decide(func(s validator.Settings, t validator.Token, st validator.State) (validator.Decision, validator.State) {
		d, after := validator.Check(s, t, st, q.now, code)
		if d.Answer == validator.Refused && q.user.Token != q.serial {
			after = st
		}
		return d, after
	})
	return d, err
}

// refusedActivation counts a refused activation against the user who made it. If they
// already use the token, the failed attempt was counted there.
func (b *Bank) refusedActivation(
	tx *store.Tx, by By, actor store.UserRow, serial token.Serial, why validator.Reason, now token.UnixSeconds,
) error {
	if actor.Token == serial || !validator.CountsAgainstUser(why) {
		return nil
	}
	actor.Refused = actor.Refused.Again(b.settings, now)
	if b.ActivationLocked(actor.User) {
		tx.AddAudit(by.note(now, validator.ActLockActivation, validator.BK05, noSerial, actor.Contract,
			fmt.Sprintf("%d refused activations", actor.Refused.Count)))
	}
	return tx.PutUser(actor)
}

// Revoke revokes a token (失効): for a user on screen, with a code of their own token
// (BK-15 to BK-18), or for a clerk on paper, without a code. Its users have no token
// afterwards.
func (b *Bank) Revoke(ctx context.Context, by By, serial token.Serial, code string) (Outcome, error) {
	return b.act(ctx, by, onToken{
		op: validator.OpRevoke, serial: serial, code: code,
		may: func(actor validator.User, users []validator.User, target validator.Held) validator.Verdict {
			return validator.MayRevoke(b.settings, actor, users, target)
		},
		onPaper: func(users []validator.User, target validator.Held) validator.Verdict {
			_, rule := validator.RevocationWay(validator.ArrangementOf(users), validator.InUse)
			if target.Condition == validator.Revoked {
				return validator.Verdict{Way: validator.NoWay, Rule: rule, Reason: validator.ReasonRevoked}
			}
			return validator.Verdict{Way: validator.OnPaper, Rule: rule, Reason: validator.ReasonAllowed}
		},
		do: func(tx *store.Tx, r room, t store.TokenRow, now token.UnixSeconds) error {
			t.Condition = validator.Revoked
			if err := tx.PutToken(t.Token); err != nil {
				return err
			}
			for _, u := range r.users {
				if u.Token != t.Serial {
					continue
				}
				u.Token, u.Activated, u.RevokedAt = token.Serial{}, 0, now
				if err := tx.PutUser(u); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// Unlock unlocks a suspended token (利用停止解除): for a user on screen, with a code of their
// own token (BK-08), or for a clerk on paper (BK-07).
func (b *Bank) Unlock(ctx context.Context, by By, serial token.Serial, code string) (Outcome, error) {
	return b.act(ctx, by, onToken{
		op: validator.OpUnlock, serial: serial, code: code,
		may: func(actor validator.User, users []validator.User, target validator.Held) validator.Verdict {
			return validator.MayUnlock(b.settings, actor, users, target)
		},
		onPaper: func(users []validator.User, target validator.Held) validator.Verdict {
			v := validator.UnlockWay(b.settings, users, target)
			if v.Way == validator.NoWay {
				return v
			}
			return validator.Verdict{Way: validator.OnPaper, Rule: validator.BK07, Reason: validator.ReasonAllowed}
		},
		do: func(tx *store.Tx, r room, t store.TokenRow, _ token.UnixSeconds) error {
			tx.After(func() { b.observer.Unlocked(by, t.Serial, t.Contract) })
			for _, u := range r.users {
				left := len(u.LeftSuspended)
				u.LeftSuspended = slices.DeleteFunc(u.LeftSuspended, func(s token.Serial) bool { return s == t.Serial })
				if len(u.LeftSuspended) == left {
					continue
				}
				if err := tx.PutUser(u); err != nil {
					return err
				}
			}
			return tx.PutState(t.Serial, t.State.Unlock())
		},
	})
}

// Resync corrects a token's clock with two consecutive codes (時刻補正). A user may correct
// the token that they use, which a zero serial number also selects, within the
// look-ahead ([validator.ResyncOwn]). A clerk may correct any token, within the resync
// window ([validator.Resync]). Neither code logs in, then or later.
func (b *Bank) Resync(ctx context.Context, by By, serial token.Serial, first, second string) (Outcome, error) {
	rule := validator.ResyncOwn
	if by.inBackOffice() {
		rule = validator.Resync
	}
	ask := func(q *question) (Outcome, error) {
		q.by, q.op = by, validator.OpResync
		d, _, err := q.decide(func(s validator.Settings, t validator.Token, st validator.State) (validator.Decision, validator.State) {
			return rule(s, t, st, q.now, first, second)
		})
		out := outcome(d)
		out.Done = d.Answer == validator.Corrected
		return out, err
	}
	if !by.inBackOffice() {
		return b.ofUser(ctx, by.User, func(q *question, u *User) (Outcome, error) {
			switch {
			case u == nil:
				return Outcome{}, forbidden("log in first")
			case !serial.IsZero() && serial != u.Token:
				return Outcome{}, forbidden("on screen you can correct only the token that you use: ask the bank")
			}
			return ask(q)
		})
	}
	if serial.IsZero() {
		return Outcome{}, invalid("serial", "not a serial number: %v", token.ErrSerial)
	}
	var out Outcome
	err := b.db.Grouped(ctx, serial.String(), func(tx *store.Tx) (err error) {
		out, err = ask(&question{bank: b, tx: tx, now: b.Now(), serial: serial})
		return err
	})
	return unlessFailed(out, err)
}

// Report records a loss or theft ([validator.Lost]) or a breakage ([validator.Broken]),
// or, with [validator.InUse], cancels the report. Only a clerk may report (BK-10).
func (b *Bank) Report(ctx context.Context, by By, serial token.Serial, c validator.Condition) (Outcome, error) {
	if err := by.requireBackOffice(); err != nil {
		return Outcome{}, err
	}
	if c != validator.Lost && c != validator.Broken && c != validator.InUse {
		return Outcome{}, invalid("condition", "want lost, broken or in use")
	}
	err := b.db.Update(ctx, func(tx *store.Tx) error {
		row, err := tx.Token(serial)
		if err != nil {
			return missing(err, "token", serial.String())
		}
		return b.report(tx, by, row.Token, c)
	})
	return Outcome{Done: err == nil}, err
}

// report records a status.
func (b *Bank) report(tx *store.Tx, by By, t Token, c validator.Condition) error {
	if t.Condition == validator.Revoked {
		return conflict("token %s is revoked", t.Serial)
	}
	t.Condition = c
	tx.AddAudit(by.note(b.Now(), validator.ActReport, validator.BK10, t.Serial, t.Contract, c.String()))
	return tx.PutToken(t)
}

// Token returns a token. A master or admin sees all tokens of the contract, a user only
// the one that they use ([validator.SeesTokens]).
func (b *Bank) Token(ctx context.Context, by By, serial token.Serial) (t Token, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		see, err := b.sight(tx, by)
		if err != nil {
			return err
		}
		row, err := tx.Token(serial)
		if err == nil && !see.token(row.Token) {
			err = store.ErrNotFound
		}
		if err != nil {
			return missing(err, "token", serial.String())
		}
		t = present(row.Token, b.Now())
		t.Users, err = tx.TokenUsers(serial)
		return err
	})
	return t, err
}

// Tokens lists tokens by serial number; users see the same ones as with [Bank.Token]. A
// status in the filter is the current one.
func (b *Bank) Tokens(ctx context.Context, by By, f TokenFilter) (list []Token, next string, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		if err := by.confine(tx, &f.Contract); err != nil {
			return err
		}
		see, err := b.sight(tx, by)
		if err != nil {
			return err
		}
		if see.ownOnly {
			f.User = by.User
		}
		now := b.Now()
		f.Today = validator.Today(now)
		list, next, err = tx.Tokens(f)
		for i, t := range list {
			list[i] = present(t, now)
		}
		return err
	})
	return list, next, err
}

// Issue gives tokens of the inventory to a contract without an order, for example when
// a bank is set up. The first is the contract's free one (BK-19).
func (b *Bank) Issue(ctx context.Context, by By, contract string, serials ...token.Serial) error {
	if err := by.requireBackOffice(); err != nil {
		return err
	}
	return b.db.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.Contract(contract)
		if err != nil {
			return missing(err, "contract", contract)
		}
		for _, s := range serials {
			if err := b.issue(tx, contract, s); err != nil {
				return err
			}
			tx.AddAudit(by.note(b.Now(), validator.ActIssue, validator.BK19, s, contract, ""))
		}
		c.HadFree = c.HadFree || len(serials) > 0
		return tx.PutContract(c)
	})
}

// issue gives a token of the inventory to a contract.
func (b *Bank) issue(tx *store.Tx, contract string, serial token.Serial) error {
	t, err := tx.Token(serial)
	switch {
	case err != nil:
		return missing(err, "token", serial.String())
	case t.Contract != "":
		return conflict("token %s is already issued to contract %q", serial, t.Contract)
	}
	if c := validator.ConditionAt(t.Condition, t.Expiry, b.Now()); c != validator.InUse {
		return conflict("token %s is %s", serial, c)
	}
	t.Contract = contract
	return tx.PutToken(t.Token)
}

// requireBackOffice returns an error unless the requester is a clerk or the operator.
func (by By) requireBackOffice() error {
	if !by.inBackOffice() {
		return forbidden("only the bank's back office can do this")
	}
	return nil
}

// contract returns the contract to which the requester is restricted, or "" for a
// clerk.
func (by By) contract(tx *store.Tx) (string, error) {
	if by.inBackOffice() {
		return "", nil
	}
	u, err := tx.User(by.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.Locked {
		return "", forbidden("log in first")
	}
	return u.Contract, err
}

// confine restricts a list to the requesting user's contract. In *contract, "" means
// all. Another contract appears nonexistent to a user. A clerk may name any existing
// contract.
func (by By) confine(tx *store.Tx, contract *string) error {
	own, err := by.contract(tx)
	if err != nil {
		return err
	}
	if own == "" {
		if *contract == "" {
			return nil
		}
		_, err := tx.Contract(*contract)
		return missing(err, "contract", shorten(*contract))
	}
	if *contract != "" && *contract != own {
		return notFound("contract", shorten(*contract))
	}
	*contract = own
	return nil
}
